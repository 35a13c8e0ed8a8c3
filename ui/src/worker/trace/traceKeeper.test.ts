import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SpanSummary } from "../../api/types";
import { FakeHost, problem } from "../../testing/host";
import { sampleSpan, spanId } from "../../testing/sample";
import type { FromTrace, Step, ToTrace, TraceFrame } from "./messages";
import { TraceKeeper } from "./traceKeeper";

const VIEW = { hidden: [], everything: false, find: "", time: undefined, failed: false };
const FOLDS = { level: undefined, opened: [], closed: [] };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

class Reader {
  readonly said: FromTrace[] = [];
  readonly keeper = new TraceKeeper((said) => this.said.push(structuredClone(said)));
  readonly host: FakeHost;

  constructor(pages: object[], open: Partial<Extract<ToTrace, { type: "open" }>>) {
    this.host = new FakeHost({ "sessions/s1/spans": () => new Response(JSON.stringify(pages.length > 1 ? pages.shift() : pages[0])) });
    this.keeper.hear({ type: "open", session: "s1", span: undefined, view: VIEW, folds: FOLDS, ...open });
  }

  static of(spans: SpanSummary[], open: Partial<Extract<ToTrace, { type: "open" }>> = {}): Promise<Reader> {
    return Reader.ofPages([{ spans, total: spans.length, as_of: 1_000 }], open);
  }

  static async ofPages(pages: object[], open: Partial<Extract<ToTrace, { type: "open" }>> = {}): Promise<Reader> {
    const reader = new Reader(pages, open);
    await reader.settled();
    return reader;
  }

  async settled(): Promise<void> {
    await vi.advanceTimersByTimeAsync(1_000);
  }

  get frame(): TraceFrame {
    const frames = this.said.flatMap((said) => (said.type === "frame" ? [said.frame] : []));
    const last = frames.at(-1);
    if (last === undefined) throw new Error("no frame yet");
    return last;
  }

  get rows(): number[] {
    return this.frame.rows.map((row) => parseInt(row.span.span_id, 16));
  }

  /** Where a step leads. */
  go(step: Step): number {
    this.keeper.hear({ type: "go", step });
    return parseInt(this.frame.chosen?.span.span_id ?? "0", 16);
  }
}

// 1 > (2 > 3!, 4 > 5 a wait), 6
const spans = [
  sampleSpan(1, undefined, { kind: "agent", name: "planner" }),
  sampleSpan(2, 1, { kind: "llm", model: "gpt" }),
  sampleSpan(3, 2, { status: "error" }),
  sampleSpan(4, 1),
  sampleSpan(5, 4, { kind: "human" }),
  sampleSpan(6),
];

describe("whoever keeps a trace", () => {
  it("tells what is drawn and numbers about all of it, and nothing more", async () => {
    const reader = await Reader.of(spans);
    expect(reader.rows).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reader.frame).toMatchObject({ count: 6, spans: 6, errors: 1, waits: 1, deepest: 2, loading: false, total: 6, named: false });
    expect(reader.frame.kinds).toEqual({ agent: 1, llm: 1, tool: 3, human: 1 });
    reader.keeper.hear({ type: "look", from: 2, to: 4 });
    expect(reader.rows).toEqual([3, 4]);
    expect(reader.frame).toMatchObject({ from: 2, count: 6 });
  });

  it("walks rows, siblings, and in and out as the arrows of a tree do", async () => {
    const reader = await Reader.of(spans);
    expect(reader.go({ by: 1 })).toBe(2);
    expect(reader.go({ to: "next-sibling" })).toBe(4);
    expect(reader.go({ to: "out" })).toBe(4);
    expect(reader.rows).toEqual([1, 2, 3, 4, 6]);
    expect(reader.go({ to: "out" })).toBe(1);
    expect(reader.go({ to: "last" })).toBe(6);
    expect(reader.go({ to: "previous-sibling" })).toBe(1);
    expect(reader.go({ to: "in" })).toBe(2);
    expect(reader.go({ by: -99 })).toBe(1);
  });

  it("jumps to what went wrong, opening what hides it", async () => {
    const reader = await Reader.of(spans, { folds: { ...FOLDS, level: 0 } });
    // The root is in sight without anything open.
    expect(reader.rows).toEqual([1, 6]);
    expect(reader.go({ to: "error" })).toBe(3);
    expect(reader.rows).toEqual([1, 2, 3, 4, 6]);
    expect(reader.go({ to: "wait" })).toBe(5);
    expect(reader.go({ to: "divergence" })).toBe(5);
    expect(reader.said.at(-1)).toEqual({ type: "went", step: { to: "divergence" }, found: false });
  });

  it("finds words, and goes from one to the next", async () => {
    const reader = await Reader.of(spans);
    reader.keeper.hear({ type: "view", view: { ...VIEW, find: "gpt" } });
    expect(reader.frame.matches).toEqual({ count: 1, at: -1 });
    expect(reader.frame.rows.filter((row) => row.match)).toHaveLength(1);
    expect(reader.go({ to: "match" })).toBe(2);
    expect(reader.frame.matches).toEqual({ count: 1, at: 0 });
  });

  it("hides kinds and keeps what stands above", async () => {
    const reader = await Reader.of(spans);
    reader.keeper.hear({ type: "view", view: { ...VIEW, hidden: ["llm", "agent"] } });
    expect(reader.rows).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reader.frame.rows.map((row) => row.context)).toEqual([true, true, false, false, false, false]);
    reader.keeper.hear({ type: "view", view: { ...VIEW, hidden: ["tool"] } });
    expect(reader.rows).toEqual([1, 2, 4, 5]);
  });

  it("holds the view still and shows everything when it goes on", async () => {
    const reader = await Reader.of(spans);
    reader.keeper.hear({ type: "hold", held: true });
    reader.keeper.hear({ type: "live", spans: [sampleSpan(7), sampleSpan(8)] });
    await reader.settled();
    expect(reader.frame).toMatchObject({ count: 6, waiting: 2, loading: false });
    reader.keeper.hear({ type: "hold", held: false });
    await reader.settled();
    expect(reader.rows).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(reader.frame.waiting).toBe(0);
  });

  it("says where the first row in sight went when rows came before it", async () => {
    const reader = await Reader.of(spans);
    reader.keeper.hear({ type: "anchor", key: reader.frame.rows[5]?.key });
    reader.keeper.hear({ type: "live", spans: [sampleSpan(7, 4)] });
    await reader.settled();
    expect(reader.frame.anchor).toEqual({ key: reader.frame.rows[6 - reader.frame.from]?.key, index: 6 });
    // What is told of moved along, so the page need not ask for what is around that row.
    expect(reader.frame.from).toBe(1);
  });

  it("goes to the one who is meant when a chosen span is folded away", async () => {
    const reader = await Reader.of(spans);
    expect(reader.go({ to: "wait" })).toBe(5);
    const key = reader.frame.rows.find((row) => row.span.span_id === spanId(4))?.key ?? "";
    reader.keeper.hear({ type: "fold", key, closed: true });
    expect(reader.frame.chosen?.span.span_id).toBe(spanId(4));
    expect(reader.frame.folds.closed).toEqual([spanId(4)]);
  });

  it("folds and opens level by level", async () => {
    const reader = await Reader.of(spans);
    const after = (by: number): number[] => {
      reader.keeper.hear({ type: "level", by });
      return reader.rows;
    };
    expect(after(1)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(after(-1)).toEqual([1, 2, 4, 6]);
    expect(after(-1)).toEqual([1, 6]);
    expect(after(-1)).toEqual([1, 6]);
    expect(after(1)).toEqual([1, 2, 4, 6]);
    expect(reader.frame.folds.level).toBe(1);
  });

  it("begins a long trace as an outline, and does not change its mind when it grows", async () => {
    const page = { spans: [sampleSpan(1), sampleSpan(2, 1), sampleSpan(3, 2)], total: 5_000, as_of: 1 };
    const long = await Reader.ofPages([page]);
    expect(long.rows).toEqual([1, 2]);
    long.keeper.hear({ type: "level", by: 1 });
    expect(long.rows).toEqual([1, 2, 3]);
    const short = await Reader.ofPages([{ ...page, total: 3 }]);
    short.keeper.hear({ type: "live", spans: Array.from({ length: 3_000 }, (_, index) => sampleSpan(index + 10, 1)) });
    await short.settled();
    expect(short.frame.count).toBe(3_003);
  });

  it("finds a span that an address names on a later page", async () => {
    const pages = [
      { spans: spans.slice(0, 2), total: 6, as_of: 50, next_cursor: "c" },
      { spans: spans.slice(2), total: 6, as_of: 60 },
    ];
    const reader = await Reader.ofPages(pages, { span: { span: spanId(5), trace: undefined } });
    expect(reader.frame.chosen).toMatchObject({ index: 4, ambiguous: false });
    expect(reader.frame.reveals).toBe(1);
  });

  it("fetches after a gap only what changed, and everything when traces joined", async () => {
    const reader = await Reader.of(spans);
    reader.keeper.hear({ type: "load", all: false });
    await reader.settled();
    reader.keeper.hear({ type: "load", all: true });
    await reader.settled();
    expect(reader.host.to("spans").map((url) => url.searchParams.get("since"))).toEqual([null, "1000", null]);
  });

  it("forgets what another store told, whose ids were greater", async () => {
    const reader = await Reader.of(spans);
    const fresh = sampleSpan(9, undefined, { name: "after", event_id: 3 });
    reader.host.answers["sessions/s1/spans"] = { spans: [fresh], total: 1, as_of: 5 };
    reader.keeper.hear({ type: "load", all: false });
    await reader.settled();
    expect(reader.rows).toEqual([9]);
    expect(reader.host.to("spans").map((url) => url.searchParams.get("since"))).toEqual([null, "1000", null]);
  });

  it("keeps what it has when the host can't be reached, and says why", async () => {
    const reader = await Reader.of(spans);
    reader.host.answers["sessions/s1/spans"] = () => problem(503, "busy", "Busy");
    reader.keeper.hear({ type: "load", all: false });
    await reader.settled();
    expect(reader.frame).toMatchObject({ count: 6, loading: false, failure: { status: 503, code: "busy", message: "Busy" } });
  });

  it("tells when in time something happened", async () => {
    const reader = await Reader.of(spans);
    const shape = reader.said.findLast((said) => said.type === "shape")?.shape;
    expect(shape?.errors).toHaveLength(1);
    expect(shape?.busy).toHaveLength(240);
  });
});
