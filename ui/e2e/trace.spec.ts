import { expect, test } from "@playwright/test";
import { Host } from "./host.ts";

const SESSION = "downloaded";
const TRACE = "1bf7651916cd43dd8448eb211c8031e2";
const SPANS = 40;

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
});

test.afterAll(async () => {
  await host.remove();
});

/** Sends some spans of one session as an exporter would; they are stored when this ends. */
async function report(from: number, count: number): Promise<void> {
  const spans = Array.from({ length: count }, (_, at) => ({
    traceId: TRACE,
    spanId: (from + at + 1).toString(16).padStart(16, "0"),
    name: `step ${from + at}`,
    startTimeUnixNano: "1763680000000000000",
    endTimeUnixNano: "1763680001000000000",
    attributes: [
      { key: "gen_ai.conversation.id", value: { stringValue: SESSION } },
      { key: "input.value", value: { stringValue: `äöü 🦀 ${from + at} `.repeat(50) } },
    ],
  }));
  const answer = await fetch(`${host.mount}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
  });
  expect(answer.status).toBe(200);
}

interface Read {
  status: number;
  coding: string | null;
  range: string | null;
  tag: string | null;
  text: string;
  pieces: number;
}

/** What a page's own `fetch` gives, read piece by piece. */
async function read({ url, headers }: { url: string; headers: Record<string, string> }): Promise<Read> {
  const answer = await fetch(url, { headers, cache: "no-store" });
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let pieces = 0;
  for (;;) {
    const next = await reader?.read();
    if (next?.value === undefined) break;
    text += decoder.decode(next.value, { stream: true });
    pieces += 1;
  }
  const header = (name: string) => answer.headers.get(name);
  return { status: answer.status, coding: header("content-encoding"), range: header("content-range"), tag: header("etag"), text, pieces };
}

test("a browser's fetch reads the whole trace and parts of it, also while it grows", async ({ page }) => {
  for (let from = 0; from < SPANS; from += 10) await report(from, 10);
  await page.goto(host.page);
  const get = (headers: Record<string, string> = {}, query = "") =>
    page.evaluate(read, { url: `${host.mount}/trace/${SESSION}${query}`, headers });

  const whole = await get();
  expect([whole.status, whole.coding]).toEqual([200, "gzip"]);
  const lines = whole.text.trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual(
    Array.from({ length: SPANS }, (_, at) => `step ${at}`),
  );

  // Ranges are of the plain bytes: browsers ask for these with every range.
  const bytes = Buffer.from(whole.text);
  for (const [range, from, to] of [
    ["bytes=0-99", 0, 100],
    [`bytes=${bytes.length - 10}-`, bytes.length - 10, bytes.length],
    ["bytes=-7", bytes.length - 7, bytes.length],
  ] as const) {
    const part = await get({ range });
    expect([part.status, part.coding, part.range]).toEqual([206, null, `bytes ${from}-${to - 1}/${bytes.length}`]);
    expect(part.text).toBe(bytes.subarray(from, to).toString());
  }
  expect((await get({ range: `bytes=${bytes.length}-` })).status).toBe(416);

  // Reads go on while more is stored; each has whole lines from the beginning.
  const growing: Promise<Read>[] = [];
  for (let from = SPANS; from < 2 * SPANS; from += 5) {
    growing.push(get());
    await report(from, 5);
  }
  const last = await get();
  expect(last.text.split("\n").length - 1).toBe(2 * SPANS);
  for (const grown of await Promise.all(growing)) {
    expect(grown.status).toBe(200);
    expect(grown.text.endsWith("\n") && last.text.startsWith(grown.text)).toBe(true);
  }

  // A download of an earlier state goes on as that state, and one that did not name it begins again.
  const state = `?until=${bytes.length}`;
  const named = await get({ range: "bytes=0-0" }, state);
  const resumed = await get({ range: "bytes=50-", "if-range": named.tag ?? "" }, state);
  expect([resumed.status, resumed.text]).toEqual([206, bytes.subarray(50).toString()]);
  const again = await get({ range: "bytes=50-", "if-range": whole.tag ?? "" });
  expect([again.status, again.text]).toEqual([200, last.text]);
});
