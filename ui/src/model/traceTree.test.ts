import { describe, expect, it } from "vitest";
import { at, sampleSpan, spanId } from "../testing/sample";
import { TraceTree, isRunning } from "./traceTree";

function shape(tree: TraceTree): string {
  return tree
    .flatten()
    .map((node) => `${"-".repeat(node.depth)}${parseInt(node.span.span_id, 16)}`)
    .join(" ");
}

describe("a trace tree", () => {
  it("is pre-order with siblings by start, whatever the order of arrival", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(4, 2), sampleSpan(3, 1), sampleSpan(2, 1), sampleSpan(1), sampleSpan(5, 3)]);
    expect(shape(tree)).toBe("1 -2 --4 -3 --5");
  });

  it("shows a placeholder for a parent nobody reported and replaces it when it comes", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(2, 1)]);
    expect(tree.flatten().map((node) => node.span.placeholder === true)).toEqual([true, false]);
    tree.upsert([sampleSpan(1, 9)]);
    expect(shape(tree)).toBe("9 -1 --2");
    expect(tree.flatten()[1]?.span.placeholder).toBeUndefined();
  });

  it("never takes older news about a span", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1, undefined, { event_id: 20 })]);
    tree.upsert([sampleSpan(1, undefined, { event_id: 10, end_time: undefined })]);
    expect(tree.flatten()[0]?.span.end_time).toBeDefined();
    expect(tree.running).toBe(0);
  });

  it("counts running spans through start and end", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1, undefined, { end_time: undefined }), sampleSpan(2, 1, { end_time: undefined })]);
    expect(tree.running).toBe(2);
    tree.upsert([sampleSpan(2, 1)]);
    expect(tree.running).toBe(1);
  });

  it("keeps the same list until a span is added or changed", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1, undefined, { end_time: undefined })]);
    const before = tree.flatten();
    expect(tree.flatten()).toBe(before);
    tree.upsert([sampleSpan(1)]);
    expect(tree.flatten()).not.toBe(before);
  });

  it("sums descendants and failures below", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1), sampleSpan(2, 1), sampleSpan(3, 2, { status: "error" }), sampleSpan(4, 1)]);
    expect(tree.flatten().map((node) => [node.descendants, node.errorsBelow])).toEqual([
      [3, 1],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it("says each span's place among its siblings", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1), sampleSpan(2, 1), sampleSpan(3, 1)]);
    expect(tree.flatten().map((node) => `${node.position}/${node.siblings}`)).toEqual(["1/1", "1/2", "2/2"]);
  });

  it("survives a span that is its own parent, and a circle", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1, 1), sampleSpan(2, 3), sampleSpan(3, 2)]);
    expect(tree.flatten()).toHaveLength(3);
  });

  it("moves a span whose parent changed", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1), sampleSpan(2), sampleSpan(3, 1)]);
    tree.upsert([sampleSpan(3, 2)]);
    expect(shape(tree)).toBe("1 2 -3");
  });

  it("re-sorts a span whose start was corrected", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1), sampleSpan(2, 1), sampleSpan(3, 1)]);
    tree.upsert([sampleSpan(2, 1, { start_time: at(8), end_time: at(9) })]);
    expect(shape(tree)).toBe("1 -3 -2");
    expect(tree.end - tree.start).toBe(8_000);
  });

  it("keeps spans of two traces with one id apart", () => {
    const tree = new TraceTree();
    const other = "f".repeat(32);
    tree.upsert([sampleSpan(1), sampleSpan(1, undefined, { trace_id: other })]);
    expect(tree.flatten()).toHaveLength(2);
    expect(tree.find(other, spanId(1))?.span.trace_id).toBe(other);
    expect(tree.find(undefined, spanId(7))).toBeUndefined();
  });

  it("holds a chain of 50,000 spans without recursion", () => {
    const tree = new TraceTree();
    tree.upsert(Array.from({ length: 50_000 }, (_, id) => sampleSpan(id, id === 0 ? undefined : id - 1)));
    expect(tree.flatten().at(-1)?.depth).toBe(49_999);
    expect(tree.flatten()[0]?.descendants).toBe(49_999);
  });
});

it("an abandoned span or a placeholder isn't running", () => {
  expect(isRunning(sampleSpan(1, undefined, { end_time: undefined }))).toBe(true);
  expect(isRunning(sampleSpan(1, undefined, { end_time: undefined, abandoned: true }))).toBe(false);
  expect(isRunning(sampleSpan(1, undefined, { end_time: undefined, placeholder: true }))).toBe(false);
});

describe("what is shown of a trace", () => {
  it("shows details and double reports when they are asked for", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1), sampleSpan(2, 1, { detail: true }), sampleSpan(3, 2)]);
    const shown = (): (string | undefined)[][] =>
      tree.flatten().map(({ span, parent }) => [span.span_id, parent?.span.span_id].map((id) => id?.replace(/^0+/, "")));
    expect(shown()).toEqual([["1", undefined], ["3", "1"]]);
    expect(tree.minor).toBe(1);
    tree.showEverything(true);
    expect(shown()).toEqual([["1", undefined], ["2", "1"], ["3", "2"]]);
    tree.showEverything(false);
    expect(shown()).toEqual([["1", undefined], ["3", "1"]]);
  });

  it("counts what runs below", () => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1), sampleSpan(2, 1), sampleSpan(3, 2, { end_time: undefined })]);
    expect(tree.flatten().map((node) => node.runningBelow)).toEqual([1, 1, 0]);
  });
});
