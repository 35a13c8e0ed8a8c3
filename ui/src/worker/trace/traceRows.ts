import type { SpanKind } from "../../api/types";
import { density } from "../../model/activity";
import { selfTime } from "../../model/jumps";
import type { SpanNode } from "../../model/traceTree";
import { type Folding, type VisibleRows, isFolded } from "../../model/visibleRows";
import type { Row, TraceFrame } from "./messages";

/** Parts of a folded span's time that are told apart; more would be thinner than a pixel. */
const BUSY_PARTS = 48;
/** A bar that takes a smaller share of the shown time is too short to tell anything. */
const LEAST_SHARE = 0.03;

interface About {
  order: readonly SpanNode[];
  shown: VisibleRows;
  folding: Folding;
  matches: ((node: SpanNode) => boolean) | undefined;
  /** The latest moment that is known. */
  end: number;
  /** How much time is shown, in milliseconds. */
  time: number;
}

export function rowOf(node: SpanNode, about: About): Row {
  const { span, amounts } = node;
  const folded = isFolded(node, about.folding);
  const end = node.end ?? about.end;
  return {
    key: node.key,
    span,
    start: node.start,
    end: node.end,
    depth: node.depth,
    descendants: node.descendants,
    errorsBelow: node.errorsBelow,
    position: node.position,
    siblings: node.siblings,
    folded,
    context: about.shown.context?.[node.index] === 1,
    match: about.matches?.(node) ?? false,
    tokens: amounts.tokens,
    usd: amounts.usd,
    computed: amounts.computed,
    unpriced: amounts.unpriced,
    sum: amounts.below,
    self: selfTime(node),
    busy: folded && end - node.start > about.time * LEAST_SHARE ? density(below(node, about.order), node.start, end, BUSY_PARTS) : undefined,
  };
}

function* below(node: SpanNode, order: readonly SpanNode[]): Generator<SpanNode> {
  for (let index = node.index + 1; index <= node.index + node.descendants; index += 1) {
    const each = order[index];
    if (each !== undefined) yield each;
  }
}

type Totals = Pick<TraceFrame, "kinds" | "errors" | "waits" | "derived" | "most" | "deepest">;

/** What is told of all spans, in one pass. */
export function totalsOf(order: readonly SpanNode[]): Totals {
  const kinds: Partial<Record<SpanKind, number>> = {};
  const most = { tokens: 0, usd: 0, duration: 0, self: 0 };
  let [errors, waits, derived, deepest] = [0, 0, 0, 0];
  for (const { span, amounts, start, end, depth, children } of order) {
    kinds[span.kind] = (kinds[span.kind] ?? 0) + 1;
    if (span.status === "error") errors += 1;
    if (span.kind === "human") waits += 1;
    if (span.derived === true) derived += 1;
    deepest = Math.max(deepest, depth);
    if (!amounts.below) {
      most.tokens = Math.max(most.tokens, amounts.tokens ?? 0);
      most.usd = Math.max(most.usd, amounts.usd ?? 0);
    }
    // An agent lasts as long as its work; what took long is what did the work.
    if (children.length === 0 && end !== undefined && span.kind !== "human") {
      most.duration = Math.max(most.duration, end - start);
    }
  }
  most.self = most.duration;
  return { kinds, most, errors, waits, derived, deepest };
}
