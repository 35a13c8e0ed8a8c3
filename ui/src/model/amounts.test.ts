import { describe, expect, it } from "vitest";
import { sampleSpan } from "../testing/sample";
import { TraceTree } from "./traceTree";

describe("amounts", () => {
  const tree = new TraceTree();
  tree.upsert([
    // What an agent says about its calls is not counted beside them.
    sampleSpan(1, undefined, { kind: "agent", usage: { input_tokens: 999, output_tokens: 1 } }),
    sampleSpan(2, 1, { kind: "llm", usage: { input_tokens: 100, output_tokens: 20 }, cost: { usd: 0.5, source: "reported" } }),
    sampleSpan(3, 1),
    sampleSpan(4, 3, { kind: "llm", usage: { input_tokens: 10 } }),
    sampleSpan(5, 3, { kind: "llm", usage: { output_tokens: 0 }, cost: { usd: 0.25, source: "computed" } }),
    sampleSpan(6, 1),
    sampleSpan(7, undefined, { kind: "agent", usage: { input_tokens: 7 } }),
  ]);
  const amounts = tree.flatten().map((node) => node.amounts);

  it("of a span are those of the calls below, each counted once", () => {
    expect(amounts[0]).toEqual({ tokens: 130, usd: 0.75, computed: true, unpriced: 1, below: true });
    expect(amounts[2]).toEqual({ tokens: 10, usd: 0.25, computed: true, unpriced: 1, below: true });
  });

  it("are its own when nothing below says any", () => {
    expect(amounts[6]).toMatchObject({ tokens: 7, below: false });
  });

  it("that nobody said are unknown, and those that were said to be none are 0", () => {
    expect(amounts[5]).toMatchObject({ tokens: undefined, usd: undefined });
    expect(amounts[4]).toMatchObject({ tokens: 0 });
  });
});
