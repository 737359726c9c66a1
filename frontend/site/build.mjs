// app.css (Tailwind compiled with the classes the templates use), app.js and the icon sprite.
import { build, transform } from "esbuild";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { compile } from "tailwindcss";
import { icons } from "./icons.mjs";

const require = createRequire(import.meta.url);

/** Every file below `folder` whose name ends in `.html`, in a stable order. */
async function findTemplates(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".html"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => path.includes("templates"))
    .sort();
}

/** Whatever could be a class name: Tailwind itself ignores what is not. */
async function findCandidates(paths) {
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return [...new Set(texts.flatMap((text) => text.split(/[\s"'`<>={}]+/)))].sort();
}

async function loadStylesheet(id, base) {
  const path = id.startsWith(".") ? resolve(base, id) : require.resolve(id);
  return { path, base: dirname(path), content: await readFile(path, "utf8") };
}

async function buildStyle(here) {
  const source = await readFile(join(here, "site/app.css"), "utf8");
  const compiler = await compile(source, { base: join(here, "site"), loadStylesheet });
  const templates = await findTemplates(resolve(here, "../frontdesk"));
  const css = compiler.build(await findCandidates([join(here, "site/README.md"), ...templates]));
  return (await transform(css, { loader: "css", minify: true, legalComments: "none" })).code;
}

async function buildScript(here) {
  const result = await build({
    entryPoints: [join(here, "site/app.ts")], bundle: true, minify: true, write: false,
    format: "iife", target: "es2022", legalComments: "none",
  });
  return result.outputFiles[0].text;
}

function drawSprite() {
  const symbols = Object.entries(icons).map(
    ([name, inside]) => `<symbol id="${name}" viewBox="0 0 24 24">${inside}</symbol>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

/** The tab icon: the bell on the brand's ground. */
function drawFavicon() {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#0b6470"/>` +
    `<g transform="translate(5 4) scale(.92)" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">${icons.bell}</g></svg>\n`;
}

export async function buildSite(here, out) {
  await mkdir(out, { recursive: true });
  const files = {
    "app.css": await buildStyle(here),
    "app.js": await buildScript(here),
    "icons.svg": drawSprite(),
    "favicon.svg": drawFavicon(),
  };
  const reports = [];
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(out, name), text);
    reports.push({ name: `site/${name}`, raw: Buffer.byteLength(text), gzip: gzipSync(text, { level: 9 }).length });
  }
  return reports;
}
