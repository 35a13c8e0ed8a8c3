// Measures the page in a real browser: how long until it is usable, how it scrolls, what it holds.
//
//   node bench/page.mjs --url http://127.0.0.1:3000/_inspector [--session ID] [--runs 5]
//
// Every run is cold: a browser without a cache. Times are milliseconds from the start of the navigation, medians of the
// runs with the range behind. Without `--session` only the list is opened. `CHROMIUM` names the browser.
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";

const { values } = parseArgs({
  options: { url: { type: "string" }, session: { type: "string" }, runs: { type: "string", default: "5" } },
});
if (values.url === undefined) throw new Error("--url is missing: the address of the mount");
const page = `${values.url.replace(/\/$/, "")}/ui/`;
const runs = Number(values.runs);
const SCROLL_FRAMES = 240;
const FOLDS = 20;

const SESSIONS = { row: ".session-row", complete: ".session-row" };
const TRACE = { row: "[role=treeitem]", complete: "[role=tree][aria-busy=false]" };

/** Runs in the page before anything of it: notes the frame in which things first stood there, and every long task. */
function probe({ row, complete }) {
  const seen = { longest: 0 };
  globalThis.seen = seen;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.longest = Math.max(seen.longest, task.duration);
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    if (document.querySelector(row)) {
      seen.first ??= performance.now();
      if (document.querySelector(complete)) seen.all ??= performance.now();
    }
    if (seen.all === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Folds and unfolds everything, turn by turn, and answers how long the frames were until the rows stood there. */
async function fold(turns) {
  const count = () => document.querySelector(".span-rows").style.height;
  const lengths = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const before = count();
    const name = turn % 2 === 0 ? "Unfold all" : "Fold all";
    document.querySelector(`button[aria-label="${name}"]`).click();
    let last = await new Promise(requestAnimationFrame);
    for (let frame = 0; frame < 60 && count() === before; frame += 1) {
      const now = await new Promise(requestAnimationFrame);
      lengths.push(now - last);
      last = now;
    }
  }
  return { p95: lengths.sort((a, b) => a - b)[Math.floor(lengths.length * 0.95)] ?? 0, worst: lengths.at(-1) ?? 0 };
}

/** Bytes that scripts hold in the page's dedicated workers: they are no part of the page's own heap. */
async function workerHeap(browser) {
  const devtools = await browser.newBrowserCDPSession();
  const { targetInfos } = await devtools.send("Target.getTargets");
  let bytes = 0;
  for (const { targetId, type } of targetInfos) {
    if (type !== "worker") continue;
    const { sessionId } = await devtools.send("Target.attachToTarget", { targetId, flatten: false });
    const ask = (id, method) =>
      new Promise((resolve) => {
        const listen = ({ message }) => {
          const said = JSON.parse(message);
          if (said.id !== id) return;
          devtools.off("Target.receivedMessageFromTarget", listen);
          resolve(said.result);
        };
        devtools.on("Target.receivedMessageFromTarget", listen);
        void devtools.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
      });
    await ask(1, "HeapProfiler.collectGarbage");
    bytes += (await ask(2, "Runtime.getHeapUsage")).usedSize;
  }
  await devtools.detach();
  return bytes;
}

/** Scrolls from the top to the bottom, a step in each frame, and answers how long the frames were. */
async function scroll(frames) {
  const body = document.querySelector(".span-body, .session-grid");
  const lengths = [];
  let rows = 0;
  let before = await new Promise(requestAnimationFrame);
  for (let frame = 1; frame <= frames; frame += 1) {
    body.scrollTop = (frame / frames) * body.scrollHeight;
    const now = await new Promise(requestAnimationFrame);
    lengths.push(now - before);
    before = now;
    rows = Math.max(rows, document.querySelectorAll("[role=treeitem], .session-row").length);
  }
  return { p95: lengths.sort((a, b) => a - b)[Math.floor(frames * 0.95)], worst: lengths.at(-1), rows };
}

async function measure(browser, address, looks) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const tab = await context.newPage();
  const devtools = await context.newCDPSession(tab);
  let bytes = 0;
  await devtools.send("Network.enable");
  devtools.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await tab.addInitScript(probe, looks);
  await tab.goto(address);
  await tab.waitForFunction(() => globalThis.seen.all !== undefined, undefined, { timeout: 120_000 });
  const { first, all, longest } = await tab.evaluate(() => globalThis.seen);
  const fetched = bytes;
  await devtools.send("HeapProfiler.collectGarbage");
  const heap = (await devtools.send("Runtime.getHeapUsage")).usedSize;
  const inWorkers = await workerHeap(browser);
  const scrolled = await tab.evaluate(scroll, SCROLL_FRAMES);
  const folded = looks === TRACE ? await tab.evaluate(fold, FOLDS) : undefined;
  await context.close();
  return {
    "first row, ms": first,
    ...(looks.complete !== looks.row && { "all loaded, ms": all }),
    "longest task until then, ms": longest,
    "fetched by the page until then, kB": fetched / 1000,
    "heap, MB": heap / 1e6,
    "heap of workers, MB": inWorkers / 1e6,
    "frame while scrolling p95, ms": scrolled.p95,
    "frame while scrolling worst, ms": scrolled.worst,
    "rows in the document, most": scrolled.rows,
    ...(folded && { "frame while folding p95, ms": folded.p95, "frame while folding worst, ms": folded.worst }),
  };
}

function print(name, results) {
  console.log(name);
  for (const key of Object.keys(results[0])) {
    const sorted = results.map((result) => result[key]).sort((a, b) => a - b);
    const [least, middle, most] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map((n) => n.toFixed(1));
    console.log(`  ${key.padEnd(34)}${middle.padStart(9)}   (${least} to ${most})`);
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
});
try {
  const screens = [["sessions", page, SESSIONS]];
  if (values.session !== undefined) screens.push([values.session, `${page}sessions/${encodeURIComponent(values.session)}`, TRACE]);
  for (const [name, address, looks] of screens) {
    const results = [];
    for (let run = 0; run < runs; run += 1) results.push(await measure(browser, address, looks));
    print(name, results);
  }
} finally {
  await browser.close();
}
