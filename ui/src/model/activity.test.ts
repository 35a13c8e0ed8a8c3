import { describe, expect, it } from "vitest";
import { at, sampleSpan } from "../testing/sample";
import { activityOf, density } from "./activity";
import { TraceTree, type SpanNode } from "./traceTree";

const ms = (seconds: number): number => Date.parse(at(seconds));

function treeOf(...spans: ReturnType<typeof sampleSpan>[]): readonly SpanNode[] {
  const tree = new TraceTree();
  tree.upsert(spans);
  return tree.flatten();
}

describe("activity", () => {
  it("leaves out times in which nothing but ancestors and waits ran", () => {
    const order = treeOf(
      sampleSpan(1, undefined, { start_time: at(0), end_time: at(100) }),
      sampleSpan(2, 1, { start_time: at(1), end_time: at(5) }),
      sampleSpan(3, 1, { start_time: at(5), end_time: at(60), kind: "human" }),
      sampleSpan(4, 1, { start_time: at(60), end_time: at(62) }),
      sampleSpan(5, 1, { start_time: at(61), end_time: at(70) }),
    );
    expect(activityOf(order, ms(0))).toEqual({
      silences: [
        [ms(0), ms(1)],
        [ms(5), ms(60)],
      ],
      until: ms(70),
    });
  });

  it("goes on while something runs", () => {
    expect(activityOf(treeOf(sampleSpan(1, undefined, { end_time: undefined })), ms(1)).until).toBe(Infinity);
  });
});

describe("density", () => {
  it("tells how much of each part the leaves cover", () => {
    const order = treeOf(
      sampleSpan(1, undefined, { start_time: at(0), end_time: at(4) }),
      sampleSpan(2, 1, { start_time: at(0), end_time: at(1.5) }),
      sampleSpan(3, 1, { start_time: at(0.5), end_time: at(1) }),
      sampleSpan(4, 1, { start_time: at(3), end_time: at(3) }),
    );
    const parts = [...density(order, ms(0), ms(4), 4)].map((part) => Math.round(part * 100) / 100);
    expect(parts).toEqual([1.5, 0.5, 0, 0.15]);
  });

  it("of no time is nothing", () => expect([...density([], 1, 1, 2)]).toEqual([0, 0]));
});
