import type { SpanSummary } from "../api/types";
import { toMillis } from "./time";

/** Spans that hold a value of one name, in the order in which the values were last written. */
export interface Snapshots {
  readonly earlier: readonly SpanSummary[];
  readonly later: readonly SpanSummary[];
}

/** Where a span stands among its session's. */
export interface Moment {
  readonly trace_id: string;
  readonly span_id: string;
  readonly start_time: string;
  readonly end_time?: string;
}

/**
 * Parts the spans at one of them. A value may be written anew as long as its span runs, so the end of the span is the moment
 * that counts: a session's own span, which began before all others, holds the last version and not the first.
 */
export function snapshotsAround(self: Moment, spans: readonly SpanSummary[]): Snapshots {
  const others = spans.filter((span) => span.span_id !== self.span_id || span.trace_id !== self.trace_id);
  others.sort(order);
  return {
    earlier: others.filter((span) => order(span, self) < 0),
    later: others.filter((span) => order(span, self) > 0),
  };
}

function order(a: Moment, b: Moment): number {
  return compare(written(a), written(b)) || compare(toMillis(a.start_time), toMillis(b.start_time)) || (a.span_id < b.span_id ? -1 : 1);
}

function written(span: Moment): number {
  return span.end_time === undefined ? Infinity : toMillis(span.end_time);
}

/** A difference of two infinities would be no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
