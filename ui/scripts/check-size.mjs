// Fails when the built page outgrows its budget: everything a browser fetches for the first screen, the worker's script
// included, gzipped. What is fetched later, for another screen, is listed and not counted.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 150_000;
const dist = new URL("../../ui-dist/", import.meta.url).pathname;

// Each is fetched by every browser; a build that lost one would look small.
const NEEDED = ["index.html", "assets/app.css", "assets/app.js", "assets/base.js", "assets/worker.js"];

/** The scripts that a script cannot begin without, itself included. */
function begun(name, known = new Set()) {
  if (known.has(name)) return known;
  known.add(name);
  const script = readFileSync(join(dist, name), "utf8");
  for (const [, file] of script.matchAll(/\b(?:from|import)\s*["']\.\/([\w.-]+\.js)(?:\?v=\w+)?["']/g)) begun(`assets/${file}`, known);
  return known;
}

const first = new Set([...NEEDED, ...begun("assets/app.js")]);
let total = 0;
const counted = new Set();
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name === "LICENSES.txt") continue;
  const path = join(entry.parentPath, entry.name);
  const name = path.slice(dist.length);
  const bytes = gzipSync(readFileSync(path), { level: 9 }).length;
  if (first.has(name)) total += bytes;
  counted.add(name);
  console.log(`${bytes.toString().padStart(8)}  ${name}${first.has(name) ? "" : ", later"}`);
}
console.log(`${total.toString().padStart(8)}  first load, gzip, budget ${BUDGET_BYTES}`);
const missing = NEEDED.filter((name) => !counted.has(name));
if (missing.length > 0) {
  console.error(`The build lacks ${missing.join(", ")}.`);
  process.exit(1);
}
if (total > BUDGET_BYTES) {
  console.error("The page is over its budget.");
  process.exit(1);
}
