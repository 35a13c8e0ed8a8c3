import { afterEach, expect, it } from "vitest";
import { elapsedUntil, holdElapsed, hostNow, noteServerDate } from "./clock";

afterEach(() => noteServerDate(new Date().toUTCString()));

it("follows a host whose clock is minutes away", () => {
  noteServerDate(new Date(Date.now() + 180_000).toUTCString());
  expect(hostNow() - Date.now()).toBeGreaterThan(170_000);
});

it("takes less than the header's precision for no difference, and nonsense for no news", () => {
  noteServerDate(new Date(Date.now() - 1_000).toUTCString());
  noteServerDate("soon");
  noteServerDate(null);
  expect(Math.abs(hostNow() - Date.now())).toBeLessThan(5);
});

it("holds elapsed times while nothing is heard", () => {
  holdElapsed(5_000);
  expect(elapsedUntil(9_000)).toBe(5_000);
  expect(elapsedUntil(4_000)).toBe(4_000);
  holdElapsed(undefined);
  expect(elapsedUntil(9_000)).toBe(9_000);
});
