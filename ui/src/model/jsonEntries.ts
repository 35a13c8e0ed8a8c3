import type { Attributes, Span } from "../api/types";
import { type CutMark, cutMark, isCut } from "./cut";
import { type JsonNode, jsonOf, parseJson } from "./json";

export type EntryGroup = "state" | "result" | "tool" | "other";

/** A value of a span that is JSON, or says by its name that it is. */
export interface JsonEntry {
  /** The attribute; with the event's name before it where an event has it. */
  readonly key: string;
  /** What it is called among its kind: `plan` of `mcp.state.plan_json`. */
  readonly name: string;
  readonly group: EntryGroup;
  /** As it was recorded, where that was text. */
  readonly text: string | undefined;
  /** The value; undefined when the text is no JSON after all. */
  readonly root: JsonNode | undefined;
  readonly cut: CutMark | undefined;
  /** An attribute of the span, so that other spans may have an earlier value of it. */
  readonly comparable: boolean;
}

const ORDER: EntryGroup[] = ["state", "result", "tool", "other"];
const NAMES: [RegExp, EntryGroup][] = [
  [/^mcp\.state\.(.+)_json$/, "state"],
  [/^mcp\.result\.(.+)_json$/, "result"],
  [/^mcp\.tool\.(.+)_json$/, "tool"],
];
/** Attributes that hold what a tool was called with or answered, beside `mcp.tool.*_json`. */
const TOOL_KEYS: Record<string, string> = {
  "gen_ai.tool.call.arguments": "input",
  "gen_ai.tool.call.result": "output",
};

const known = new WeakMap<Span, JsonEntry[]>();

/** Every value of the span that is JSON, states and results first. A span is read once: it may hold megabytes. */
export function jsonEntries(span: Span): readonly JsonEntry[] {
  const entries = known.get(span) ?? read(span);
  known.set(span, entries);
  return entries;
}

/** So much text is read to count what is in it; more is counted only when somebody looks. */
const COUNT_CHARS = 500_000;

/** How many there are; undefined where finding out would be noticed. */
export function countEntries(span: Span): number | undefined {
  let chars = 0;
  for (const value of Object.values(span.attributes)) if (typeof value === "string") chars += value.length;
  return chars > COUNT_CHARS && !known.has(span) ? undefined : jsonEntries(span).length;
}

function read(span: Span): JsonEntry[] {
  const entries = entriesOf(span.attributes, "");
  for (const event of span.events) entries.push(...entriesOf(event.attributes, `${event.name} › `));
  return entries.sort((a, b) => ORDER.indexOf(a.group) - ORDER.indexOf(b.group) || (a.key < b.key ? -1 : 1));
}

function entriesOf(attributes: Attributes, prefix: string): JsonEntry[] {
  const entries: JsonEntry[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    const isNamed = key.endsWith("_json");
    const text = typeof value === "string" ? value : undefined;
    const root = text === undefined ? container(value, isNamed) : isNamed || isLikely(text) ? parseJson(text) : undefined;
    if (root === undefined && !(isNamed && text !== undefined)) continue;
    const cut = isCut(key, attributes) ? cutMark(text ?? JSON.stringify(value)) : undefined;
    entries.push({ key: prefix + key, ...placed(key), text, root, cut, comparable: prefix === "" });
  }
  return entries;
}

function container(value: unknown, isNamed: boolean): JsonNode | undefined {
  const isObject = typeof value === "object" && value !== null;
  // A list of words is an attribute like any other.
  const isPlainList = Array.isArray(value) && value.every((item) => typeof item !== "object");
  return isNamed || (isObject && !isPlainList) ? jsonOf(value) : undefined;
}

function placed(key: string): { name: string; group: EntryGroup } {
  const known = TOOL_KEYS[key];
  if (known !== undefined && Object.hasOwn(TOOL_KEYS, key)) return { name: known, group: "tool" };
  for (const [pattern, group] of NAMES) {
    const name = pattern.exec(key)?.[1];
    if (name !== undefined) return { name, group };
  }
  return { name: key, group: "other" };
}

function isLikely(text: string): boolean {
  const first = /^\s*(.)/.exec(text)?.[1];
  const last = /(.)\s*$/.exec(text.slice(-200))?.[1];
  return (first === "{" && last === "}") || (first === "[" && last === "]");
}
