import { describe, expect, it } from "vitest";
import { readMoment, wireMoment } from "./since";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("a moment as people type it", () => {
  it("may be so long ago", () => {
    expect(wireMoment("30m", NOW)).toBe("2026-11-21T11:30:00.000Z");
    expect(wireMoment("24h", NOW)).toBe("2026-11-20T12:00:00.000Z");
    expect(wireMoment("1w", NOW)).toBe("2026-11-14T12:00:00.000Z");
  });

  it("may be a day of the reader's, by name or number", () => {
    const today = readMoment("today", NOW) ?? 0;
    expect(new Date(today).getHours()).toBe(0);
    expect(today).toBeLessThanOrEqual(NOW);
    expect(today - (readMoment("yesterday", NOW) ?? 0)).toBe(86_400_000);
    expect(readMoment("2026-11-20", NOW)).toBe(new Date(2026, 10, 20).getTime());
  });

  it("may name its zone", () => {
    expect(wireMoment("2026-11-20T10:00+02:00", NOW)).toBe("2026-11-20T08:00:00.000Z");
    expect(wireMoment("2026-11-20T10:00:30.5Z", NOW)).toBe("2026-11-20T10:00:30.500Z");
  });

  it("is not read into what is none", () => {
    for (const word of ["purple", "", "5", "h", "2026-13-45", "2026-11-20T10", "-1h"]) expect(readMoment(word, NOW)).toBeUndefined();
    expect(wireMoment(undefined, NOW)).toBeUndefined();
  });
});
