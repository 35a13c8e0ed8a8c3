import type { Span } from "../../../../api/types";
import type { JsonNode } from "../../../../model/json";
import { isContainer } from "../../../../model/json";
import { type Difference, type DifferenceRow, differenceRows } from "../../../../model/jsonDiff";
import { type JsonEntry, jsonEntries } from "../../../../model/jsonEntries";
import { type JsonRow, type Place, above, findInJson, jsonRows, keepOpen, openAll, openAtFirst } from "../../../../model/jsonTree";

/** What a reader opened, closed and unfolded in the values of one span. */
export interface StateView {
  readonly span: Span;
  readonly entries: readonly JsonEntry[];
  readonly closed: ReadonlySet<string>;
  readonly open: ReadonlyMap<string, ReadonlySet<JsonNode>>;
  /** How much of a long text is to be seen; absent is folded. */
  readonly limits: ReadonlyMap<object, number>;
  readonly unfolded: ReadonlySet<Difference>;
}

export type StateAction =
  | { type: "span"; span: Span }
  | { type: "entry"; key: string }
  | { type: "node"; key: string; node: JsonNode; open?: boolean }
  | { type: "all"; key: string; open: boolean }
  | { type: "show"; match: Match }
  | { type: "limit"; of: object; limit: number }
  | { type: "unfold"; first: Difference };

/** A place that a search found. */
export interface Match {
  readonly key: string;
  readonly place: Place;
  readonly wanted: string;
}

export function firstView(span: Span): StateView {
  const entries = jsonEntries(span);
  const isOther = (entry: JsonEntry): boolean => entry.group === "other";
  // What is no state, result or tool's value is mostly shown better by another tab.
  const closed = entries.every(isOther) ? [] : entries.filter(isOther);
  return {
    span,
    entries,
    closed: new Set(closed.map((entry) => entry.key)),
    open: new Map(entries.map((entry) => [entry.key, entry.root === undefined ? new Set() : openAtFirst(entry.root)])),
    limits: new Map(),
    unfolded: new Set(),
  };
}

export function changeView(view: StateView, action: StateAction): StateView {
  switch (action.type) {
    case "span":
      return carriedOver(view, action.span);
    case "entry":
      return { ...view, closed: toggled(view.closed, action.key) };
    case "node":
      return withOpen(view, action.key, toggled(openOf(view, action.key), action.node, action.open));
    case "all": {
      const root = view.entries.find((entry) => entry.key === action.key)?.root;
      if (root === undefined) return view;
      return withOpen({ ...view, closed: toggled(view.closed, action.key, false) }, action.key, action.open ? openAll(root) : new Set([root]));
    }
    case "show": {
      const { key, place, wanted } = action.match;
      const shown = withOpen({ ...view, closed: toggled(view.closed, key, false) }, key, new Set([...openOf(view, key), ...above(place)]));
      const at = place.node.text.toLowerCase().indexOf(wanted.toLowerCase());
      const isFolded = at > 400 || place.node.text.slice(0, Math.max(0, at)).includes("\n");
      return isFolded ? { ...shown, limits: new Map(shown.limits).set(place.node, at + wanted.length + 1_000) } : shown;
    }
    case "limit":
      return { ...view, limits: new Map(view.limits).set(action.of, action.limit) };
    case "unfold":
      return { ...view, unfolded: toggled(view.unfolded, action.first) };
  }
}

function openOf(view: StateView, key: string): ReadonlySet<JsonNode> {
  return view.open.get(key) ?? new Set();
}

function withOpen(view: StateView, key: string, open: ReadonlySet<JsonNode>): StateView {
  return { ...view, open: new Map(view.open).set(key, open) };
}

function toggled<T>(set: ReadonlySet<T>, item: T, wanted = !set.has(item)): Set<T> {
  const next = new Set(set);
  if (wanted) next.add(item);
  else next.delete(item);
  return next;
}

/** A running span's values change under the reader, who keeps what was open. */
function carriedOver(view: StateView, span: Span): StateView {
  const next = firstView(span);
  const open = new Map(next.open);
  for (const entry of next.entries) {
    const former = view.entries.find((each) => each.key === entry.key);
    if (former?.root === undefined || entry.root === undefined) continue;
    open.set(entry.key, keepOpen(former.root, entry.root, openOf(view, entry.key)));
  }
  const known = new Set(view.entries.map((entry) => entry.key));
  const closed = [...view.closed, ...[...next.closed].filter((key) => !known.has(key))];
  return { ...next, open, closed: new Set(closed) };
}

export type StateRow = { readonly entry: JsonEntry } & (
  | { readonly type: "head" | "cut" | "text" | "compare" | "empty" }
  | { readonly type: "json"; readonly row: JsonRow; readonly depth: number; readonly isOpen: boolean }
  | { readonly type: "difference"; readonly row: DifferenceRow }
);

/** The comparison that is open: of which value, and how it differs once that is known. */
export interface Comparison {
  readonly key: string | undefined;
  readonly difference: Difference | undefined;
}

/** All rows of the tab, in order. */
export function stateRows(view: StateView, comparison: Comparison, raw: boolean): StateRow[] {
  const rows: StateRow[] = [];
  for (const entry of view.entries) {
    rows.push({ type: "head", entry });
    if (view.closed.has(entry.key)) continue;
    if (entry.cut !== undefined) rows.push({ type: "cut", entry });
    const compared = comparison.key === entry.key;
    if (compared) rows.push({ type: "compare", entry });
    if (compared && comparison.difference !== undefined) {
      const shown = differenceRows(comparison.difference, view.unfolded);
      // The value itself is the head's; where nothing differs the comparison says so.
      const parts = shown.length > 1 ? shown.slice(1) : comparison.difference.change === "same" ? [] : shown;
      for (const row of parts) rows.push({ type: "difference", entry, row });
    } else if (raw || entry.root === undefined) {
      rows.push({ type: "text", entry });
    } else {
      pushJson(rows, entry, entry.root, openOf(view, entry.key));
    }
  }
  return rows;
}

function pushJson(rows: StateRow[], entry: JsonEntry, root: JsonNode, open: ReadonlySet<JsonNode>): void {
  if (isContainer(root) && root.items.length === 0) {
    rows.push({ type: "empty", entry });
    return;
  }
  const all = jsonRows(root, new Set([...open, root]));
  // The head stands for an object or list itself; a scalar has a row.
  for (const row of isContainer(root) ? all.slice(1) : all) {
    rows.push({ type: "json", entry, row, depth: Math.max(0, row.depth - 1), isOpen: open.has(row.node) });
  }
}

/** What makes a row the one it is: it stays the reader's row when others come before it. */
export function subjectOf(row: StateRow): object {
  if (row.type === "json") return row.row.node;
  if (row.type === "difference") return row.row.difference;
  return row.type === "head" ? row.entry : markOf(row.entry, row.type);
}

const marks = new WeakMap<JsonEntry, Map<string, object>>();
function markOf(entry: JsonEntry, type: string): object {
  const of = marks.get(entry) ?? new Map<string, object>();
  marks.set(entry, of);
  const mark = of.get(type) ?? {};
  of.set(type, mark);
  return mark;
}

/** Every place in every value that holds the wanted text. */
export function findMatches(entries: readonly JsonEntry[], wanted: string): Match[] {
  return entries.flatMap((entry) =>
    entry.root === undefined ? [] : findInJson(entry.root, wanted).map((place) => ({ key: entry.key, place, wanted })),
  );
}
