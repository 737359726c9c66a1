// Builds everything a browser loads: the widget and the style and script of our own pages.
//   node build.mjs            builds into ../frontdesk/…/static/ (or --out <dir>)
// The same sources give the same bytes. A file over its budget fails the build.
import { buildSite } from "./site/build.mjs";
import { buildWidget } from "./widget/build.mjs";
import { compressAll } from "./compress.mjs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const flag = process.argv.indexOf("--out");
const root = flag > 0 ? resolve(process.argv[flag + 1]) : resolve(here, "..");

try {
  const site = resolve(root, "frontdesk/lib/static/site");
  const widget = resolve(root, "frontdesk/widget/static/widget");
  const reports = [...(await buildSite(here, site)), ...(await buildWidget(here, widget))];
  for (const folder of [site, widget]) await compressAll(folder);
  for (const { name, raw, gzip, budget } of reports) {
    const limit = budget ? ` of ${budget} allowed` : "";
    console.log(`${name.padEnd(28)} ${String(raw).padStart(7)} B  ${String(gzip).padStart(6)} B gzip${limit}`);
  }
  const over = reports.filter(({ gzip, budget }) => budget && gzip > budget);
  if (over.length) throw new Error(`Over budget: ${over.map(({ name }) => name).join(", ")}.`);
} catch (error) {
  console.error(error.errors ? "The front end did not compile (see above)." : error.message);
  process.exitCode = 1;
}
