import { describe, expect, it } from "vitest";
import type { Message, SpanContent } from "../api/types";
import { transcript } from "./transcript";
import { MOST_FOUND, findSaid, saidTexts } from "./transcriptFind";

const NOTHING: SpanContent = { input_messages: [], output_messages: [], tool_definitions: [], documents: [], sources: [], unreadable: [] };

function find(content: Partial<SpanContent>, wanted: string, raw = false) {
  const all: SpanContent = { ...NOTHING, ...content };
  return findSaid(saidTexts(all, transcript(all.input_messages, all.output_messages), raw), wanted);
}

const says = (...parts: Message["parts"]): Message => ({ role: "user", parts });

describe("finding what was said", () => {
  it("finds every place, whatever the case, in the order in which it is read", () => {
    const input_messages = [says({ type: "text", text: "Rain. No rain" }), says({ type: "reasoning", text: "rain?" })];
    const found = find({ input_messages, output_messages: [says({ type: "refusal", text: "RAIN" })] }, "rain");
    expect(found.map(({ side, nth, end }) => [side, nth, end])).toEqual([["text", 0, 4], ["text", 1, 13], ["text", 0, 4], ["text", 0, 4]]);
    expect(found[0]?.subject).toBe(input_messages[0]?.parts[0]);
  });

  it("looks into calls and their answers, and into the call that a span is", () => {
    const call = says({ type: "tool_call", id: "1", name: "read_file", arguments: { path: "file.rs" } });
    const answer = says({ type: "tool_result", id: "1", result: "a file" });
    const sides = find({ tool_input: "file", tool_output: { file: 1 }, input_messages: [call, answer] }, "file").map(({ side }) => side);
    expect(sides).toEqual(["input", "output", "name", "input", "output"]);
  });

  it("looks into values as they are drawn: laid out, or as they were sent", () => {
    const output_messages = [says({ type: "text", text: '{"a":1}' })];
    expect(find({ output_messages }, '"a": 1')).toHaveLength(1);
    expect(find({ output_messages }, '"a": 1', true)).toHaveLength(0);
    expect(find({ output_messages }, '"a":1', true)).toHaveLength(1);
  });

  it("takes signs as they are, and finds nothing of nothing", () => {
    expect(find({ output_messages: [says({ type: "text", text: "a.b (c) axb" })] }, "a.b (")).toHaveLength(1);
    expect(find({ output_messages: [says({ type: "text", text: "abc" })] }, "")).toEqual([]);
  });

  it("stops counting what is everywhere", () => {
    expect(find({ documents: [{ text: "a".repeat(MOST_FOUND + 5) }] }, "a")).toHaveLength(MOST_FOUND);
  });
});
