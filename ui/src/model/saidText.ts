import { jsonOf, parseJson, printJson } from "./json";
import { printValue } from "./text";

/** How texts and values of a conversation are drawn: what is looked for in it is looked for in these. */

/** A longer JSON stays as it was said: nobody reads it in a conversation. */
const JSON_CHARS = 200_000;
/** JSON that fits on a line stands on one. */
const ONE_LINE = 60;

/** What somebody said: laid out where it is nothing but an object or a list, as models answer to programs. */
export function saidText(text: string, raw: boolean): string {
  return (raw ? undefined : laidOut(text)) ?? text;
}

export function laidOut(text: string): string | undefined {
  const isLikely = text.length <= JSON_CHARS && /^\s*[{[]/.test(text) && /[}\]]\s*$/.test(text.slice(-100));
  const root = isLikely ? parseJson(text) : undefined;
  return root && printJson(root);
}

/** What a tool was called with, or answered. */
export function saidValue(value: unknown): string {
  const json = typeof value === "object" ? jsonOf(value) : typeof value === "string" && /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
  if (json === undefined) return printValue(value);
  const line = printJson(json, false);
  return line.length <= ONE_LINE ? line : printJson(json);
}
