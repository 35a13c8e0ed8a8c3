// Measures the page while a session that it shows grows: a thousand finished spans a second, each an event of the stream.
//
//   node bench/live.mjs --url http://127.0.0.1:3000/_inspector [--seconds 60] [--rate 1000]
//
// Says how many tasks of the page's own thread took longer than 50 ms, and how long its frames were. `CHROMIUM` names the
// browser.
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";

const { values } = parseArgs({
  options: { url: { type: "string" }, seconds: { type: "string", default: "60" }, rate: { type: "string", default: "1000" } },
});
if (values.url === undefined) throw new Error("--url is missing: the address of the mount");
const mount = values.url.replace(/\/$/, "");
const [seconds, rate] = [Number(values.seconds), Number(values.rate)];
const BATCH_MS = 100;
const begin = Date.now();
const session = `live-${begin.toString(16)}`;
const hex = (number, digits) => number.toString(16).padStart(digits, "0");
const text = (key, stringValue) => ({ key, value: { stringValue } });
let serial = 0;

function span(name, operation, parent) {
  serial += 1;
  const now = Date.now();
  return {
    traceId: hex(begin, 32),
    spanId: hex(serial, 16),
    ...(parent !== undefined && { parentSpanId: hex(parent, 16) }),
    name,
    kind: 1,
    startTimeUnixNano: `${now - 20}000000`,
    endTimeUnixNano: `${now}000000`,
    attributes: [text("gen_ai.conversation.id", session), text("gen_ai.operation.name", operation), text("gen_ai.tool.name", "bash")],
    status: {},
  };
}

async function send(spans) {
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: "bench" }, spans }] }] });
  const answer = await fetch(`${mount}/v1/traces`, { method: "POST", headers: { "content-type": "application/json" }, body });
  await answer.text();
  if (!answer.ok) throw new Error(`the host answered ${answer.status}`);
}

/** Runs in the page: notes long tasks and frames until it is asked. */
function probe() {
  const seen = { long: [], frames: [] };
  globalThis.seen = seen;
  new PerformanceObserver((list) => seen.long.push(...list.getEntries().map((task) => task.duration))).observe({ type: "longtask" });
  let before;
  const frame = (now) => {
    if (before !== undefined) seen.frames.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
});
try {
  await send([span("invoke_agent live", "invoke_agent")]);
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await tab.goto(`${mount}/ui/sessions/${session}`);
  await tab.waitForSelector("[role=tree][aria-busy=false]");
  await tab.waitForTimeout(1_000);
  await tab.evaluate(probe);
  const each = (rate * BATCH_MS) / 1000;
  const started = performance.now();
  for (let batch = 0; batch * BATCH_MS < seconds * 1000; batch += 1) {
    const wait = started + batch * BATCH_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    // Every batch is a turn with its tools, so that parents and children come.
    const turn = span(`turn ${batch + 1}`, "invoke_agent", 1);
    const parent = serial;
    await send([turn, ...Array.from({ length: each - 1 }, () => span("execute_tool bash", "execute_tool", parent))]);
  }
  const took = (performance.now() - started) / 1000;
  // The last of them is shown a moment later.
  await tab.waitForTimeout(1_500);
  const { long, frames } = await tab.evaluate(() => globalThis.seen);
  const shown = await tab.evaluate(() => document.querySelector(".span-rows").style.height);
  frames.sort((a, b) => a - b);
  console.log(`${serial} spans in ${took.toFixed(1)} s, ${Math.round(serial / took)} a second; rows shown ${Math.round(parseFloat(shown) / 28)}`);
  console.log(`tasks over 50 ms: ${long.length}, the longest ${Math.round(Math.max(0, ...long))} ms`);
  console.log(`frames: median ${frames[frames.length >> 1].toFixed(1)} ms, p95 ${frames[Math.floor(frames.length * 0.95)].toFixed(1)} ms, worst ${frames.at(-1).toFixed(1)} ms`);
} finally {
  await browser.close();
}
