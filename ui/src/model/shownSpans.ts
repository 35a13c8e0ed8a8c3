import type { SpanSummary } from "../api/types";
import { spanKey } from "./traceTree";

/** How the ids of calls begin that count only in a session of which nothing else says any tokens. */
const FALLBACK_CALLS = ["usage:", "alone:"];

/** Whether a span may be one that a person is not shown. */
export function mayBeHidden(span: SpanSummary): boolean {
  return span.detail === true || span.derived === true;
}

/**
 * The spans that a person is shown, as the host decides it too: without details of the program that sent them, and without
 * those that were put together from hooks, log records and the like about a call that was reported better. What hung below
 * one of them hangs below the better report, or below the next span above that is shown.
 */
export function shownSpans(spans: readonly SpanSummary[]): SpanSummary[] {
  const hidden = hiddenSpans(spans);
  if (hidden.size === 0) return [...spans];
  const above = (key: string | undefined): string | undefined => {
    let at = key;
    // Broken senders make circles: then there is none.
    for (let steps = 0; at !== undefined && steps <= hidden.size; steps += 1) {
      if (!hidden.has(at)) return at;
      at = hidden.get(at);
    }
    return undefined;
  };
  const shown: SpanSummary[] = [];
  for (const span of spans) {
    if (hidden.has(keyOf(span))) continue;
    const parent = parentKey(span);
    const found = above(parent);
    shown.push(found === parent ? span : below(span, found));
  }
  return shown;
}

/** The hidden spans, each with what stands in for it. */
function hiddenSpans(spans: readonly SpanSummary[]): Map<string, string | undefined> {
  const real = new Map<string, string>();
  let counted = false;
  for (const span of spans) {
    if (span.detail === true) continue;
    const { call_id: call } = span;
    if (call != null && span.derived !== true && !real.has(call)) real.set(call, keyOf(span));
    counted ||= span.kind === "llm" && (span.usage != null || span.cost != null) && !isFallback(call);
  }
  const hidden = new Map<string, string | undefined>();
  for (const span of spans) {
    const { call_id: call } = span;
    if (span.detail === true) hidden.set(keyOf(span), parentKey(span));
    else if (span.derived !== true || call == null) continue;
    else if (isFallback(call)) {
      if (counted) hidden.set(keyOf(span), parentKey(span));
    } else if (real.has(call)) hidden.set(keyOf(span), real.get(call));
  }
  return hidden;
}

function isFallback(call: string | null | undefined): boolean {
  return call != null && FALLBACK_CALLS.some((prefix) => call.startsWith(prefix));
}

function keyOf(span: SpanSummary): string {
  return spanKey(span.trace_id, span.span_id);
}

export function parentKey(span: SpanSummary): string | undefined {
  const { parent_span_id: parent } = span;
  return parent == null ? undefined : spanKey(span.parent_trace_id ?? span.trace_id, parent);
}

function below(span: SpanSummary, parent: string | undefined): SpanSummary {
  const [trace, id] = parent?.split(":") ?? [];
  const moved: SpanSummary = { ...span };
  if (id === undefined) delete moved.parent_span_id;
  else moved.parent_span_id = id;
  if (trace === undefined || trace === span.trace_id) delete moved.parent_trace_id;
  else moved.parent_trace_id = trace;
  return moved;
}
