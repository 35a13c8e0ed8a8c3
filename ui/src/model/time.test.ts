import { describe, expect, it } from "vitest";
import { formatAgo, formatDuration, formatElapsed, formatExact, toMillis } from "./time";

describe("toMillis", () => {
  it("keeps microseconds of a nine-digit time", () => {
    const base = Date.UTC(2026, 10, 21, 0, 52, 44);
    expect(toMillis("2026-11-21T00:52:44.123456789Z") - base).toBeCloseTo(123.456, 2);
    expect(toMillis("2026-11-21T00:52:44Z")).toBe(base);
  });

  it("keeps the zone behind the fraction", () => {
    expect(toMillis("2026-11-21T01:52:44.500000000+01:00")).toBe(Date.UTC(2026, 10, 21, 0, 52, 44, 500));
  });

  it("orders spans that began within one millisecond", () => {
    expect(toMillis("2026-11-21T00:52:44.123456000Z")).toBeLessThan(toMillis("2026-11-21T00:52:44.123466000Z"));
  });

  it("says not-a-number for what is no time", () => {
    expect(toMillis("soon")).toBeNaN();
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [0.0004, "1 µs"],
    [0.35, "350 µs"],
    [0.9996, "1.0 ms"],
    [3, "3.0 ms"],
    [9.96, "10 ms"],
    [840, "840 ms"],
    [999.6, "1.0 s"],
    [12_400, "12.4 s"],
    [59_960, "1 m 00 s"],
    [188_000, "3 m 08 s"],
    [7_500_000, "2 h 05 m"],
    [273_600_000, "3 d 04 h"],
    [-5, "0 ms"],
    [NaN, "—"],
  ])("shows %d ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("formatElapsed", () => {
  it.each([
    [-200, "0 s"],
    [999, "0 s"],
    [59_999, "59 s"],
    [72_000, "1 m 12 s"],
  ])("ticks %d ms as %s", (ms, text) => expect(formatElapsed(ms)).toBe(text));
});

describe("formatAgo", () => {
  it.each([
    [-60_000, "now"],
    [4_000, "now"],
    [45_000, "45 s ago"],
    [150_000, "2 m ago"],
    [3_700_000, "1 h ago"],
    [200_000_000, "2 d ago"],
    [2_600_000_000, "30 d ago"],
    [NaN, "—"],
  ])("calls %d ms before now %s", (ms, text) => expect(formatAgo(1e12 - ms, 1e12)).toBe(text));
});

it("what began more than a month ago is called by its date", () => {
  const now = Date.UTC(2026, 10, 21, 12);
  expect(formatAgo(Date.UTC(2024, 6, 3, 12), now)).toBe("3 Jul 2024");
});

it("an exact time names its zone and survives nonsense", () => {
  expect(formatExact(Date.UTC(2026, 10, 21))).toMatch(/2026.*[A-Z]{2,}/);
  expect(formatExact(NaN)).toBe("unknown time");
});
