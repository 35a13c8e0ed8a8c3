import type { SpanKind } from "../../api/types";
import { isError, isWait, nextWhere, slowestChild, tokenJumps } from "../../model/jumps";
import type { SpanNode } from "../../model/traceTree";
import { type Folding, isFolded } from "../../model/visibleRows";
import type { Step } from "./messages";

interface From {
  order: readonly SpanNode[];
  rows: readonly SpanNode[];
  chosen: SpanNode | undefined;
  folding: Folding;
  hidden: ReadonlySet<SpanKind>;
  found: readonly SpanNode[] | undefined;
  end: number;
}

interface Went {
  node: SpanNode;
  /** Instead of going there. */
  fold?: "open" | "close";
}

/** Where a step leads; undefined when there is nothing of the kind. */
export function destination(step: Step, from: From): Went | undefined {
  const node = "by" in step ? byRows(step.by, from) : undefined;
  if (node !== undefined) return { node };
  return "to" in step ? named(step.to, from) : undefined;
}

function byRows(by: number, { rows, chosen }: From): SpanNode | undefined {
  const at = chosen === undefined ? -1 : rows.indexOf(chosen);
  if (at < 0) return rows[0];
  return rows[Math.min(rows.length - 1, Math.max(0, at + by))];
}

function named(to: Extract<Step, { to: string }>["to"], from: From): Went | undefined {
  const { order, rows, chosen, folding, hidden, found, end } = from;
  const at = chosen?.index ?? -1;
  const went = (node: SpanNode | undefined): Went | undefined => node && { node };
  switch (to) {
    case "first":
      return went(rows[0]);
    case "last":
      return went(rows.at(-1));
    case "parent":
      return went(chosen?.parent);
    case "child":
      return went(chosen?.children[0]);
    case "next-sibling":
    case "previous-sibling":
      return went(sibling(chosen, to === "next-sibling" ? 1 : -1, rows));
    case "in":
      if (chosen === undefined) return went(rows[0]);
      return isFolded(chosen, folding) ? { node: chosen, fold: "open" } : went(rows[rows.indexOf(chosen) + 1]?.parent === chosen ? rows[rows.indexOf(chosen) + 1] : undefined);
    case "out":
      if (chosen === undefined) return undefined;
      return chosen.children.length > 0 && !isFolded(chosen, folding) ? { node: chosen, fold: "close" } : went(chosen.parent);
    case "error":
      return went(nextWhere(order, at, (node) => isError(node) && !hidden.has(node.span.kind)));
    case "wait":
      return went(nextWhere(order, at, (node) => isWait(node) && !hidden.has(node.span.kind)));
    case "slowest":
      return went(chosen && slowestChild(chosen, end));
    case "divergence": {
      const jumps = new Set(tokenJumps(order));
      return went(jumps.size === 0 ? undefined : nextWhere(order, at, (node) => jumps.has(node)));
    }
    case "match":
    case "previous-match": {
      const matches = new Set(found);
      return went(matches.size === 0 ? undefined : nextWhere(order, at, (node) => matches.has(node), to === "match" ? 1 : -1));
    }
  }
}

/** The next row beside the chosen one: below the same parent, or among the roots. */
function sibling(chosen: SpanNode | undefined, direction: 1 | -1, rows: readonly SpanNode[]): SpanNode | undefined {
  if (chosen === undefined) return rows[0];
  for (let at = rows.indexOf(chosen) + direction; at >= 0 && at < rows.length; at += direction) {
    const node = rows[at];
    if (node === undefined || node.depth < chosen.depth) return undefined;
    if (node.parent === chosen.parent && node.depth === chosen.depth) return node;
  }
  return undefined;
}
