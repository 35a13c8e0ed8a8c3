import type { SpanKind } from "../api/types";
import { type SpanNode, isRunning } from "./traceTree";

/**
 * Which spans are folded. What a reader decided about one span stands above the level, and the level above what is usual.
 * Decisions are by span id: of two traces that use an id twice, both fold.
 */
export interface Folding {
  /** Spans at this depth and below are folded; undefined leaves it to `usual`. */
  readonly level: number | undefined;
  readonly opened: ReadonlySet<string>;
  readonly closed: ReadonlySet<string>;
  /** In a long trace only its outline is open at first, and the ways to what failed or runs. */
  readonly long: boolean;
}

export const ALL_OPEN: Folding = { level: undefined, opened: new Set(), closed: new Set(), long: false };

/** From so many spans on a trace begins as an outline: nobody reads more rows than this from the top. */
export const LONG_TRACE = 2_000;
/** How deep that outline is. */
export const OUTLINE = 1;

export function isFolded(node: SpanNode, folding: Folding): boolean {
  if (node.children.length === 0) return false;
  const { span_id: id } = node.span;
  if (folding.opened.has(id)) return false;
  if (folding.closed.has(id)) return true;
  if (folding.level !== undefined) return node.depth >= folding.level;
  return folding.long && node.depth >= OUTLINE && node.errorsBelow === 0 && node.runningBelow === 0;
}

export interface VisibleRows {
  readonly rows: readonly SpanNode[];
  /** By place in reading order: 1 for spans of a hidden kind that stand there only for what is below them. */
  readonly context: Uint8Array | undefined;
}

/**
 * The rows to draw: the pre-order list without what hangs below a folded span, and without spans of hidden kinds unless one
 * that is shown is below them. O(n), and nothing is allocated but the answer.
 *
 * Relies on `descendants` being the length of the run that follows a span, which `TraceTree.flatten` guarantees.
 */
export function visibleRows(order: readonly SpanNode[], folding: Folding, hidden: ReadonlySet<SpanKind>): VisibleRows {
  const wanted = hidden.size === 0 ? undefined : wantedSpans(order, hidden);
  const rows: SpanNode[] = [];
  for (let index = 0; index < order.length; index += 1) {
    const node = order[index];
    if (node === undefined) break;
    if (wanted?.[index] === UNWANTED) {
      index += node.descendants;
      continue;
    }
    rows.push(node);
    if (isFolded(node, folding)) index += node.descendants;
  }
  return { rows, context: wanted?.map((mark) => (mark === CONTEXT ? 1 : 0)) };
}

const UNWANTED = 0;
const CONTEXT = 1;
const WANTED = 2;

function wantedSpans(order: readonly SpanNode[], hidden: ReadonlySet<SpanKind>): Uint8Array {
  const marks = new Uint8Array(order.length);
  for (let index = order.length - 1; index >= 0; index -= 1) {
    const node = order[index];
    if (node === undefined) continue;
    if (!hidden.has(node.span.kind)) marks[index] = WANTED;
    const { parent } = node;
    if (marks[index] !== UNWANTED && parent !== undefined && marks[parent.index] === UNWANTED) marks[parent.index] = CONTEXT;
  }
  return marks;
}

/**
 * What a reader most likely came for, while nothing is chosen: in a failed session the first span that failed by itself
 * and not because of one below it; otherwise the root.
 */
export function firstLook(order: readonly SpanNode[], failed: boolean): SpanNode | undefined {
  const culprit = failed
    ? order.find((node) => node.span.status === "error" && node.errorsBelow === 0 && node.span.placeholder !== true)
    : undefined;
  return culprit ?? order[0];
}

/** The folding with every span above `node` open, so that it can be seen; the same when it already can. */
export function reveal(folding: Folding, node: SpanNode): Folding {
  const above: string[] = [];
  for (let up = node.parent; up !== undefined; up = up.parent) if (isFolded(up, folding)) above.push(up.span.span_id);
  if (above.length === 0) return folding;
  const closed = new Set(folding.closed);
  for (const id of above) closed.delete(id);
  return { ...folding, opened: new Set([...folding.opened, ...above]), closed };
}

/** The folding with one span folded or opened. */
export function fold(folding: Folding, node: SpanNode, closed: boolean): Folding {
  const { span_id: id } = node.span;
  const next = { ...folding, opened: new Set(folding.opened), closed: new Set(folding.closed) };
  next.opened.delete(id);
  next.closed.delete(id);
  if (isFolded(node, next) !== closed) (closed ? next.closed : next.opened).add(id);
  return next;
}

/** The running span that began last, among the rows; what a reader who follows wants to see. */
export function newestRunning(rows: readonly SpanNode[]): number {
  let newest = -1;
  let start = -Infinity;
  for (let index = 0; index < rows.length; index += 1) {
    const node = rows[index];
    if (node === undefined || node.start < start || !isRunning(node.span)) continue;
    newest = index;
    start = node.start;
  }
  return newest;
}
