import { describe, expect, it } from "vitest";
import { sampleSpan, spanId } from "../testing/sample";
import { shownSpans } from "./shownSpans";
import { TraceTree } from "./traceTree";

const USAGE = { input_tokens: 1 };

function ids(tree: TraceTree): string {
  return tree
    .flatten()
    .map((node) => `${"-".repeat(node.depth)}${parseInt(node.span.span_id, 16)}`)
    .join(" ");
}

describe("the spans that are shown", () => {
  it("are all of them when none is a detail or put together", () => {
    expect(shownSpans([sampleSpan(1), sampleSpan(2, 1)])).toHaveLength(2);
  });

  it("leave details out and move what is below them up", () => {
    const shown = shownSpans([sampleSpan(1), sampleSpan(2, 1, { detail: true }), sampleSpan(3, 2)]);
    expect(shown.map((span) => [span.span_id, span.parent_span_id])).toEqual([
      [spanId(1), undefined],
      [spanId(3), spanId(1)],
    ]);
  });

  it("leave out what metrics say once a call says its own tokens", () => {
    const sum = sampleSpan(1, undefined, { kind: "llm", usage: USAGE, derived: true, call_id: "usage:m" });
    expect(shownSpans([sum, sampleSpan(2)])).toHaveLength(2);
    expect(shownSpans([sum, sampleSpan(2, undefined, { kind: "llm", usage: USAGE })])).toHaveLength(1);
  });
});

describe("a tree of what a program reports in several ways", () => {
  it("shows a better report in the place of one that was put together, live too", () => {
    const tree = new TraceTree();
    tree.upsert([
      sampleSpan(1, undefined, { derived: true, call_id: "turn:1" }),
      sampleSpan(2, 1, { derived: true }),
      sampleSpan(3, 1, { derived: true, call_id: "tool:1" }),
    ]);
    expect(ids(tree)).toBe("1 -2 -3");
    const trace = "f".repeat(32);
    tree.upsert([
      sampleSpan(8, undefined, { trace_id: trace, call_id: "turn:1", event_id: 50 }),
      sampleSpan(9, 8, { trace_id: trace, call_id: "tool:1", event_id: 51 }),
    ]);
    expect(ids(tree)).toBe("8 -2 -9");
    expect(tree.find(undefined, spanId(2))?.parent?.span.span_id).toBe(spanId(8));
    expect(tree.find(undefined, spanId(1))).toBeUndefined();
  });
});
