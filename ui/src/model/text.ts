import { revealed } from "./reveal";

/** Folding and reading of long values. Everything here treats its input as hostile text and never as markup. */

export const FOLD_LINES = 12;
/** One line may hold a megabyte; a fold by lines alone would show all of it. */
export const FOLD_CHARS = 800;
/** How much more one press of "show more" brings: layout of one huge text node is what makes a page stall. */
export const MORE_CHARS = 60_000;

export interface Folded {
  text: string;
  /** Characters that are not shown. 0 when the text is whole. */
  hidden: number;
}

/** The first lines of a text, cut at a character limit as well, never between the halves of a surrogate pair. */
export function fold(text: string, lines = FOLD_LINES, chars = FOLD_CHARS): Folded {
  let end = Math.min(text.length, chars);
  let at = -1;
  for (let line = 0; line < lines; line += 1) {
    at = text.indexOf("\n", at + 1);
    if (at < 0 || at > end) break;
    if (line === lines - 1) end = at;
  }
  const code = text.charCodeAt(end - 1);
  if (end < text.length && code >= 0xd800 && code <= 0xdbff) end -= 1;
  return { text: text.slice(0, end), hidden: text.length - end };
}

/** The value as a reader wants it: text as it is, anything else as indented JSON. */
export function printValue(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}

/** Text that is a JSON object or list inside a string, as instrumentations love to send; undefined when it is not. */
export function embeddedJson(text: string): unknown {
  const first = text.trimStart()[0];
  if (first !== "{" && first !== "[") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One line for a list: line breaks and runs of blanks become one blank, and what draws nothing is told. */
export function oneLine(text: string, limit = 300): string {
  return revealed(text.slice(0, limit * 2).replace(/\s+/g, " ").trim()).slice(0, limit);
}

/** What a notice shows at least, where there is more, and at most. */
const NOTICE_CHARS = 120;
const MOST_NOTICE_CHARS = 1_000;

/** The first line whole, for a cut question asks something else; what follows it as far as it is short. */
export function noticeLine(text: string): string {
  const begun = text.trimStart();
  const first = begun.search(/[\r\n]/);
  const wanted = Math.min(Math.max(first < 0 ? begun.length : first, NOTICE_CHARS), MOST_NOTICE_CHARS);
  const line = oneLine(begun, wanted);
  return begun.trimEnd().length > wanted && !line.endsWith("…") ? `${line}…` : line;
}

/** Finds words as they are written, whatever their case. */
export function wordsPattern(wanted: string): RegExp {
  return new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
}

/** UTF-8 bytes without encoding: the size people compare with file sizes and limits. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // A surrogate pair is four bytes over two units: one extra each. Other units above 0x7ff take three.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
