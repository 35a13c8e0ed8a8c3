/**
 * JSON as it was sent: numbers keep their digits, objects their order and their repeated names. `JSON.parse` keeps none of
 * these. Nothing here recurses, so a value that is nested 100,000 deep is only long.
 */
export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

export interface JsonNode {
  readonly kind: JsonKind;
  /** What a scalar says: the text of a string, the digits of a number. Empty for objects and lists. */
  readonly text: string;
  /** The names of an object's entries, beside `items`. Empty for everything else. */
  readonly names: readonly string[];
  readonly items: readonly JsonNode[];
}

interface Growing extends JsonNode {
  readonly names: string[];
  readonly items: JsonNode[];
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: [string, JsonKind][] = [
  ["true", "boolean"],
  ["false", "boolean"],
  ["null", "null"],
];

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): JsonNode | undefined {
  const reader = new Reader(text);
  const open: Growing[] = [];
  for (;;) {
    let node = reader.value();
    if (node === undefined) return undefined;
    if (isContainer(node) && !reader.take(closing(node))) {
      if (!reader.name(node)) return undefined;
      open.push(node);
      continue;
    }
    for (;;) {
      const parent = open.at(-1);
      if (parent === undefined) return reader.isAtEnd() ? node : undefined;
      parent.items.push(node);
      if (reader.take(",")) {
        if (!reader.name(parent)) return undefined;
        break;
      }
      if (!reader.take(closing(parent))) return undefined;
      open.pop();
      node = parent;
    }
  }
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  /** A scalar, or an object or list whose entries are still to come. */
  value(): Growing | undefined {
    this.skip();
    if (this.take("{")) return grow("object");
    if (this.take("[")) return grow("array");
    const string = this.string();
    if (string !== undefined) return grow("string", string);
    for (const [word, kind] of WORDS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return grow(kind, word);
    }
    NUMBER.lastIndex = this.at;
    const number = NUMBER.exec(this.text)?.[0];
    if (number === undefined) return undefined;
    this.at += number.length;
    return grow("number", number);
  }

  /** Reads the name of the next entry when `node` is an object. */
  name(node: Growing): boolean {
    if (node.kind !== "object") return true;
    this.skip();
    const name = this.string();
    if (name === undefined || !this.take(":")) return false;
    node.names.push(name);
    return true;
  }

  take(mark: string): boolean {
    this.skip();
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    return true;
  }

  isAtEnd(): boolean {
    this.skip();
    return this.at === this.text.length;
  }

  private string(): string | undefined {
    if (this.text[this.at] !== '"') return undefined;
    let end = this.at + 1;
    for (;;) {
      end = this.text.indexOf('"', end);
      if (end < 0) return undefined;
      let slashes = 0;
      while (this.text[end - 1 - slashes] === "\\") slashes += 1;
      if (slashes % 2 === 0) break;
      end += 1;
    }
    const literal = this.text.slice(this.at, end + 1);
    try {
      const string = JSON.parse(literal) as string;
      this.at = end + 1;
      return string;
    } catch {
      return undefined;
    }
  }

  private skip(): void {
    SPACE.lastIndex = this.at;
    SPACE.test(this.text);
    this.at = SPACE.lastIndex;
  }
}

function grow(kind: JsonKind, text = ""): Growing {
  return { kind, text, names: [], items: [] };
}

function closing(node: JsonNode): string {
  return node.kind === "object" ? "}" : "]";
}

export function isContainer(node: JsonNode): boolean {
  return node.kind === "object" || node.kind === "array";
}

/** An item that is known to be there. */
export function itemAt(node: JsonNode, index: number): JsonNode {
  const item = node.items[index];
  if (item === undefined) throw new RangeError(`there is no item ${index}`);
  return item;
}

/** JSON of what may be no value at all: `JSON.stringify` answers that with no text. */
export function textOf(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}

/** The same of a value that was read already, such as an attribute that is a list. */
export function jsonOf(value: unknown): JsonNode {
  // What came over the wire is JSON and not nested deeper than the host allows.
  return parseJson(textOf(value)) ?? grow("null", "null");
}

/** Beyond so many levels an indent would be most of the text. */
const MOST_INDENTS = 40;

/** JSON again, with an indent of two, or on one line. */
export function printJson(root: JsonNode, indent = true): string {
  const out: string[] = [];
  const line = (depth: number): string => (indent ? `\n${"  ".repeat(Math.min(depth, MOST_INDENTS))}` : "");
  const open: { node: JsonNode; next: number }[] = [];
  const write = (node: JsonNode): void => {
    if (!isContainer(node)) out.push(node.kind === "string" ? JSON.stringify(node.text) : node.text);
    else if (node.items.length === 0) out.push(node.kind === "object" ? "{}" : "[]");
    else {
      out.push(node.kind === "object" ? "{" : "[");
      open.push({ node, next: 0 });
    }
  };
  write(root);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { node, next } = top;
    const item = node.items[next];
    if (item === undefined) {
      open.pop();
      out.push(line(open.length), closing(node));
      continue;
    }
    top.next += 1;
    out.push(next === 0 ? "" : ",", line(open.length));
    if (node.kind === "object") out.push(JSON.stringify(node.names[next] ?? ""), indent ? ": " : ":");
    write(item);
  }
  return out.join("");
}

/** Whether two values say the same, in the same order. */
export function sameJson(left: JsonNode, right: JsonNode): boolean {
  const pairs: [JsonNode, JsonNode][] = [[left, right]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (a.kind !== b.kind || a.text !== b.text || a.items.length !== b.items.length) return false;
    for (let index = 0; index < a.items.length; index += 1) {
      if (a.names[index] !== b.names[index]) return false;
      pairs.push([itemAt(a, index), itemAt(b, index)]);
    }
  }
  return true;
}
