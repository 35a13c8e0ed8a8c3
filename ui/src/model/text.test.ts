import { describe, expect, it } from "vitest";
import { byteLength, embeddedJson, fold, noticeLine, oneLine, printValue } from "./text";

describe("folding", () => {
  it("leaves a short text whole", () => expect(fold("a\nb")).toEqual({ text: "a\nb", hidden: 0 }));

  it("ends after twelve lines", () => {
    const folded = fold(Array.from({ length: 20 }, (_, line) => `line ${line}`).join("\n"));
    expect(folded.text.split("\n")).toHaveLength(12);
    expect(folded.hidden).toBeGreaterThan(0);
  });

  it("ends within a megabyte on one line", () => {
    const folded = fold("x".repeat(1_000_000));
    expect(folded.text.length).toBeLessThan(2_000);
    expect(folded.text.length + folded.hidden).toBe(1_000_000);
  });

  it("never cuts a character in half", () => {
    const folded = fold("😀".repeat(10), 12, 5);
    expect(folded.text).toBe("😀😀");
  });
});

it("prints values as a reader wants them", () => {
  expect(printValue("as it is")).toBe("as it is");
  expect(printValue(undefined)).toBe("");
  expect(printValue(null)).toBe("null");
  expect(printValue(42)).toBe("42");
  expect(printValue({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
});

it("sees JSON inside text, and only there", () => {
  expect(embeddedJson(' {"a":1}')).toEqual({ a: 1 });
  expect(embeddedJson("[1]")).toEqual([1]);
  expect(embeddedJson("{oops")).toBeUndefined();
  expect(embeddedJson("42")).toBeUndefined();
});

it("makes one line of many", () => {
  expect(oneLine(" a\n\n b\tc ")).toBe("a b c");
  expect(oneLine("x".repeat(1_000))).toHaveLength(300);
  expect(oneLine("\u202Eevil\u001b[2J")).toBe("‹RLO›evil‹ESC›[2J");
});

it.each(["plain", "é", "€", "😀", "a😀é€"])("knows the size of %j", (text) => {
  expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
});

it("shows of a question its first line, and more while that is short", () => {
  expect(noticeLine(" Delete it?\r\nReally? ")).toBe("Delete it? Really?");
  const long = "word ".repeat(60).trim();
  expect(noticeLine(`${long}\nmore`)).toBe(`${long}…`);
  expect(noticeLine(long)).toBe(long);
  expect(noticeLine("x".repeat(100_000))).toBe(`${"x".repeat(1_000)}…`);
  expect(noticeLine("\u202eevil")).toBe("‹RLO›evil");
  expect(noticeLine("")).toBe("");
});
