// Fails when the built page outgrows its budget: everything a browser fetches, gzipped.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 150_000;
const dist = new URL("../../ui-dist/", import.meta.url).pathname;

let total = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name === "LICENSES.txt") continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = gzipSync(readFileSync(path), { level: 9 }).length;
  total += bytes;
  console.log(`${bytes.toString().padStart(8)}  ${path.slice(dist.length)}`);
}
console.log(`${total.toString().padStart(8)}  total gzip, budget ${BUDGET_BYTES}`);
if (total > BUDGET_BYTES) {
  console.error("The page is over its budget.");
  process.exit(1);
}
