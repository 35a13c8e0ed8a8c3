import type { SpanContent } from "../api/types";
import { saidText, saidValue } from "./saidText";
import { printValue, wordsPattern } from "./text";
import type { Turn, TurnPart } from "./transcript";

/** Which of the texts of a part it is. */
export type Side = "text" | "name" | "input" | "output" | "address";

/** A text of a conversation, as it is drawn. */
export interface SaidText {
  /** The part, the document, or the content itself where the span is the call of a tool. */
  readonly subject: object;
  readonly side: Side;
  readonly text: string;
}

/** One place where the words stand. */
export interface Found {
  readonly subject: object;
  readonly side: Side;
  /** Which of the places in this text it is, counted from 0. */
  readonly nth: number;
  /** Where in the text it ends. */
  readonly end: number;
}

/** A word that is everywhere is not walked to the end by anybody. */
export const MOST_FOUND = 10_000;

/** Everything that is said in a span, in the order in which it is read, drawn yet or not. */
export function saidTexts(content: SpanContent, turns: readonly Turn[], raw: boolean): SaidText[] {
  const { tool_input: input, tool_output: output } = content;
  const texts: SaidText[] = [
    { subject: content, side: "input", text: saidValue(input) },
    { subject: content, side: "output", text: saidValue(output) },
  ];
  for (const { parts } of turns) for (const part of parts) texts.push(...partTexts(part, raw));
  for (const document of content.documents) texts.push({ subject: document, side: "text", text: saidText(document.text ?? "", raw) });
  return texts.filter(({ text }) => text !== "");
}

function partTexts(part: TurnPart, raw: boolean): SaidText[] {
  const of = (side: Side, text: string): SaidText => ({ subject: part, side, text });
  switch (part.type) {
    case "call":
      return [of("name", part.call.name), of("input", saidValue(part.call.arguments)), of("output", saidValue(part.result?.result))];
    case "tool_result":
      return [of("name", part.name ?? ""), of("output", saidValue(part.result))];
    case "text":
    case "refusal":
    case "reasoning":
      return [of("text", saidText(part.text, raw))];
    case "resource":
      return [of("address", part.uri ?? ""), of("text", saidText(part.text ?? "", raw))];
    case "image":
    case "audio":
    case "video":
    case "file":
      return [of("address", part.uri ?? ""), of("text", part.transcript ?? "")];
    case "unknown":
      return [of("text", printValue(part.json))];
    default:
      return [];
  }
}

/** Every place where the words stand, whatever their case. */
export function findSaid(texts: readonly SaidText[], wanted: string): Found[] {
  if (wanted === "") return [];
  const found: Found[] = [];
  for (const { subject, side, text } of texts) {
    let nth = 0;
    for (const hit of text.matchAll(wordsPattern(wanted))) {
      if (found.length === MOST_FOUND) return found;
      found.push({ subject, side, nth, end: hit.index + hit[0].length });
      nth += 1;
    }
  }
  return found;
}
