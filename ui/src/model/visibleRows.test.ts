import { describe, expect, it } from "vitest";
import { sampleSpan } from "../testing/sample";
import { TraceTree, type SpanNode } from "./traceTree";
import { barOf, firstLook, nextError, reveal, visibleRows } from "./visibleRows";

// 1 > (2 > 3!, 4) and 5 > 6!
const tree = new TraceTree();
tree.upsert([
  sampleSpan(1, undefined, { status: "error" }),
  sampleSpan(2, 1),
  sampleSpan(3, 2, { status: "error" }),
  sampleSpan(4, 1),
  sampleSpan(5),
  sampleSpan(6, 5, { status: "error" }),
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

describe("visible rows", () => {
  it("are the list itself when nothing is collapsed", () => expect(visibleRows(order, new Set())).toBe(order));

  it("leave out everything below a collapsed span and nothing else", () => {
    expect(ids(visibleRows(order, new Set([node(2).key])))).toEqual([1, 2, 4, 5, 6]);
    expect(ids(visibleRows(order, new Set([node(1).key])))).toEqual([1, 5, 6]);
    expect(ids(visibleRows(order, new Set([node(1).key, node(2).key, node(5).key])))).toEqual([1, 5]);
  });

  it("ignore a collapsed leaf and a span that is gone", () => {
    expect(ids(visibleRows(order, new Set([node(3).key, "gone"])))).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("the next error", () => {
  it("goes forward and then round", () => {
    expect(nextError(order, -1)).toBe(0);
    expect(nextError(order, 0)).toBe(2);
    expect(nextError(order, 2)).toBe(5);
    expect(nextError(order, 5)).toBe(0);
  });

  it("is nowhere in a trace without one", () => expect(nextError([node(2), node(4)], 0)).toBe(-1));
});

describe("revealing a span", () => {
  it("opens its ancestors and nothing else", () => {
    const open = reveal(new Set([node(1).key, node(2).key, node(5).key]), node(3));
    expect([...open]).toEqual([node(5).key]);
  });

  it("changes nothing when it can be seen", () => {
    const collapsed = new Set([node(5).key]);
    expect(reveal(collapsed, node(3))).toBe(collapsed);
  });
});

describe("the first look", () => {
  it("goes to the failure and not to what failed because of it", () => expect(firstLook(order, true)).toBe(node(3)));
  it("goes to the root otherwise", () => expect(firstLook(order, false)).toBe(node(1)));
  it("has nothing to look at in an empty trace", () => expect(firstLook([], true)).toBeUndefined());
});

describe("a bar", () => {
  it("is the span's share of the axis", () => expect(barOf(25, 75, 0, 100)).toEqual({ left: 0.25, width: 0.5 }));
  it("stays on the axis", () => expect(barOf(-50, 500, 0, 100)).toEqual({ left: 0, width: 1 }));
  it("is nothing on an axis without length", () => expect(barOf(5, 5, 5, 5)).toEqual({ left: 0, width: 0 }));
});
