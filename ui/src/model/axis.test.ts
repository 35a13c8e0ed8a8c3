import { expect, it } from "vitest";
import { axisTicks, formatTick } from "./axis";

it.each([
  [38_000, [0, 10_000, 20_000, 30_000]],
  [79_000, [0, 30_000, 60_000]],
  [2.3, [0, 0.5, 1, 1.5, 2]],
  [900, [0, 200, 400, 600, 800]],
  [0, []],
  [-Infinity, []],
])("an axis of %d ms has round ticks", (length, ticks) => {
  expect(axisTicks(length, 5).map((tick) => Number(tick.toFixed(6)))).toEqual(ticks);
});

it("never has more ticks than asked for", () => {
  for (let power = -3; power < 12; power += 0.13) expect(axisTicks(10 ** power, 5).length).toBeLessThanOrEqual(5);
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
