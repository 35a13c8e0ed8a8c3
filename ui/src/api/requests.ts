import { getJson } from "./client";
import type { BreakpointList, Health, SearchResults, Session, SessionList, SessionQuery, Span, SpanPage, SpanSummary, WaitList } from "./types";

/** Rows per request while a reader scrolls; the first page is smaller because somebody waits for it. */
export const FIRST_SESSIONS = 100;
export const MORE_SESSIONS = 500;
/** A first screenful comes at once; the rest in the contract's maximum, so that 50,000 spans are six requests. */
export const FIRST_SPANS = 1_000;
export const MORE_SPANS = 10_000;
/** The contract's maximum for one page of a search. */
const MOST_HITS = 200;

export function listSessions(query: SessionQuery, cursor?: string, signal?: AbortSignal): Promise<SessionList> {
  const limit = cursor === undefined ? FIRST_SESSIONS : MORE_SESSIONS;
  return getJson("sessions", { ...(query as Record<string, string | string[] | undefined>), limit, cursor }, signal);
}

/** How many sessions of each status there are, whatever status is asked for. */
export function countSessions(query: SessionQuery, signal?: AbortSignal): Promise<SessionList> {
  return getJson("sessions", { ...(query as Record<string, string | string[] | undefined>), counts: "true", limit: 1 }, signal);
}

/** The newest sessions that a session started, and how many there are. */
export function listChildren(parent: string, limit: number, signal?: AbortSignal): Promise<SessionList> {
  return getJson("sessions", { parent, counts: "true", limit }, signal);
}

/** The contract's maximum of sessions asked for by their ids. */
export const MOST_IDS = 100;

export function getSessions(ids: readonly string[], signal?: AbortSignal): Promise<SessionList> {
  return getJson("sessions", { id: [...ids], limit: MOST_IDS }, signal);
}

export function getSession(id: string, signal?: AbortSignal): Promise<Session> {
  return getJson(`sessions/${encodeURIComponent(id)}`, {}, signal);
}

export function listWaits(id: string, signal?: AbortSignal): Promise<WaitList> {
  return getJson(`sessions/${encodeURIComponent(id)}/waits`, {}, signal);
}

export function listBreakpoints(signal?: AbortSignal): Promise<BreakpointList> {
  return getJson("breakpoints", {}, signal);
}

export interface SpanRange {
  cursor?: string | undefined;
  /** Only rows that changed after this event. */
  since?: number | undefined;
}

export function listSpans(id: string, range: SpanRange, signal?: AbortSignal): Promise<SpanPage> {
  const limit = range.cursor === undefined && range.since === undefined ? FIRST_SPANS : MORE_SPANS;
  // All of them: what is shown is decided anew with every event that comes.
  return getJson(`sessions/${encodeURIComponent(id)}/spans`, { limit, details: "true", ...range }, signal);
}

export function getSpan(id: string, traceId: string, spanId: string, signal?: AbortSignal): Promise<Span> {
  const path = `sessions/${encodeURIComponent(id)}/spans/${encodeURIComponent(spanId)}`;
  return getJson(path, { trace_id: traceId }, signal);
}

/** A span that was found, and the session it is in. */
export interface FoundSpan {
  span: SpanSummary;
  session: string | undefined;
}

/** Spans that match a query of the search, newest first, at most `most`. */
export async function findSpans(q: string, sessionId: string | undefined, most: number, signal?: AbortSignal): Promise<FoundSpan[]> {
  const found: FoundSpan[] = [];
  let cursor: string | undefined;
  do {
    const page = await search({ q, session_id: sessionId }, cursor, signal, Math.min(MOST_HITS, most - found.length));
    for (const hit of page.hits) if (hit.type === "span") found.push({ span: hit.span, session: hit.session_id });
    cursor = page.next_cursor;
  } while (cursor != null && found.length < most);
  return found;
}

export interface SearchQuery {
  q: string;
  since?: string | undefined;
  until?: string | undefined;
  session_id?: string | undefined;
}

/** A screenful of hits and some more. */
export const SEARCH_HITS = 50;

export function search(query: SearchQuery, cursor?: string, signal?: AbortSignal, limit = SEARCH_HITS): Promise<SearchResults> {
  return getJson("search", { ...query, limit, cursor }, signal);
}

export function getHealth(signal?: AbortSignal): Promise<Health> {
  return getJson("health", {}, signal);
}
