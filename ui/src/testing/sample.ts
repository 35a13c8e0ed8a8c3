import type { Session, Span, SpanSummary } from "../api/types";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const DAY = "2026-11-21T00:00:";

/** A moment `seconds` after midnight of the samples' day, as the wire writes it. */
export function at(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds % 60).toFixed(9).padStart(12, "0");
  return `${DAY.slice(0, 14)}${minutes.toString().padStart(2, "0")}:${rest}Z`;
}

export function sampleSession(change: Partial<Session> = {}): Session {
  return {
    id: "s1",
    engine: "tokio",
    title: "Refactor the parser",
    status: "running",
    started_at: at(0),
    updated_at: at(1),
    agent: "coder",
    tags: [],
    pinned: false,
    counters: {
      spans: 3,
      llm_calls: 8,
      tool_calls: 14,
      errors: 0,
      input_tokens: 40_000,
      output_tokens: 2_100,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      reasoning_tokens: 0,
      cost_usd: 0.21,
      unpriced_calls: 0,
    },
    ...change,
  };
}

let events = 0;

/** A span with a short id: `1` is `0000000000000001`. Ends a second after it started unless told otherwise. */
export function sampleSpan(id: number, parent?: number, change: Partial<SpanSummary> = {}): SpanSummary {
  events += 1;
  return {
    trace_id: TRACE,
    span_id: spanId(id),
    ...(parent !== undefined && { parent_span_id: spanId(parent) }),
    name: `span ${id}`,
    kind: "tool",
    start_time: at(id),
    end_time: at(id + 1),
    status: "ok",
    event_id: events,
    ...change,
  };
}

export function spanId(id: number): string {
  return id.toString(16).padStart(16, "0");
}

export function sampleDetail(change: Partial<Span> = {}): Span {
  return {
    trace_id: TRACE,
    span_id: spanId(1),
    name: "chat gpt-4.1",
    kind: "llm",
    otel_kind: "client",
    start_time: at(1),
    end_time: at(3.5),
    status: { code: "ok" },
    attributes: {},
    events: [],
    links: [],
    resource: {},
    scope: { name: "" },
    source: "otlp",
    ...change,
  };
}
