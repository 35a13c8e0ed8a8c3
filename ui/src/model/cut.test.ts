import { describe, expect, it } from "vitest";
import { cutMark, isCut, isCutText } from "./cut";

describe("a value that was cut", () => {
  it("says so beside it", () => {
    expect(isCut("a", { a: 1, a_truncated: true })).toBe(true);
    expect(isCut("a", { a: 1, a_truncated: "true" })).toBe(true);
    expect(isCut("a", { a: 1, a_truncated: false })).toBe(false);
    expect(isCut("a", { a: 1 })).toBe(false);
  });

  it("ends with the size of the whole, where that is known", () => {
    expect(cutMark("abc… [1048576 bytes]")).toEqual({ kept: 22, whole: 1_048_576 });
    expect(cutMark('{"a":1}')).toEqual({ kept: 7, whole: undefined });
  });

  it("has marks inside when it is JSON", () => {
    for (const mark of ["[… 12 items left out]", "[3 entries left out]", "text… [900 bytes]", "[too large to be shown]"]) {
      expect(isCutText(mark), mark).toBe(true);
    }
    expect(isCutText("items left out")).toBe(false);
  });
});
