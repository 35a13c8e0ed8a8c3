import { afterEach, describe, expect, it, vi } from "vitest";
import { readFeedEvent, recentEvents } from "./feed";

afterEach(() => vi.unstubAllGlobals());

/** A host whose stream begins wherever it is asked to, and stays open. */
function host(ids: number[]): URL[] {
  const asked: URL[] = [];
  vi.stubGlobal("fetch", (url: URL) => {
    asked.push(url);
    const after = url.searchParams.get("last_event_id");
    const place = ids.at(-1) ?? 0;
    const text =
      after === null
        ? `retry: 2000\nid: ${place}\n\n`
        : `id: ${after}\n\n${ids
            .filter((id) => id > Number(after))
            .map((id) => `id: ${id}\ndata: {"id":${id},"type":"Log","message":"m"}\n\n`)
            .join("")}`;
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  });
  return asked;
}

describe("the last events", () => {
  it("are read from the stream, up to where it stands", async () => {
    const asked = host([3, 4, 9]);
    const { events, after } = await recentEvents(6, new AbortController().signal);
    expect(events.map(({ id }) => id)).toEqual([4, 9]);
    expect(after).toBe(3);
    expect(asked.map((url) => url.searchParams.get("last_event_id"))).toEqual([null, "3"]);
  });

  it("of a host that has said nothing yet are none", async () => {
    const asked = host([]);
    expect((await recentEvents(6, new AbortController().signal)).events).toEqual([]);
    expect(asked).toHaveLength(1);
  });
});

describe("an event of the feed", () => {
  it("knows the span it is about, by itself or within", () => {
    const span = { trace_id: "t", span_id: "a", kind: "tool", name: "bash" };
    expect(readFeedEvent(JSON.stringify({ id: 1, type: "SpanStarted", session_id: "s", span }))).toMatchObject({ trace_id: "t", span_id: "a", text: "tool bash" });
    expect(readFeedEvent('{"id":2,"type":"Log","span_id":"b","message":"x"}')).toMatchObject({ span_id: "b" });
  });

  it("keeps how it came", () => expect(readFeedEvent('{"id": 1,  "type":"New"}')?.json).toBe('{"id": 1,  "type":"New"}'));

  it.each(["", "null", "[]", '{"id":1}', '{"type":"x"}'])("is not made of %j", (text) => expect(readFeedEvent(text)).toBeUndefined());
});
