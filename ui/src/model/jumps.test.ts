import { describe, expect, it } from "vitest";
import { at, sampleSpan } from "../testing/sample";
import { isError, isWait, matcher, nextWhere, selfTime, slowestChild, tokenJumps } from "./jumps";
import { TraceTree, type SpanNode } from "./traceTree";

function treeOf(...spans: ReturnType<typeof sampleSpan>[]): readonly SpanNode[] {
  const tree = new TraceTree();
  tree.upsert(spans);
  return tree.flatten();
}

const id = (node: SpanNode | undefined): number => parseInt(node?.span.span_id ?? "0", 16);

describe("the next span that fits", () => {
  const order = treeOf(
    sampleSpan(1),
    sampleSpan(2, 1, { status: "error" }),
    sampleSpan(3, 1, { kind: "human" }),
    sampleSpan(4, 1, { status: "error" }),
  );

  it("is looked for from the chosen one on, going round", () => {
    expect(id(nextWhere(order, -1, isError))).toBe(2);
    expect(id(nextWhere(order, 1, isError))).toBe(4);
    expect(id(nextWhere(order, 3, isError))).toBe(2);
    expect(id(nextWhere(order, 0, isWait))).toBe(3);
  });

  it("is looked for backwards too", () => {
    expect(id(nextWhere(order, 1, isError, -1))).toBe(4);
    expect(id(nextWhere(order, 3, isError, -1))).toBe(2);
  });

  it("is none when none fits", () => expect(nextWhere(order, 0, () => false)).toBeUndefined());
});

describe("the slowest child", () => {
  it("is the one that took longest, a running one counted until now", () => {
    const [root] = treeOf(
      sampleSpan(1),
      sampleSpan(2, 1, { start_time: at(0), end_time: at(5) }),
      sampleSpan(3, 1, { start_time: at(1), end_time: undefined }),
    );
    if (root === undefined) throw new Error("no root");
    expect(id(slowestChild(root, Date.parse(at(4))))).toBe(2);
    expect(id(slowestChild(root, Date.parse(at(40))))).toBe(3);
    expect(slowestChild(root.children[0] ?? root, 0)).toBeUndefined();
  });
});

describe("jumps of tokens", () => {
  const call = (serial: number, parent: number, input: number | undefined, model = "m"): ReturnType<typeof sampleSpan> =>
    sampleSpan(serial, parent, { kind: "llm", model, ...(input !== undefined && { usage: { input_tokens: input } }) });

  it("are calls that read half as much again, and a thousand tokens more", () => {
    const order = treeOf(
      sampleSpan(1, undefined, { kind: "agent" }),
      call(2, 1, 200),
      call(3, 1, 900),
      call(4, 1, undefined),
      call(5, 1, 2_000),
      call(6, 1, 2_900),
      call(7, 1, 8_000),
    );
    expect(tokenJumps(order).map(id)).toEqual([5, 7]);
  });

  it("are looked for within one agent and one model", () => {
    const order = treeOf(
      sampleSpan(1, undefined, { kind: "agent" }),
      call(2, 1, 1_000),
      sampleSpan(3, 1, { kind: "agent" }),
      call(4, 3, 90_000),
      call(5, 1, 90_000, "another"),
      call(6, 1, 1_200),
    );
    expect(tokenJumps(order)).toEqual([]);
  });
});

describe("finding", () => {
  const [node] = treeOf(sampleSpan(1, undefined, { name: "chat", model: "GPT-5-mini", tool: "search_files", error: "EACCES" }));

  it("looks at name, model, tool and error, in any case and any order", () => {
    if (node === undefined) throw new Error("no span");
    for (const query of ["CHAT", "gpt-5", "search chat", "eacces"]) expect(matcher(query)?.(node)).toBe(true);
    expect(matcher("chat gpt-4")?.(node)).toBe(false);
  });

  it("looks for nothing without words", () => expect(matcher("  ")).toBeUndefined());
});

describe("self time", () => {
  const self = (...spans: ReturnType<typeof sampleSpan>[]): number | undefined => {
    const [root] = treeOf(sampleSpan(1, undefined, { start_time: at(0), end_time: at(10) }), ...spans);
    return root && selfTime(root);
  };

  it("is the duration without the time in which children ran", () => {
    expect(self()).toBe(10_000);
    expect(self(sampleSpan(2, 1, { start_time: at(1), end_time: at(3) }))).toBe(8_000);
  });

  it("takes away what overlaps once, and nothing outside of the span", () => {
    expect(
      self(
        sampleSpan(2, 1, { start_time: at(1), end_time: at(4) }),
        sampleSpan(3, 1, { start_time: at(2), end_time: at(5) }),
        sampleSpan(4, 1, { start_time: at(9), end_time: at(30) }),
      ),
    ).toBe(5_000);
  });

  it("is unknown while the span runs", () => {
    const [root] = treeOf(sampleSpan(1, undefined, { end_time: undefined }));
    expect(root && selfTime(root)).toBeUndefined();
  });
});
