import type { Counters, Cost } from "../api/types";

/** A missing value: never drawn as 0, because 0 is something somebody measured. */
export const UNKNOWN = "—";

/** Tokens: exact below a thousand, then three significant digits: `840`, `12.4k`, `1.25M`. */
export function formatTokens(count: number | undefined): string {
  if (count === undefined) return UNKNOWN;
  if (count < 1000) return count.toString();
  if (count < 999_500) return `${digits(count / 1000)}k`;
  if (count < 999_500_000) return `${digits(count / 1_000_000)}M`;
  return `${digits(count / 1_000_000_000)}G`;
}

function digits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : Math.round(value).toString();
}

const GROUPED = new Intl.NumberFormat("en-US");

/** A whole number with thousands marks, for places where every digit counts. */
export function formatCount(count: number): string {
  return GROUPED.format(count);
}

/** Dollars with two significant digits below a cent, so that `$0.0025` doesn't read as nothing. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "$0";
  const size = Math.abs(usd);
  if (size >= 1000) return `$${GROUPED.format(Math.round(usd))}`;
  if (size >= 0.095) return `$${usd.toFixed(2)}`;
  if (size < 0.000001) return "<$0.000001";
  const [whole, decimals = ""] = Number(usd.toPrecision(2)).toFixed(7).split(".");
  return `$${whole}.${decimals.replace(/0+$/, "").padEnd(2, "0")}`;
}

export interface CostText {
  text: string;
  /** What the mark means, for a tooltip and for those who don't see it. */
  meaning: string;
}

/** What ≈ says. The list may have been another when an older call was priced, so its day stands on the health page only. */
const COMPUTED = "Computed from tokens and the price list; Health says which";

/** Cost of one call: reported plain, computed with ≈, unknown as a dash. */
export function formatCost(cost: Cost | undefined): CostText {
  if (cost === undefined) return { text: UNKNOWN, meaning: "Unpriced: no cost is known" };
  if (cost.source === "computed") {
    return { text: `≈${formatUsd(cost.usd)}`, meaning: COMPUTED };
  }
  return { text: formatUsd(cost.usd), meaning: "Reported by the provider" };
}

/**
 * Cost of a whole session: ≈ when a part of it was computed, `+` when calls are missing from it, so that the sum is known to be
 * too small.
 */
export function formatSessionCost(counters: Counters): CostText {
  const { cost_usd: usd, unpriced_calls: unpriced } = counters;
  const calls = unpriced === 1 ? "1 call" : `${formatCount(unpriced)} calls`;
  if (usd == null) {
    return { text: UNKNOWN, meaning: unpriced > 0 ? `Unpriced: no price is known for ${calls}` : "Nothing to price" };
  }
  const { computed_cost_usd: computed } = counters;
  const source = costSource(usd, computed ?? undefined);
  const text = `${computed == null ? "" : "≈"}${formatUsd(usd)}`;
  if (unpriced > 0) return { text: `${text}+`, meaning: `At least; no price is known for ${calls}. ${source}` };
  return { text, meaning: source };
}

function costSource(usd: number, computed: number | undefined): string {
  if (computed === undefined) return "Reported for all priced calls";
  // Sums of the same calls may differ in the last digit.
  const reported = usd - computed;
  if (reported <= usd * 1e-9) return COMPUTED;
  return `${formatUsd(reported)} reported, ${formatUsd(computed)} computed from tokens and the price list`;
}

/**
 * Input and output together, as the list shows them; undefined when nobody said anything, which hooks of an agent's program do
 * not. A sum of 0 can be a report too: a call counts as priced or unpriced only when it reported its usage.
 */
export function totalTokens(counters: Counters): number | undefined {
  const total = counters.input_tokens + counters.output_tokens;
  const reported = counters.cost_usd != null || counters.unpriced_calls > 0;
  return total > 0 || reported ? total : undefined;
}

/** Sizes in decimal units, as disks and transfer meters state them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value).toString()} ${units[unit] ?? ""}`;
}

/** `1 span`, `2 spans`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
