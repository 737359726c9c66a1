// Writes .gz and .br beside what browsers load, so that the server sends bytes that are made once.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

export async function compressAll(folder) {
  for (const name of await readdir(folder)) {
    if (!/\.(js|css|svg)$/.test(name)) continue;
    const path = join(folder, name);
    const text = await readFile(path);
    await writeFile(`${path}.gz`, gzipSync(text, { level: 9 }));
    const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } };
    await writeFile(`${path}.br`, brotliCompressSync(text, options));
  }
}
