/**
 * Makes visible what a text hides: characters that draw nothing, turn the reading direction, or command a terminal. A
 * prompt can carry instructions in them that a person who reads it never sees.
 */

/** A character that is told instead of drawn. */
export interface Mark {
  /** A few letters that stand in its place. */
  label: string;
  /** What it is, in full. */
  name: string;
}

export type Piece = string | Mark;

/** Marks are elements; beyond so many in one text they become plain text, which costs a browser almost nothing. */
export const MOST_MARKS = 500;

const NAMED: Record<number, [string, string]> = {
  0x00: ["NUL", "null"],
  0x07: ["BEL", "bell"],
  0x08: ["BS", "backspace"],
  0x0d: ["CR", "carriage return"],
  0x1b: ["ESC", "escape, the beginning of a terminal command"],
  0x7f: ["DEL", "delete"],
  0x9b: ["CSI", "the beginning of a terminal command"],
  0xad: ["SHY", "soft hyphen"],
  0x34f: ["CGJ", "combining grapheme joiner"],
  0x61c: ["ALM", "Arabic letter mark"],
  0x180e: ["MVS", "Mongolian vowel separator"],
  0x200b: ["ZWSP", "zero width space"],
  0x200c: ["ZWNJ", "zero width non-joiner"],
  0x200d: ["ZWJ", "zero width joiner"],
  0x200e: ["LRM", "left-to-right mark"],
  0x200f: ["RLM", "right-to-left mark"],
  0x2028: ["LS", "line separator"],
  0x2029: ["PS", "paragraph separator"],
  0x202a: ["LRE", "left-to-right embedding"],
  0x202b: ["RLE", "right-to-left embedding"],
  0x202c: ["PDF", "end of a direction"],
  0x202d: ["LRO", "left-to-right override"],
  0x202e: ["RLO", "right-to-left override"],
  0x2060: ["WJ", "word joiner"],
  0x2066: ["LRI", "left-to-right isolate"],
  0x2067: ["RLI", "right-to-left isolate"],
  0x2068: ["FSI", "first strong isolate"],
  0x2069: ["PDI", "end of an isolate"],
  0xfeff: ["BOM", "zero width no-break space"],
  0xfffd: ["�", "replaces bytes that are no text"],
};

/**
 * Whole runs, so that a thousand zero width spaces are one mark. Tabs and line feeds are text, and so is a carriage return
 * before a line feed. Flags of regions are made of tags behind a black flag, and stay.
 */
const HIDDEN =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /\u{1F3F4}[\u{E0020}-\u{E007E}]+\u{E007F}|[\u{E0000}-\u{E007F}]+|\r\n|([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffd\u{E0080}-\u{E0FFF}])\1*/gu;

/** Joiners belong to many scripts and to composed emoji: between those they are spelling. */
const JOINS = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]|(?![\p{Script=Latin}\p{Script=Common}])[\p{L}\p{M}]/u;

/** The text in pieces; one piece, the text itself, when it hides nothing. */
export function reveal(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let marks = 0;
  for (const found of text.matchAll(HIDDEN)) {
    const run = found[0];
    const at = found.index;
    if (isSpelling(text, at, run)) continue;
    const mark = markOf(run);
    marks += 1;
    const before = text.slice(from, at);
    if (marks <= MOST_MARKS) {
      if (before !== "") pieces.push(before);
      pieces.push(mark);
    } else {
      const last = pieces.at(-1);
      const plain = `${before}‹${mark.label}›`;
      if (typeof last === "string") pieces[pieces.length - 1] = last + plain;
      else pieces.push(plain);
    }
    from = at + run.length;
  }
  if (from === 0) return [text];
  const rest = text.slice(from);
  if (rest !== "") {
    const last = pieces.at(-1);
    if (marks > MOST_MARKS && typeof last === "string") pieces[pieces.length - 1] = last + rest;
    else pieces.push(rest);
  }
  return pieces;
}

/** The same as one string, for places that hold nothing but text. */
export function revealed(text: string): string {
  return reveal(text)
    .map((piece) => (typeof piece === "string" ? piece : `‹${piece.label}›`))
    .join("");
}

function isSpelling(text: string, at: number, run: string): boolean {
  if (run === "\r\n" || run.startsWith("\u{1F3F4}")) return true;
  if (run !== "\u200c" && run !== "\u200d") return false;
  return JOINS.test(characterBefore(text, at)) && JOINS.test(characterAt(text, at + 1));
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

function characterBefore(text: string, at: number): string {
  const isLow = (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
  return characterAt(text, at - (isLow ? 2 : 1));
}

function markOf(run: string): Mark {
  const code = run.codePointAt(0) ?? 0;
  if (code >= 0xe0000 && code <= 0xe007f) return tags(run);
  const count = run.length / (code > 0xffff ? 2 : 1);
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const [label, name] = NAMED[code] ?? [hex, "a character that draws nothing"];
  const times = count > 1 ? ` ×${count}` : "";
  return { label: label + times, name: `${hex}${times}: ${name}` };
}

/** Tag characters repeat ASCII, unseen: what they say is shown. */
function tags(run: string): Mark {
  const all = Array.from(run);
  const said = all
    .map((tag) => (tag.codePointAt(0) ?? 0) - 0xe0000)
    .filter((code) => code >= 0x20 && code < 0x7f)
    .map((code) => String.fromCharCode(code))
    .join("");
  return { label: `hidden: ${said}`, name: `${all.length} tag characters, which draw nothing, say: ${said}` };
}
