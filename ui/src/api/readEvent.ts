import type { LiveEvent, Session, SpanSummary } from "./types";

/** The types this page acts on: asked for by name, so that a chatty host's logs don't cross the wire for nothing. */
export const WANTED_TYPES = [
  "SessionStarted",
  "SessionUpdated",
  "SessionFinished",
  "SessionMerged",
  "SessionRemoved",
  "SpanStarted",
  "SpanFinished",
  "WaitingOnSignal",
  "SignalReceived",
  "CancelRequested",
  "BeforeStep",
  "BreakpointSet",
  "BreakpointRemoved",
  "Gap",
  "RecordsDropped",
] as const;

/**
 * One message of the stream as a typed event; undefined when it is not an event at all. The stream outlives versions on
 * both sides, so a type nobody here knows is kept as `Other`, and one whose body is not as promised is treated the same.
 */
export function readEvent(text: string): LiveEvent | undefined {
  const raw = parse(text);
  if (raw === undefined || typeof raw.id !== "number" || typeof raw.type !== "string") return undefined;
  const base = {
    id: raw.id,
    ...(typeof raw.session_id === "string" && { session_id: raw.session_id }),
    ...(typeof raw.timestamp === "string" && { timestamp: raw.timestamp }),
  };
  const { type } = raw;
  switch (type) {
    case "SessionStarted":
    case "SessionUpdated":
    case "SessionFinished":
      if (isSession(raw.session)) return { ...base, type, session: raw.session };
      break;
    case "SessionMerged":
      if (base.session_id !== undefined && typeof raw.into === "string") {
        return { ...base, session_id: base.session_id, type, into: raw.into };
      }
      break;
    case "SessionRemoved":
      if (base.session_id !== undefined) return { ...base, session_id: base.session_id, type };
      break;
    case "SpanStarted":
    case "SpanFinished":
      if (base.session_id !== undefined && isSpan(raw.span)) {
        return { ...base, session_id: base.session_id, type, span: raw.span };
      }
      break;
    case "SignalReceived":
      if (base.session_id !== undefined && typeof raw.signal_name === "string") {
        return { ...base, session_id: base.session_id, type, signal_name: raw.signal_name, ...texts(raw, "wait_id", "decision", "by") };
      }
      break;
    case "CancelRequested":
      if (base.session_id !== undefined) return { ...base, session_id: base.session_id, type, ...texts(raw, "by") };
      break;
    case "WaitingOnSignal":
    case "BeforeStep":
    case "BreakpointSet":
    case "BreakpointRemoved":
      // That it happened is all that is acted on: what it is about is asked for.
      return { ...base, type };
    case "RecordsDropped":
      if (typeof raw.total === "number") return { ...base, type, total: raw.total };
      break;
    case "Gap":
      return { ...base, type, at_most: typeof raw.at_most === "number" ? raw.at_most : 0 };
  }
  return { ...base, type: "Other", name: type };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Those of the named fields that are texts. */
function texts<Name extends string>(raw: Record<string, unknown>, ...names: Name[]): Partial<Record<Name, string>> {
  return Object.fromEntries(names.flatMap((name) => (typeof raw[name] === "string" ? [[name, raw[name]]] : []))) as Partial<Record<Name, string>>;
}

function isSession(value: unknown): value is Session {
  return (
    isRecord(value) &&
    typeof value.id === "string" &&
    typeof value.started_at === "string" &&
    typeof value.status === "string" &&
    isRecord(value.counters)
  );
}

function isSpan(value: unknown): value is SpanSummary {
  return (
    isRecord(value) &&
    typeof value.trace_id === "string" &&
    typeof value.span_id === "string" &&
    typeof value.start_time === "string"
  );
}
