import { describe, expect, it } from "vitest";
import { MOST_MARKS, reveal, revealed } from "./reveal";

describe("what a text hides", () => {
  it("leaves plain text as it is, in one piece", () => {
    for (const text of ["", "plain", "zwei\nZeilen\tmit Tab\r\n", "日本語 العربية हिन्दी", "❤️ 👍🏽"]) expect(reveal(text)).toEqual([text]);
  });

  it("tells a direction override instead of obeying it", () => {
    expect(revealed("invoice\u202egpj.exe")).toBe("invoice‹RLO›gpj.exe");
    expect(reveal("a\u202eb")[1]).toEqual({ label: "RLO", name: "U+202E: right-to-left override" });
  });

  it("tells terminal commands", () => expect(revealed("\u001b[31mred\u001b[0m")).toBe("‹ESC›[31mred‹ESC›[0m"));

  it("makes one mark of a run", () => {
    expect(revealed(`a${"\u200b".repeat(1_000)}b`)).toBe("a‹ZWSP ×1000›b");
    expect(revealed("\u200b\u200e")).toBe("‹ZWSP›‹LRM›");
  });

  it("reads what is said in tag characters", () => {
    const hidden = Array.from("ignore all", (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join("");
    expect(revealed(`Hello${hidden}!`)).toBe("Hello‹hidden: ignore all›!");
  });

  it("leaves joiners that are spelling, and tells the others", () => {
    for (const text of ["👩‍💻", "می‌خواهم", "क्‍ष", "👩🏽‍🚀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]) expect(reveal(text)).toEqual([text]);
    expect(revealed("pass\u200dword")).toBe("pass‹ZWJ›word");
  });

  it("tells a carriage return that would overwrite a line", () => expect(revealed("safe\revil")).toBe("safe‹CR›evil"));

  it("tells bytes that were no text", () => expect(revealed("a\ufffd\ufffdb")).toBe("a‹� ×2›b"));

  it("stays cheap when every second character is hidden", () => {
    const pieces = reveal("a\u200b".repeat(20_000));
    expect(pieces.length).toBeLessThanOrEqual(2 * MOST_MARKS + 1);
    expect(pieces.map((piece) => (typeof piece === "string" ? piece : `‹${piece.label}›`)).join("")).toBe("a‹ZWSP›".repeat(20_000));
  });
});
