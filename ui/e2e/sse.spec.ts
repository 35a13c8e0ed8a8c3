import { expect, test } from "@playwright/test";
import { createParser } from "eventsource-parser";
import { SseParser } from "../src/model/sse.ts";
import { Host } from "./host.ts";
import { otlpSpan } from "./otlp.ts";

/** What could end a line, a message or a field, begin one, or vanish on the way. */
const HOSTILE = [
  "line one\nline two",
  "carriage\rreturn\r\nboth",
  "\n\ndata: forged\nid: 1\n\n",
  "id: 99\nevent: forged\nretry: 1",
  "separators \u2028 and \u2029, next line \u0085",
  "a NUL \u0000 inside",
  "\uFEFFa byte order mark",
  ": a comment",
  "🦀 crab, \u{1F468}\u200D\u{1F469}\u200D\u{1F467} family, é in two ways: e\u0301",
  '"quotes" \\backslashes\\ </script><!--',
];

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
});

test.afterAll(async () => {
  await host.remove();
});

interface Message {
  id: string;
  data: string;
}

test("EventSource, a fetch reader and another parser read the same from the host, whatever the text", async ({ page }) => {
  await page.goto(host.page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const marker = "the last one";

  // Both in the page, from the same place, and live from then on.
  const reading = page.evaluate(
    async ({ address, marker }) => {
      let open = 0;
      const opened = (): void => {
        open += 1;
        document.body.dataset.reading = String(open);
      };
      const native = new Promise<Message[]>((resolve, reject) => {
        const source = new EventSource(address);
        const messages: Message[] = [];
        source.onopen = opened;
        source.onerror = () => reject(new Error("the EventSource broke"));
        source.onmessage = ({ data, lastEventId }: MessageEvent<string>) => {
          messages.push({ id: lastEventId, data });
          if (!data.includes(marker)) return;
          source.close();
          resolve(messages);
        };
      });
      const pieces: string[] = [];
      const stream = await fetch(address, { headers: { accept: "text/event-stream" } });
      opened();
      if (stream.body === null) throw new Error("no body");
      const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
      let seen = false;
      while (!seen) {
        const { done, value } = await reader.read();
        if (done) break;
        pieces.push(value);
        const latest = pieces.slice(-20).join("");
        seen = latest.includes(marker) && latest.endsWith("\n\n");
      }
      await reader.cancel();
      return { native: await native, pieces };
    },
    { address: `${host.mount}/events?last_event_id=0`, marker },
  );
  await expect(page.locator('body[data-reading="2"]')).toBeAttached();
  for (const [index, text] of HOSTILE.entries()) await host.sendOtlp(otlpSpan(index + 1, text));
  await host.run("data: a task\nid: 7\r\u2028 with line ends");
  await host.sendOtlp(otlpSpan(1_000, marker));
  const { native, pieces } = await reading;

  const ours = new SseParser();
  const read = pieces.flatMap((piece) => ours.push(piece).messages).map(({ id, data }) => ({ id: id ?? "", data }));
  const until = (messages: Message[]): Message[] => messages.slice(0, messages.findIndex(({ data }) => data.includes(marker)) + 1);
  expect(until(read)).toEqual(native);

  const theirs: Message[] = [];
  const parser = createParser({ onEvent: ({ id, data }) => theirs.push({ id: id ?? "", data }) });
  for (const piece of pieces) parser.feed(piece);
  expect(theirs).toEqual(read);

  const ids = native.map(({ id }) => Number(id));
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  const events = native.map(({ data }) => JSON.parse(data) as { id: number; span?: { name: string } });
  expect(events.map(({ id }) => id)).toEqual(ids);
  const names = new Set(events.map(({ span }) => span?.name));
  for (const text of HOSTILE) expect(names).toContain(text);
});
