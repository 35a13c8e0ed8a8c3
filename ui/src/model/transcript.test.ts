import { describe, expect, it } from "vitest";
import type { Message, MessagePart } from "../api/types";
import { transcript } from "./transcript";

const call = (id: string | undefined, name: string): MessagePart => ({ type: "tool_call", ...(id !== undefined && { id }), name });
const result = (id: string | undefined, answer: string): MessagePart => ({
  type: "tool_result",
  ...(id !== undefined && { id }),
  result: answer,
});
const says = (role: string, ...parts: MessagePart[]): Message => ({ role, parts });
const text = (said: string): MessagePart => ({ type: "text", text: said });

/** The conversation in short: `assistant: bash=ok`. */
function short(input: Message[], output: Message[] = []): string[] {
  return transcript(input, output).map(
    (turn) =>
      `${turn.role}: ${turn.parts
        .map((part) => {
          if (part.type === "call") return `${part.call.name}=${part.result === undefined ? "?" : JSON.stringify(part.result.result)}`;
          return part.type === "text" ? part.text : part.type;
        })
        .join(" ")}`,
  );
}

describe("a transcript", () => {
  it("has each result at its call", () => {
    const messages = [
      says("user", text("list")),
      says("assistant", text("sure"), call("1", "ls"), call("2", "cat")),
      says("tool", result("2", "text")),
      says("tool", result("1", "files")),
    ];
    expect(short(messages, [says("assistant", text("done"))])).toEqual([
      "user: list",
      'assistant: sure ls="files" cat="text"',
      "assistant: done",
    ]);
  });

  it("keeps what belongs to nothing", () => {
    expect(short([says("tool", result("9", "late")), says("assistant", call(undefined, "ls")), says("tool", result(undefined, "x"))])).toEqual([
      "tool: tool_result",
      "assistant: ls=?",
      "tool: tool_result",
    ]);
  });

  it("gives an id that is used again its results in their order", () => {
    const messages = [
      says("assistant", call("1", "ls")),
      says("tool", result("1", "first")),
      says("assistant", call("1", "ls")),
      says("user", result("1", "second"), text("go on")),
    ];
    expect(short(messages)).toEqual(["assistant: ls=\"first\"", "assistant: ls=\"second\"", "user: go on"]);
  });

  it("keeps a message that says nothing, and tells answers from what was given", () => {
    expect(transcript([says("user")], [says("assistant", call("1", "ls"))]).map((turn) => turn.isAnswer)).toEqual([false, true]);
  });
});
