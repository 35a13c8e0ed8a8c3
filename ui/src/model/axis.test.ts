import { describe, expect, it } from "vitest";
import { Axis, foldedSilences, formatTick, panned, zoomed } from "./axis";

it.each([
  [38_000, [0, 10_000, 20_000, 30_000]],
  [79_000, [0, 30_000, 60_000]],
  [2.3, [0, 0.5, 1, 1.5, 2]],
  [900, [0, 200, 400, 600, 800]],
  [0, []],
  [-Infinity, []],
])("an axis of %d ms has round ticks", (length, ticks) => {
  expect(new Axis(0, length).ticks(0, 5).map((tick) => Number(tick.toFixed(6)))).toEqual(ticks);
});

it("never has more ticks than asked for", () => {
  for (let power = -3; power < 12; power += 0.13) expect(new Axis(0, 10 ** power).ticks(0, 5).length).toBeLessThanOrEqual(5);
});

it.each([
  [0, "0"],
  [0.5, "500 µs"],
  [250, "250 ms"],
  [1_500, "1.5 s"],
  [90_000, "1 m 30 s"],
  [5_400_000, "1 h 30 m"],
  [172_800_000, "2 d"],
])("labels %d as %s", (ms, text) => expect(formatTick(ms)).toBe(text));

describe("folded silences", () => {
  it("are those that are long beside what is left, the longest first", () => {
    const silences = [[10, 3_610], [3_612, 3_614], [3_614.1, 3_614.2]] as const;
    expect(foldedSilences(silences, 0, 3_620)).toEqual([
      [10, 3_610],
      [3_612, 3_614],
    ]);
  });

  it("are none where all is busy, and only what lies within", () => {
    expect(foldedSilences([[1, 1.5]], 0, 100)).toEqual([]);
    expect(foldedSilences([[-50, 20], [95, 300]], 0, 100)).toEqual([[0, 20]]);
  });
});

describe("an axis", () => {
  const axis = new Axis(0, 1_000, [[100, 900]]);

  it("gives a fold a narrow place and the rest what it had", () => {
    expect(axis.place(100)).toBeCloseTo(0.485);
    expect(axis.place(900)).toBeCloseTo(0.515);
    expect(axis.place(500)).toBeCloseTo(0.5);
    expect([axis.place(-5), axis.place(0), axis.place(1_000), axis.place(2_000)]).toEqual([0, 0, 1, 1]);
  });

  it("finds the moment of a place again", () => {
    for (const moment of [0, 50, 100, 500, 900, 950, 1_000]) expect(axis.moment(axis.place(moment))).toBeCloseTo(moment);
    expect(axis.moment(-1)).toBe(0);
    expect(axis.moment(2)).toBe(1_000);
  });

  it("without folds is a straight line", () => {
    const plain = new Axis(10, 20);
    expect(plain.place(12)).toBeCloseTo(0.2);
    expect(plain.shown).toBe(10);
    expect(axis.shown).toBe(200);
  });

  it("has round ticks, none of them within a fold", () => {
    expect(new Axis(0, 10_000).ticks(0, 5)).toEqual([0, 2_000, 4_000, 6_000, 8_000]);
    expect(new Axis(500, 2_500).ticks(500, 4)).toEqual([500, 1_000, 1_500, 2_000]);
    const ticks = axis.ticks(0, 4);
    expect(ticks.every((tick) => tick <= 100 || tick >= 900)).toBe(true);
    expect(ticks.length).toBeGreaterThan(1);
  });

  it("of no length or of nothing but silence does no harm", () => {
    expect(new Axis(5, 5).ticks(0, 5)).toEqual([]);
    expect(new Axis(5, 5).place(7)).toBe(1);
    expect(new Axis(0, 10, [[0, 10]]).place(5)).toBeCloseTo(0.5);
  });
});

describe("zooming", () => {
  it("keeps the moment where it is", () => {
    expect(zoomed([0, 100], 2, 25, [0, 100])).toEqual([12.5, 62.5]);
    expect(zoomed([0, 100], 2, 0, [0, 100])).toEqual([0, 50]);
  });

  it("stays within the bounds, and ends at a microsecond", () => {
    expect(zoomed([20, 40], 0.1, 30, [0, 100])).toEqual([0, 100]);
    const [from, to] = zoomed([5, 5.001], 100, 5, [0, 100]);
    expect(to - from).toBeCloseTo(0.001);
  });
});

describe("panning", () => {
  it("moves by a share and stops at the ends", () => {
    expect(panned([20, 40], 0.5, [0, 100])).toEqual([30, 50]);
    expect(panned([20, 40], -Infinity, [0, 100])).toEqual([0, 20]);
    expect(panned([20, 40], Infinity, [0, 100])).toEqual([80, 100]);
  });
});
