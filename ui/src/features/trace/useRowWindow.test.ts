import { describe, expect, it } from "vitest";
import { wishFor } from "./useRowWindow";

describe("the rows that are asked for", () => {
  const asked = { from: 100, to: 300 };

  it("are none while there are enough around what is in sight", () => {
    expect(wishFor({ first: 180, visible: 40 }, asked)).toBeUndefined();
    expect(wishFor({ first: 0, visible: 40 }, { from: 0, to: 100 })).toBeUndefined();
  });

  it("reach further to where the reader goes", () => {
    expect(wishFor({ first: 248, visible: 40 }, asked)).toEqual({ from: 208, to: 368 });
    expect(wishFor({ first: 112, visible: 40 }, asked)).toEqual({ from: 32, to: 192 });
  });

  it("are only those in sight after a jump", () => {
    expect(wishFor({ first: 5_000, visible: 40 }, asked)).toEqual({ from: 4_992, to: 5_048 });
    expect(wishFor({ first: 0, visible: 40 }, asked)).toEqual({ from: 0, to: 48 });
  });

  it("come around what is in sight once a jump has ended", () => {
    const jumped = wishFor({ first: 5_000, visible: 40 }, asked) ?? asked;
    expect(wishFor({ first: 5_000, visible: 40 }, jumped)).toEqual({ from: 4_920, to: 5_080 });
  });
});
