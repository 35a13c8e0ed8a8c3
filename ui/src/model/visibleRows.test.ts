import { describe, expect, it } from "vitest";
import { sampleSpan, spanId } from "../testing/sample";
import { TraceTree, type SpanNode } from "./traceTree";
import { ALL_OPEN, type Folding, firstLook, fold, isFolded, newestRunning, reveal, visibleRows } from "./visibleRows";

// 1 > (2 > 3!, 4) and 5 > 6!
const tree = new TraceTree();
tree.upsert([
  sampleSpan(1, undefined, { status: "error", kind: "agent" }),
  sampleSpan(2, 1, { kind: "llm" }),
  sampleSpan(3, 2, { status: "error" }),
  sampleSpan(4, 1),
  sampleSpan(5, undefined, { kind: "agent" }),
  sampleSpan(6, 5, { status: "error", kind: "llm" }),
]);
const order = tree.flatten();

function node(id: number): SpanNode {
  const found = order[id - 1];
  if (found === undefined) throw new Error(`no span ${id}`);
  return found;
}

function ids(rows: readonly SpanNode[]): number[] {
  return rows.map((row) => parseInt(row.span.span_id, 16));
}

function closed(...spans: number[]): Folding {
  return { ...ALL_OPEN, closed: new Set(spans.map(spanId)) };
}

const rowsOf = (folding: Folding, ...hidden: ("llm" | "tool" | "agent")[]): number[] => ids(visibleRows(order, folding, new Set(hidden)).rows);

describe("visible rows", () => {
  it("are all spans when nothing is folded", () => expect(rowsOf(ALL_OPEN)).toEqual([1, 2, 3, 4, 5, 6]));

  it("leave out everything below a folded span and nothing else", () => {
    expect(rowsOf(closed(2))).toEqual([1, 2, 4, 5, 6]);
    expect(rowsOf(closed(1))).toEqual([1, 5, 6]);
    expect(rowsOf(closed(1, 2, 5))).toEqual([1, 5]);
  });

  it("ignore a folded leaf and a span that is gone", () => {
    expect(rowsOf(closed(3, 99))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("leave out hidden kinds, but not what stands above a span that is shown", () => {
    const { rows, context } = visibleRows(order, ALL_OPEN, new Set(["agent", "llm"]));
    expect(ids(rows)).toEqual([1, 2, 3, 4]);
    expect(rows.map((row) => context?.[row.index])).toEqual([1, 1, 0, 0]);
    expect(rowsOf(ALL_OPEN, "tool")).toEqual([1, 2, 5, 6]);
    expect(rowsOf(ALL_OPEN, "tool", "agent", "llm")).toEqual([]);
  });

  it("keep to a level, and to what was decided about a single span before it", () => {
    const level = { ...ALL_OPEN, level: 1 };
    expect(rowsOf(level)).toEqual([1, 2, 4, 5, 6]);
    expect(rowsOf({ ...level, opened: new Set([spanId(2)]) })).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rowsOf({ ...level, closed: new Set([spanId(1)]) })).toEqual([1, 5, 6]);
  });

  it("of a long trace begin as an outline with the ways to what failed open", () => {
    const long = new TraceTree();
    long.upsert([
      sampleSpan(1),
      sampleSpan(2, 1),
      sampleSpan(3, 2),
      sampleSpan(4, 1),
      sampleSpan(5, 4, { status: "error" }),
      sampleSpan(6, 1),
      sampleSpan(7, 6, { end_time: undefined }),
    ]);
    const rows = visibleRows(long.flatten(), { ...ALL_OPEN, long: true }, new Set()).rows;
    expect(ids(rows)).toEqual([1, 2, 4, 5, 6, 7]);
  });
});

describe("folding", () => {
  it("is decided for one span and taken back", () => {
    const once = fold(ALL_OPEN, node(1), true);
    expect(isFolded(node(1), once)).toBe(true);
    expect(fold(once, node(1), false)).toEqual(ALL_OPEN);
    const level = { ...ALL_OPEN, level: 0 };
    expect([...fold(level, node(1), false).opened]).toEqual([spanId(1)]);
  });
});

describe("reveal", () => {
  it("opens what stands above a span and leaves the rest folded", () => {
    const folding = closed(1, 2, 5);
    expect([...reveal(folding, node(3)).closed]).toEqual([spanId(5)]);
    expect(reveal(folding, node(1))).toBe(folding);
    expect(rowsOf(reveal({ ...ALL_OPEN, level: 0 }, node(3)))).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("the first look", () => {
  it("goes to what failed by itself, or to the root", () => {
    expect(firstLook(order, true)).toBe(node(3));
    expect(firstLook(order, false)).toBe(node(1));
    expect(firstLook([], true)).toBeUndefined();
  });
});

describe("the newest running span", () => {
  it("is the one that began last", () => {
    const running = new TraceTree();
    running.upsert([sampleSpan(1, undefined, { end_time: undefined }), sampleSpan(3, 1, { end_time: undefined }), sampleSpan(4, 1)]);
    expect(newestRunning(running.flatten())).toBe(1);
    expect(newestRunning(order)).toBe(-1);
  });
});
