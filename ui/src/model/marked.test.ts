import { describe, expect, it } from "vitest";
import { fieldName, markedPieces } from "./marked";

describe("a snippet", () => {
  it("is cut where it matched", () => {
    expect(markedPieces({ snippet: "Rain in the evening.", highlights: [{ start: 0, end: 4 }, { start: 12, end: 19 }] })).toEqual([
      { text: "Rain", hit: true },
      { text: " in the ", hit: false },
      { text: "evening", hit: true },
      { text: ".", hit: false },
    ]);
  });

  it("counts as JavaScript does", () => {
    expect(markedPieces({ snippet: "🦀 crab", highlights: [{ start: 3, end: 7 }] }).at(-1)).toEqual({ text: "crab", hit: true });
  });

  it("loses nothing to offsets that make no sense", () => {
    const whole = markedPieces({ snippet: "abc", highlights: [{ start: 2, end: 9 }, { start: 1, end: 1 }, { start: 1, end: 2 }, { start: 0, end: 1 }] });
    expect(whole.map(({ text }) => text).join("")).toBe("abc");
  });
});

it("a field is called without what all of them have in common", () => expect(fieldName("attributes.gen_ai.output.messages")).toBe("gen_ai.output.messages"));
