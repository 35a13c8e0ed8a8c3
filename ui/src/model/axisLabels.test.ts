import { describe, expect, it } from "vitest";
import { Axis } from "./axis";
import { axisLabels } from "./axisLabels";

describe("labels of the time axis", () => {
  it("are those of the ticks that stay within it", () => {
    expect(axisLabels(new Axis(0, 10_000), [0, 5_000, 9_900], 0, 400)).toEqual({ ticks: ["0", "5 s", ""], folds: [] });
  });

  it("stand beside the words of what is folded, never under them", () => {
    const axis = new Axis(0, 3_620_000, [[10_000, 3_610_000]]);
    const { ticks, folds } = axisLabels(axis, [0, 3_600_000], 0, 400);
    expect(folds.map((word) => word?.text)).toEqual(["1 h 00 m"]);
    expect(ticks).toEqual(["0", ""]);
  });

  it("are left out where folds stand too close for all of them", () => {
    const axis = new Axis(0, 1_000, [[100, 300], [310, 510], [800, 900]]);
    const said = axisLabels(axis, [], 0, 200).folds;
    expect(said.map((word) => word?.text)).toEqual(["200 ms", undefined, "100 ms"]);
    for (const word of said) if (word) expect(word.left).toBeGreaterThanOrEqual(0);
  });
});
