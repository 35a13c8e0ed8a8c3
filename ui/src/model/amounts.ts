import type { SpanSummary } from "../api/types";

/**
 * Tokens and cost of a span with what is below it. Every call is counted once: what an agent or a client says about calls
 * that are reported below it too is not added to them.
 */
export interface Amounts {
  /** Undefined when nobody said any. */
  readonly tokens: number | undefined;
  readonly usd: number | undefined;
  /** A part of `usd` was computed from a price list. */
  readonly computed: boolean;
  /** Calls with tokens and without a price. */
  readonly unpriced: number;
  /** The sum of spans below, and not what the span itself said. */
  readonly below: boolean;
}

const NOTHING: Amounts = { tokens: undefined, usd: undefined, computed: false, unpriced: 0, below: false };

/** What the span itself said. */
export function ownAmounts(span: SpanSummary): Amounts {
  const { usage, cost } = span;
  if (usage == null && cost == null) return NOTHING;
  const said = usage?.input_tokens !== undefined || usage?.output_tokens !== undefined;
  return {
    tokens: said ? (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0) : undefined,
    usd: cost?.usd,
    computed: cost?.source === "computed",
    unpriced: said && cost == null && span.kind === "llm" ? 1 : 0,
    below: false,
  };
}

/** A parent's amounts with those of one of its children: the first that says something replaces what the parent said itself. */
export function addBelow(parent: Amounts, child: Amounts): Amounts {
  if (child.tokens === undefined && child.usd === undefined) return parent;
  const sum = parent.below ? parent : NOTHING;
  return {
    tokens: plus(sum.tokens, child.tokens),
    usd: plus(sum.usd, child.usd),
    computed: sum.computed || child.computed,
    unpriced: sum.unpriced + child.unpriced,
    below: true,
  };
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : a + b;
}
