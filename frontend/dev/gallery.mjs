// Renders every example of site/README.md on one page, to look at a change of style.
//   node dev/gallery.mjs [file]
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(tmpdir(), "frontdesk-gallery.html"));
const built = mkdtempSync(join(tmpdir(), "frontdesk-gallery-"));
execFileSync(process.execPath, [resolve(here, "../build.mjs"), "--out", built]);
for (const name of ["app.css", "app.js", "icons.svg"]) {
  cpSync(join(built, "frontdesk/lib/static/site", name), join(dirname(out), name));
}
const readme = readFileSync(resolve(here, "../site/README.md"), "utf8");
const [sidebar, ...examples] = [...readme.matchAll(/```html\n([\s\S]*?)```/g)].map(([, html]) => html);
writeFileSync(out, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Components</title><link rel="stylesheet" href="app.css"><script src="app.js"></script>
<div class="app">${sidebar}<main class="main" id="main"><div class="stack">${examples.map((html) => `<div class="stack">${html}</div>`).join("\n")}</div></main></div></html>`);
console.log(out);
