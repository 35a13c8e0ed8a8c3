import { expect, it } from "vitest";
import { backoff } from "./backoff";

it("doubles from a quarter second to five and stays there", () => {
  expect([0, 1, 2, 3, 4, 5, 500].map((attempt) => backoff(attempt, 0))).toEqual([
    250, 500, 1000, 2000, 4000, 5000, 5000,
  ]);
});

it("spreads readers by up to a quarter, and never later", () => {
  expect(backoff(5, 1)).toBe(3750);
  expect(backoff(0, 0.5)).toBeLessThan(250);
});
