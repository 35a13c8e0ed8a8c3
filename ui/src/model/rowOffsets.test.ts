import { describe, expect, it } from "vitest";
import { prefixSums, rowAt } from "./rowOffsets";

describe("row offsets", () => {
  const offsets = prefixSums(4, (index) => (index === 1 ? 50 : 30));

  it("begin each row where the one above ends", () => {
    expect([...offsets]).toEqual([0, 30, 80, 110, 140]);
  });

  it("find the row at a distance", () => {
    expect([0, 29.5, 30, 79, 80, 139].map((at) => rowAt(offsets, at))).toEqual([0, 0, 1, 1, 2, 3]);
  });

  it("answer the nearest row beyond the ends, and the first of none", () => {
    expect(rowAt(offsets, -5)).toBe(0);
    expect(rowAt(offsets, 9_999)).toBe(3);
    expect(rowAt(prefixSums(0, () => 30), 10)).toBe(0);
  });
});
