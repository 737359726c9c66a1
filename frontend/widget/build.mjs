import { mkdir } from "node:fs/promises";
export async function buildWidget(here, out) { await mkdir(out, { recursive: true }); return []; }
