import type { SpanSummary } from "../api/types";
import { mayBeHidden, parentKey, shownSpans } from "./shownSpans";
import { type Amounts, addBelow, ownAmounts } from "./amounts";
import { toMillis } from "./time";

/** One span with its place in the tree. Identity is stable for the life of the tree; `span` is replaced by updates. */
export interface SpanNode {
  readonly key: string;
  span: SpanSummary;
  /** Milliseconds since the epoch, parsed once. */
  start: number;
  end: number | undefined;
  parent: SpanNode | undefined;
  children: SpanNode[];
  /** Written by `flatten`: its place in reading order. */
  index: number;
  /** Written by `flatten`: how deep, how many below, how many of those failed, and how many of those run. */
  depth: number;
  descendants: number;
  errorsBelow: number;
  runningBelow: number;
  /** Written by `flatten`: tokens and cost of it and what is below, each call counted once. */
  amounts: Amounts;
  /** Written by `flatten`: place among its siblings, counted from 1, and how many they are. */
  position: number;
  siblings: number;
}

export function spanKey(traceId: string, spanId: string): string {
  return `${traceId}:${spanId}`;
}

/**
 * The spans of a session as a tree that grows while they arrive, in any order.
 *
 * Upserts cost the depth of the span at most; the pre-order list is made anew in one pass, and only when something
 * changed. Nothing here knows of a view: whoever shows it asks `flatten()` after each batch.
 */
export class TraceTree {
  readonly nodes = new Map<string, SpanNode>();
  /** Earliest start and latest known moment, for the time axis. */
  start = Infinity;
  end = -Infinity;
  /** Spans that are running now. */
  running = 0;

  private readonly roots: SpanNode[] = [];
  private order: SpanNode[] = [];
  private stale = false;
  /** All spans, shown or not, from the first on that may not be shown; without any, the tree itself has them all. */
  private all: Map<string, SpanSummary> | undefined;
  /** Details and double reports are shown too. */
  private everything = false;

  /** Adds spans or replaces the ones already known. Older news about a known span is ignored. */
  upsert(spans: readonly SpanSummary[]): void {
    if (this.all === undefined && spans.some(mayBeHidden)) {
      this.all = new Map([...this.nodes].map(([key, node]) => [key, node.span]));
    }
    if (this.all === undefined) {
      for (const span of spans) this.put(span);
      return;
    }
    for (const span of spans) {
      const key = spanKey(span.trace_id, span.span_id);
      const known = this.all.get(key);
      if (known === undefined || isNews(known, span)) this.all.set(key, span);
    }
    this.decide();
  }

  /** Shows every span that was sent, or only those that matter to a person. */
  showEverything(everything: boolean): void {
    if (this.everything === everything) return;
    this.everything = everything;
    this.decide();
  }

  /** Spans that were said to be details or to be put together, shown or not. */
  get minor(): number {
    let minor = 0;
    for (const span of this.all?.values() ?? []) if (mayBeHidden(span)) minor += 1;
    return minor;
  }

  private decide(): void {
    if (this.all === undefined) return;
    const real = [...this.all.values()].filter((span) => span.placeholder !== true);
    this.show(this.everything ? real : shownSpans(real));
  }

  find(traceId: string | undefined, spanId: string): SpanNode | undefined {
    if (traceId !== undefined) return this.nodes.get(spanKey(traceId, spanId));
    for (const node of this.nodes.values()) if (node.span.span_id === spanId) return node;
    return undefined;
  }

  /** Whether the span is here and not shown: a detail, or reported better by another. */
  conceals(traceId: string | undefined, spanId: string): boolean {
    if (this.all === undefined || this.everything) return false;
    const named = [...this.all.values()].find((span) => span.span_id === spanId && (traceId === undefined || span.trace_id === traceId));
    return named !== undefined && named.placeholder !== true && this.find(traceId, spanId) === undefined;
  }

  /** All spans in pre-order. The array is the same object until a span is added or changed. */
  flatten(): readonly SpanNode[] {
    if (this.stale) {
      this.order = preOrder(this.roots);
      this.stale = false;
    }
    return this.order;
  }

  /** Has the tree hold these spans and no others. */
  private show(spans: readonly SpanSummary[]): void {
    const wanted = new Set<string>();
    for (const span of spans) {
      wanted.add(spanKey(span.trace_id, span.span_id));
      const parent = parentKey(span);
      if (parent !== undefined) wanted.add(parent);
      this.put(span);
    }
    // Nothing that is shown hangs below them any more.
    for (const [key, node] of [...this.nodes]) {
      if (wanted.has(key)) continue;
      this.detach(node);
      this.nodes.delete(key);
      if (isRunning(node.span)) this.running -= 1;
      this.stale = true;
    }
  }

  private put(span: SpanSummary): void {
    const key = spanKey(span.trace_id, span.span_id);
    const known = this.nodes.get(key);
    if (known === undefined) {
      const node = this.create(key, span);
      this.attach(node);
      return;
    }
    if (isNews(known.span, span)) this.replace(known, span);
  }

  private replace(node: SpanNode, span: SpanSummary): void {
    const before = node.span;
    const startBefore = node.start;
    if (isRunning(before)) this.running -= 1;
    node.span = span;
    this.measure(node);
    if (isRunning(span)) this.running += 1;
    if (parentKey(before) !== parentKey(span)) {
      this.detach(node);
      this.attach(node);
    } else if (node.start !== startBefore) {
      const siblings = node.parent?.children ?? this.roots;
      remove(siblings, node);
      insert(siblings, node);
      this.stale = true;
    }
    // What is summed up over the tree may be another now.
    this.stale = true;
  }

  private create(key: string, span: SpanSummary): SpanNode {
    const node: SpanNode = {
      key,
      span,
      start: 0,
      end: undefined,
      parent: undefined,
      children: [],
      index: 0,
      depth: 0,
      descendants: 0,
      errorsBelow: 0,
      runningBelow: 0,
      amounts: ownAmounts(span),
      position: 1,
      siblings: 1,
    };
    this.measure(node);
    this.nodes.set(key, node);
    if (isRunning(span)) this.running += 1;
    this.stale = true;
    return node;
  }

  private measure(node: SpanNode): void {
    node.start = toMillis(node.span.start_time);
    node.end = node.span.end_time == null ? undefined : toMillis(node.span.end_time);
    if (node.start < this.start) this.start = node.start;
    const last = node.end ?? node.start;
    if (last > this.end) this.end = last;
  }

  private attach(node: SpanNode): void {
    const parent = this.parentOf(node);
    node.parent = parent;
    insert(parent?.children ?? this.roots, node);
    this.stale = true;
  }

  private detach(node: SpanNode): void {
    remove(node.parent?.children ?? this.roots, node);
    node.parent = undefined;
  }

  private parentOf(node: SpanNode): SpanNode | undefined {
    const key = parentKey(node.span);
    if (key === undefined || key === node.key) return undefined;
    const known = this.nodes.get(key);
    if (known === undefined) {
      const made = this.create(key, placeholder(node.span, key));
      this.attach(made);
      return made;
    }
    // Only a span that already has children can close a circle, so the common case never climbs.
    if (node.children.length > 0) {
      for (let up: SpanNode | undefined = known; up !== undefined; up = up.parent) if (up === node) return undefined;
    }
    return known;
  }
}

/** Still open. A placeholder is unknown rather than running. */
export function isRunning(span: SpanSummary): boolean {
  return span.end_time == null && span.placeholder !== true && span.abandoned !== true;
}

/** A placeholder carries no news; a page fetched earlier must not undo a later event. */
function isNews(known: SpanSummary, span: SpanSummary): boolean {
  return span.event_id >= known.event_id && (span.placeholder !== true || known.placeholder === true);
}

function placeholder(child: SpanSummary, key: string): SpanSummary {
  const [traceId = "", spanId = ""] = key.split(":");
  return {
    trace_id: traceId,
    span_id: spanId,
    name: "Not reported yet",
    kind: "other",
    start_time: child.start_time,
    status: "unset",
    placeholder: true,
    event_id: 0,
  };
}

function before(a: SpanNode, b: SpanNode): boolean {
  return a.start < b.start || (a.start === b.start && a.span.span_id < b.span.span_id);
}

/** Keeps siblings in order of start. News mostly belongs at the end, so that place is tried first. */
function insert(siblings: SpanNode[], node: SpanNode): void {
  const last = siblings.at(-1);
  if (last === undefined || before(last, node)) {
    siblings.push(node);
    return;
  }
  let low = 0;
  let high = siblings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = siblings[middle];
    if (at !== undefined && before(at, node)) low = middle + 1;
    else high = middle;
  }
  siblings.splice(low, 0, node);
}

function remove(siblings: SpanNode[], node: SpanNode): void {
  const index = siblings.lastIndexOf(node);
  if (index >= 0) siblings.splice(index, 1);
}

/** Depth first without recursion: a chain of 50,000 spans is unusual but must not overflow the stack. */
function preOrder(roots: readonly SpanNode[]): SpanNode[] {
  const order: SpanNode[] = [];
  const stack: SpanNode[] = [];
  push(stack, roots, 0);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    order.push(node);
    push(stack, node.children, node.depth + 1);
  }
  // Backwards, every child comes before its parent, so one pass sums up the whole tree.
  for (let index = order.length - 1; index >= 0; index -= 1) {
    const node = order[index];
    if (node === undefined) continue;
    node.index = index;
    const { parent } = node;
    if (parent === undefined) continue;
    parent.descendants += node.descendants + 1;
    parent.errorsBelow += node.errorsBelow + (node.span.status === "error" ? 1 : 0);
    parent.runningBelow += node.runningBelow + (isRunning(node.span) ? 1 : 0);
    parent.amounts = addBelow(parent.amounts, node.amounts);
  }
  return order;
}

function push(stack: SpanNode[], siblings: readonly SpanNode[], depth: number): void {
  for (let index = siblings.length - 1; index >= 0; index -= 1) {
    const node = siblings[index];
    if (node === undefined) continue;
    node.depth = depth;
    node.descendants = 0;
    node.errorsBelow = 0;
    node.runningBelow = 0;
    node.amounts = ownAmounts(node.span);
    node.position = index + 1;
    node.siblings = siblings.length;
    stack.push(node);
  }
}
