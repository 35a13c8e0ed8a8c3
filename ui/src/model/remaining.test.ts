import { describe, expect, it } from "vitest";
import { remaining } from "./remaining";

describe("what is left of a wait", () => {
  it("is told by the second below an hour, and by the minute above", () => {
    expect(remaining(59_000)).toEqual({ text: "59 s left", changesIn: 1_000, short: true });
    expect(remaining(600_000 - 250)).toEqual({ text: "10 m 00 s left", changesIn: 750, short: false });
    expect(remaining(2 * 3_600_000 + 5 * 60_000)).toEqual({ text: "2 h 05 m left", changesIn: 60_000, short: false });
    expect(remaining(3_600_001)).toEqual({ text: "1 h 01 m left", changesIn: 1, short: false });
    expect(remaining(3_600_000)).toEqual({ text: "1 h 00 m left", changesIn: 1_000, short: false });
    expect(remaining(26 * 3_600_000)).toMatchObject({ text: "1 d 02 h left" });
  });

  it("is never told as nothing while there is some, and ends", () => {
    expect(remaining(1)).toEqual({ text: "1 s left", changesIn: 1, short: true });
    expect(remaining(0)).toEqual({ text: "Time is up", changesIn: undefined, short: true });
    expect(remaining(-5)).toMatchObject({ text: "Time is up" });
    expect(remaining(NaN)).toEqual({ text: "", changesIn: undefined, short: false });
  });

  it("changes when it says it does", () => {
    for (let left = 2 * 3_600_000; left > 0; ) {
      const { text, changesIn } = remaining(left);
      if (changesIn === undefined) throw new Error("it would stand still");
      expect(remaining(left - changesIn + 0.5).text === text || left - changesIn + 0.5 <= 0).toBe(true);
      left -= changesIn;
      expect(remaining(left).text).not.toBe(text);
    }
  });
});
