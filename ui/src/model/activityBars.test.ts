import { describe, expect, it } from "vitest";
import { at } from "../testing/sample";
import { activityBars } from "./activityBars";
import { toMillis } from "./time";

const until = (seconds: number): number => toMillis(at(seconds));

describe("how busy a session was", () => {
  it("is drawn over its whole time, with its silences", () => {
    const drawn = activityBars({ from: at(0), bucket_ms: 1_000, counts: [8, 0, 2] }, until(10));
    expect(drawn).toMatchObject({ total: 10, most: 8, partMs: 1_000, lengthMs: 10_000 });
    expect(drawn?.bars).toEqual([
      { from: 0, length: 0.1, height: 1 },
      { from: 0.2, length: 0.1, height: 0.25 },
    ]);
  });

  it("makes no storm of a single span", () => expect(activityBars({ from: at(0), bucket_ms: 1, counts: [1] }, until(1))?.bars[0]?.height).toBe(0.25));

  it("has room for all of its parts when the session ended within the last", () =>
    expect(activityBars({ from: at(0), bucket_ms: 4_000, counts: [1, 1] }, until(5))?.lengthMs).toBe(8_000));

  it("is nothing where nobody counted", () => {
    expect(activityBars(undefined, 0)).toBeUndefined();
    expect(activityBars({ from: at(0), bucket_ms: 1, counts: [] }, 0)).toBeUndefined();
  });
});
