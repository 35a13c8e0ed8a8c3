import { afterEach, expect, it } from "vitest";
import { hostNow, noteServerDate } from "./clock";

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
