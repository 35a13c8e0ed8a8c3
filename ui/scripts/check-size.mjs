// Fails when the built page outgrows its budget: everything a browser fetches, the worker's script included, gzipped.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 150_000;
const dist = new URL("../../ui-dist/", import.meta.url).pathname;

// Each is fetched by every browser; a build that lost one would look small.
const NEEDED = ["index.html", "assets/app.css", "assets/app.js", "assets/worker.js", "assets/traceWorker.js"];

let total = 0;
const counted = new Set();
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name === "LICENSES.txt") continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = gzipSync(readFileSync(path), { level: 9 }).length;
  total += bytes;
  counted.add(path.slice(dist.length));
  console.log(`${bytes.toString().padStart(8)}  ${path.slice(dist.length)}`);
}
console.log(`${total.toString().padStart(8)}  total gzip, budget ${BUDGET_BYTES}`);
const missing = NEEDED.filter((name) => !counted.has(name));
if (missing.length > 0) {
  console.error(`The build lacks ${missing.join(", ")}.`);
  process.exit(1);
}
if (total > BUDGET_BYTES) {
  console.error("The page is over its budget.");
  process.exit(1);
}
