// The loader (served as /widget.js) and the panel it loads, named by its content.
import { build, transform } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { minify } from "terser";

const LOADER_BUDGET = 2048;
const CORE_BUDGET = 12288;

/** Style sheets are imported as minified text. */
const styleAsText = {
  name: "style-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

async function bundle(entry, format, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [entry], bundle: true, write: false, minify: true, format, define,
    target: "es2022", charset: "utf8", legalComments: "none", plugins: [styleAsText],
  });
  const { code } = await minify(outputFiles[0].text, {
    module: format === "esm", ecma: 2022, compress: { passes: 4, unsafe: true, unsafe_arrows: true, unsafe_methods: true, keep_fargs: false }, mangle: true,
    format: { comments: false },
  });
  return `${code.replace(/^"use strict";/, "").replace(/\n+$/, "")}\n`;
}

const named = (stem, code) => `${stem}-${createHash("sha256").update(code).digest("hex").slice(0, 12)}.js`;

/** One file for each language but English: language → [file name, code]. */
async function bundleTexts(folder) {
  const texts = {};
  for (const file of (await readdir(folder)).sort()) {
    const language = file.replace(/\.ts$/, "");
    const code = await bundle(join(folder, file), "esm");
    texts[language] = [named(`texts-${language}`, code), code];
  }
  return texts;
}

export async function buildWidget(here, out) {
  const texts = await bundleTexts(join(here, "widget/texts"));
  const names = Object.fromEntries(Object.entries(texts).map(([language, [name]]) => [language, name]));
  const form = await bundle(join(here, "widget/form/form.ts"), "esm");
  const formName = named("form", form);
  const core = await bundle(join(here, "widget/core/core.ts"), "esm", {
    TEXTS: JSON.stringify(names),
    FORM: JSON.stringify(formName),
  });
  const coreName = named("core", core);
  const loader = await bundle(join(here, "widget/loader/script.ts"), "iife", { CORE: JSON.stringify(coreName) });
  const files = new Map([["loader.js", loader], [coreName, core], [formName, form], ...Object.values(texts)]);

  await mkdir(out, { recursive: true });
  for (const old of await readdir(out)) if (/\.js(\.gz|\.br)?$/.test(old) && !files.has(old)) await rm(join(out, old));
  for (const [name, code] of files) await writeFile(join(out, name), code);
  const manifest = { core: coreName, loader: "loader.js", form: formName, texts: names };
  await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest)}\n`);

  const budgets = { "loader.js": LOADER_BUDGET, [coreName]: CORE_BUDGET };
  return [...files].map(([name, code]) => ({
    name: `widget/${name}`,
    raw: Buffer.byteLength(code),
    gzip: gzipSync(code, { level: 9 }).length,
    budget: budgets[name],
  }));
}
