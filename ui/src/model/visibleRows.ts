import type { SpanNode } from "./traceTree";

/**
 * The rows to draw: the pre-order list without what hangs below a collapsed span. O(n), no allocation but the result.
 * Relies on `descendants` being the length of the run that follows a span, which `TraceTree.flatten` guarantees.
 */
export function visibleRows(order: readonly SpanNode[], collapsed: ReadonlySet<string>): readonly SpanNode[] {
  if (collapsed.size === 0) return order;
  const rows: SpanNode[] = [];
  for (let index = 0; index < order.length; index += 1) {
    const node = order[index];
    if (node === undefined) break;
    rows.push(node);
    if (collapsed.has(node.key)) index += node.descendants;
  }
  return rows;
}

/** The next failed span after `from` in reading order, going round; -1 when nothing failed. */
export function nextError(order: readonly SpanNode[], from: number): number {
  for (let step = 1; step <= order.length; step += 1) {
    const index = (from + step) % order.length;
    if (order[index]?.span.status === "error") return index;
  }
  return -1;
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

/** The collapsed set without the ancestors of `node`, so that it can be seen; the same set when it already can. */
export function reveal(collapsed: ReadonlySet<string>, node: SpanNode): ReadonlySet<string> {
  let next: Set<string> | undefined;
  for (let up = node.parent; up !== undefined; up = up.parent) {
    if (collapsed.has(up.key)) {
      next ??= new Set(collapsed);
      next.delete(up.key);
    }
  }
  return next ?? collapsed;
}

export interface Bar {
  /** Fractions of the axis, 0 to 1. */
  left: number;
  width: number;
}

/** Where a span's bar lies on an axis from `from` to `to`. A span without duration keeps its place with no width. */
export function barOf(start: number, end: number, from: number, to: number): Bar {
  const length = to - from;
  if (!(length > 0)) return { left: 0, width: 0 };
  const left = clamp((start - from) / length);
  return { left, width: clamp((end - from) / length) - left };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
