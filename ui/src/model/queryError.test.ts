import { describe, expect, it } from "vitest";
import { readQueryError } from "./queryError";

describe("a query that cannot be understood", () => {
  it("is pointed at", () => {
    const detail = "`q`: at character 6, `duration:>soon`: a time like `>5s` is wanted";
    expect(readQueryError(detail, "rain duration:>soon")).toEqual({ start: 5, end: 19, advice: "A time like `>5s` is wanted." });
  });

  it("is counted in characters, some of which are two units", () => {
    expect(readQueryError("`q`: at character 3, `x:`: no", "🦀 x:")).toMatchObject({ start: 3, end: 5 });
  });

  it("has no place when the host names none", () => {
    expect(readQueryError("too long", "x")).toBeUndefined();
    expect(readQueryError(undefined, "x")).toBeUndefined();
    expect(readQueryError("`q`: at character 99, `x`: no", "x")).toMatchObject({ start: 1, end: 1 });
  });
});
