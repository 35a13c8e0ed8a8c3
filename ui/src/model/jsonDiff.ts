import { type JsonNode, isContainer, itemAt, printJson, sameJson } from "./json";
import { nameAt } from "./jsonTree";

export type Change = "same" | "added" | "removed" | "changed";

/** One place of two versions of a value. */
export interface Difference {
  readonly change: Change;
  /** Its name or index; of a list's item the index in the version that has it, the later one when both do. */
  readonly name: string | number | undefined;
  readonly before: JsonNode | undefined;
  readonly after: JsonNode | undefined;
  /** What differs inside, where both versions are objects or both lists. Empty where one replaced the other. */
  readonly inside: readonly Difference[];
}

/** Deeper than this, values are compared as wholes: nobody reads a difference there, and a stack is finite. */
const MOST_DEPTH = 100;
/** Comparing lists costs the product of their lengths; beyond it they are compared item by item. */
const MOST_PAIRS = 1_000_000;

/** How two versions of a value differ. */
export function diffJson(before: JsonNode, after: JsonNode): Difference {
  return compare(undefined, before, after, 0);
}

function compare(name: string | number | undefined, before: JsonNode, after: JsonNode, depth: number): Difference {
  if (sameJson(before, after)) return { change: "same", name, before, after, inside: [] };
  const comparable = before.kind === after.kind && isContainer(before) && depth < MOST_DEPTH;
  const inside = !comparable ? [] : before.kind === "object" ? entries(before, after, depth + 1) : items(before, after, depth + 1);
  // The order of an object's entries says nothing.
  const isSame = comparable && inside.every((part) => part.change === "same");
  return { change: isSame ? "same" : "changed", name, before, after, inside: isSame ? [] : inside };
}

function added(name: string | number, after: JsonNode): Difference {
  return { change: "added", name, before: undefined, after, inside: [] };
}

function removed(name: string | number, before: JsonNode): Difference {
  return { change: "removed", name, before, after: undefined, inside: [] };
}

/** By name, in the order of the later version; what is gone stands where it stood. */
function entries(before: JsonNode, after: JsonNode, depth: number): Difference[] {
  const former = new Map(before.names.map((name, index) => [name, itemAt(before, index)]));
  const later = new Map(after.names.map((name, index) => [name, itemAt(after, index)]));
  const out: Difference[] = [];
  const goneAfter = new Map<string | undefined, Difference[]>();
  let kept: string | undefined;
  for (const [name, node] of former) {
    if (later.has(name)) kept = name;
    else goneAfter.set(kept, [...(goneAfter.get(kept) ?? []), removed(name, node)]);
  }
  out.push(...(goneAfter.get(undefined) ?? []));
  for (const [name, node] of later) {
    const old = former.get(name);
    out.push(old === undefined ? added(name, node) : compare(name, old, node, depth));
    out.push(...(goneAfter.get(name) ?? []));
  }
  return out;
}

function items(before: JsonNode, after: JsonNode, depth: number): Difference[] {
  const out: Difference[] = [];
  const pair = (from: number, to: number): void => {
    out.push(compare(to, itemAt(before, from), itemAt(after, to), depth));
  };
  const [identity, formerTokens, laterTokens] = tokens(before, after);
  let [from, to] = [0, 0];
  /** What lies between two items that belong together. */
  const between = (fromEnd: number, toEnd: number): void => {
    // Items without an id of their own are taken for versions of each other, in their order.
    while (!identity && from < fromEnd && to < toEnd) pair(from++, to++);
    while (from < fromEnd) out.push(removed(nameAt(before, from), itemAt(before, from++)));
    while (to < toEnd) out.push(added(nameAt(after, to), itemAt(after, to++)));
  };
  for (const [nextFrom, nextTo] of common(formerTokens, laterTokens)) {
    between(nextFrom, nextTo);
    pair(from++, to++);
  }
  between(before.items.length, after.items.length);
  return out;
}

/** What tells an item from the others: its id where all have one, else all that it says. */
function tokens(before: JsonNode, after: JsonNode): [identity: boolean, before: string[], after: string[]] {
  // A single item on each side needs no name, and in a deep nest naming it would cost all that is in it at every level.
  if (before.items.length === 1 && after.items.length === 1) return [false, ["0"], ["0"]];
  const all = [...before.items, ...after.items];
  const first = all[0];
  if (first?.kind === "object") {
    for (const name of first.names) {
      if (!/^(id|key|name|.*_id|.*Id)$/.test(name)) continue;
      const ids = [before, after].map((list) => list.items.map((item) => idOf(item, name)));
      if (ids.every((list) => !list.includes(undefined) && new Set(list).size === list.length)) {
        return [true, ids[0] as string[], ids[1] as string[]];
      }
    }
  }
  return [false, before.items.map((item) => printJson(item, false)), after.items.map((item) => printJson(item, false))];
}

function idOf(item: JsonNode, name: string): string | undefined {
  const value = item.kind === "object" ? item.items[item.names.lastIndexOf(name)] : undefined;
  return value === undefined || isContainer(value) ? undefined : printJson(value);
}

/** Pairs of indexes of a longest common subsequence. */
function common(before: readonly string[], after: readonly string[]): [number, number][] {
  const pairs: [number, number][] = [];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) {
    pairs.push([start, start]);
    start += 1;
  }
  const tail: [number, number][] = [];
  let [fromEnd, toEnd] = [before.length, after.length];
  while (fromEnd > start && toEnd > start && before[fromEnd - 1] === after[toEnd - 1]) {
    fromEnd -= 1;
    toEnd -= 1;
    tail.push([fromEnd, toEnd]);
  }
  const [rows, columns] = [fromEnd - start, toEnd - start];
  if (rows > 0 && columns > 0 && rows * columns <= MOST_PAIRS) {
    const lengths = new Uint32Array((rows + 1) * (columns + 1));
    const at = (row: number, column: number): number => lengths[row * (columns + 1) + column] ?? 0;
    for (let row = rows - 1; row >= 0; row -= 1) {
      for (let column = columns - 1; column >= 0; column -= 1) {
        const same = before[start + row] === after[start + column];
        lengths[row * (columns + 1) + column] = same
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
      }
    }
    let [row, column] = [0, 0];
    while (row < rows && column < columns) {
      if (before[start + row] === after[start + column]) pairs.push([start + row++, start + column++]);
      else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
      else column += 1;
    }
  }
  return [...pairs, ...tail.reverse()];
}

export interface DifferenceCount {
  added: number;
  removed: number;
  changed: number;
}

/** How many places were added, removed and changed. What was added as a whole counts once. */
export function countDifferences(root: Difference): DifferenceCount {
  const count = { added: 0, removed: 0, changed: 0 };
  const waiting = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part.inside.length > 0) waiting.push(...part.inside);
    else if (part.change !== "same") count[part.change] += 1;
  }
  return count;
}

/** A row of a drawn difference: a place that differs, or a run of neighbours that don't. */
export interface DifferenceRow {
  readonly depth: number;
  readonly difference: Difference;
  /** How many neighbours this row stands for; 0 for a row of its own. */
  readonly folded: number;
}

/** What differs with the way to it; runs of the same are one row each, unless their first is in `unfolded`. */
export function differenceRows(root: Difference, unfolded: ReadonlySet<Difference>): DifferenceRow[] {
  const rows: DifferenceRow[] = [];
  walk(rows, root, 0, unfolded);
  return rows;
}

function walk(rows: DifferenceRow[], part: Difference, depth: number, unfolded: ReadonlySet<Difference>): void {
  rows.push({ depth, difference: part, folded: 0 });
  const { inside } = part;
  for (let index = 0; index < inside.length; ) {
    const first = inside[index];
    if (first === undefined) break;
    let end = index;
    while (inside[end]?.change === "same") end += 1;
    if (end === index || unfolded.has(first)) {
      for (const each of inside.slice(index, Math.max(end, index + 1))) walk(rows, each, depth + 1, unfolded);
    } else {
      rows.push({ depth: depth + 1, difference: first, folded: end - index });
    }
    index = Math.max(end, index + 1);
  }
}

/** The part of a changed text that differs, with what is common to both ends. */
export function diffText(before: string, after: string): { start: string; removed: string; added: string; end: string } {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  if (isHigh(before, start - 1)) start -= 1;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  if (isHigh(before, before.length - end - 1) || isHigh(after, after.length - end - 1)) end -= end > 0 ? 1 : 0;
  return {
    start: before.slice(0, start),
    removed: before.slice(start, before.length - end),
    added: after.slice(start, after.length - end),
    end: before.slice(before.length - end),
  };
}

/** Between the halves of a surrogate pair nothing may be cut. */
function isHigh(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}
