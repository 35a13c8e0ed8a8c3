import { type JsonNode, isContainer } from "./json";

/** A value with its place in the one around it. */
export interface Place {
  readonly node: JsonNode;
  /** Its name in an object or its index in a list; undefined for the value itself. */
  readonly name: string | number | undefined;
  readonly parent: Place | undefined;
}

export interface JsonRow extends Place {
  readonly depth: number;
  /** Place among its siblings, counted from 1, and how many they are. */
  readonly position: number;
  readonly siblings: number;
}

/** So many rows of one value are open at first: a screenful, in which the outermost levels come first. */
const FIRST_ROWS = 60;
/** "Open all" stops here, so that a million entries don't become a million rows at once. */
const MOST_OPEN = 50_000;

/** Opens level by level while the rows fit; the value itself always. */
export function openAtFirst(root: JsonNode, rows = FIRST_ROWS): Set<JsonNode> {
  const open = new Set<JsonNode>([root]);
  let used = root.items.length;
  let level: readonly JsonNode[] = root.items;
  while (level.length > 0 && used < rows) {
    const below: JsonNode[] = [];
    for (const node of level) {
      if (node.items.length === 0 || used + node.items.length > rows) continue;
      used += node.items.length;
      open.add(node);
      below.push(...node.items);
    }
    level = below;
  }
  return open;
}

/** Every object and list that holds something, up to a bound. */
export function openAll(root: JsonNode): Set<JsonNode> {
  const open = new Set<JsonNode>();
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined && open.size < MOST_OPEN; node = waiting.pop()) {
    if (node.items.length === 0) continue;
    open.add(node);
    for (const item of node.items) if (isContainer(item)) waiting.push(item);
  }
  return open;
}

/** What is open in a value stays open in its next version, where that still has the same places. */
export function keepOpen(before: JsonNode, after: JsonNode, open: ReadonlySet<JsonNode>): Set<JsonNode> {
  const kept = new Set<JsonNode>();
  const pairs: [JsonNode, JsonNode][] = [[before, after]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [old, now] = pair;
    if (!open.has(old) || old.kind !== now.kind) continue;
    kept.add(now);
    const byName = old.kind === "object" ? new Map(old.names.map((name, index) => [name, old.items[index]])) : undefined;
    now.items.forEach((item, index) => {
      const former = byName === undefined ? old.items[index] : byName.get(now.names[index] ?? "");
      if (former !== undefined && isContainer(item)) pairs.push([former, item]);
    });
  }
  return kept;
}

/** The rows that are to be seen, in reading order. */
export function jsonRows(root: JsonNode, open: ReadonlySet<JsonNode>): JsonRow[] {
  const rows: JsonRow[] = [];
  const waiting: JsonRow[] = [{ node: root, name: undefined, parent: undefined, depth: 0, position: 1, siblings: 1 }];
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    rows.push(row);
    const { node, depth } = row;
    if (!open.has(node)) continue;
    for (let index = node.items.length - 1; index >= 0; index -= 1) {
      const item = node.items[index];
      if (item === undefined) continue;
      waiting.push({
        node: item,
        name: nameAt(node, index),
        parent: row,
        depth: depth + 1,
        position: index + 1,
        siblings: node.items.length,
      });
    }
  }
  return rows;
}

export function nameAt(node: JsonNode, index: number): string | number {
  return node.kind === "object" ? (node.names[index] ?? "") : index;
}

/** Every place whose name or text holds the wanted text in any case, in reading order, up to `most`. */
export function findInJson(root: JsonNode, wanted: string, most = 10_000): Place[] {
  const found: Place[] = [];
  const text = wanted.toLowerCase();
  if (text === "") return found;
  const waiting: Place[] = [{ node: root, name: undefined, parent: undefined }];
  for (let place = waiting.pop(); place !== undefined && found.length < most; place = waiting.pop()) {
    const { node, name } = place;
    const isNamed = typeof name === "string" && name.toLowerCase().includes(text);
    if (isNamed || node.text.toLowerCase().includes(text)) found.push(place);
    for (let index = node.items.length - 1; index >= 0; index -= 1) {
      const item = node.items[index];
      if (item !== undefined) waiting.push({ node: item, name: nameAt(node, index), parent: place });
    }
  }
  return found;
}

/** What has to be open for a place to be seen. */
export function above(place: Place): JsonNode[] {
  const nodes: JsonNode[] = [];
  for (let up = place.parent; up !== undefined; up = up.parent) nodes.push(up.node);
  return nodes;
}

export function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Place | undefined = place; at?.name !== undefined; at = at.parent) path.push(at.name);
  return path.reverse();
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** As JavaScript, Python and `jq` users read it: `steps[0].result`. */
export function printPath(path: readonly (string | number)[]): string {
  return path
    .map((name, index) => {
      if (typeof name === "number") return `[${name}]`;
      if (IDENTIFIER.test(name)) return index === 0 ? name : `.${name}`;
      return `[${JSON.stringify(name)}]`;
    })
    .join("");
}

/** As RFC 6901 has it: `/steps/0/result`. */
export function printPointer(path: readonly (string | number)[]): string {
  return path.map((name) => `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Where a JSON pointer leads; undefined when there is nothing. */
export function atPointer(root: JsonNode, pointer: string): JsonNode | undefined {
  let node: JsonNode | undefined = root;
  for (const part of pointer.split("/").slice(1)) {
    if (node === undefined) return undefined;
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    node = node.items[node.kind === "object" ? node.names.lastIndexOf(name) : Number(name)];
  }
  return node;
}

/** What tells an object from the others in a list, in the order in which people look for it. */
const LABELS = ["name", "title", "id", "key", "type", "role"];
const MOST_LABEL = 60;

/** A few words for an object, taken from its own entries; undefined when nothing in it is a name. */
export function labelOf(node: JsonNode): string | undefined {
  if (node.kind !== "object") return undefined;
  const named = [...LABELS, ...node.names.filter((name) => /(?:_i|[a-z]I)d$/.test(name) || name.endsWith("_name"))];
  for (const name of named) {
    const item = node.items[node.names.lastIndexOf(name)];
    if (item !== undefined && item.text !== "" && item.text.length <= MOST_LABEL) return item.text;
  }
  return undefined;
}
