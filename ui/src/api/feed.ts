import { type Tone, eventWords } from "../model/eventWords";
import { SseParser } from "../model/sse";
import { apiUrl } from "./base";
import { checked } from "./client";

/** An event as the feed shows it: in one line, and as it came. */
export interface FeedEvent {
  id: number;
  type: string;
  timestamp: string;
  session_id?: string;
  trace_id?: string;
  span_id?: string;
  text: string;
  tone: Tone;
  json: string;
}

/** One message of the stream for the feed, of any type; undefined when it is no event at all. */
export function readFeedEvent(json: string): FeedEvent | undefined {
  const raw = parse(json);
  if (raw === undefined || typeof raw.id !== "number" || typeof raw.type !== "string") return undefined;
  const span = typeof raw.span === "object" && raw.span !== null ? (raw.span as Record<string, unknown>) : raw;
  return {
    id: raw.id,
    type: raw.type,
    timestamp: typeof raw.timestamp === "string" ? raw.timestamp : "",
    ...(typeof raw.session_id === "string" && { session_id: raw.session_id }),
    ...(typeof span.trace_id === "string" && { trace_id: span.trace_id }),
    ...(typeof span.span_id === "string" && { span_id: span.span_id }),
    ...eventWords(raw),
    json,
  };
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export interface Recent {
  events: FeedEvent[];
  /** Every event after this id, up to the last of them, is among them. */
  after: number;
}

/** A host that says nothing more for so long has said all that it keeps. */
const QUIET_MS = 2_000;

/**
 * The last events, up to now, at most `count`. The host has no list of them; its stream begins wherever one asks it to, and tells
 * at once where it stands. Both are read from connections that end as soon as that is known.
 */
export async function recentEvents(count: number, stop: AbortSignal): Promise<Recent> {
  let place = 0;
  await readStream(undefined, stop, (_event, id) => {
    place = id;
    return true;
  });
  const after = Math.max(0, place - count);
  const events: FeedEvent[] = [];
  if (place > 0) {
    await readStream(after, stop, (event, id) => {
      if (event !== undefined && event.id <= place) events.push(event);
      return id >= place;
    });
  }
  // What is older than all that is kept is no loss to tell of: nobody promised it.
  if (events[0]?.type === "Gap") events.shift();
  return { events, after };
}

/** Reads until `take` has enough, or nothing comes any more. `take` gets each place the stream tells, with its event if any. */
async function readStream(
  after: number | undefined,
  stop: AbortSignal,
  take: (event: FeedEvent | undefined, id: number) => boolean,
): Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([stop, done.signal]);
  let quiet = setTimeout(() => done.abort(), QUIET_MS);
  try {
    const url = apiUrl("events", { last_event_id: after });
    const headers = { accept: "text/event-stream" };
    const answer = await checked(await fetch(url, { headers, signal, cache: "no-store", credentials: "same-origin" }));
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    while (reader !== undefined) {
      const next = await reader.read();
      if (next.done) return;
      clearTimeout(quiet);
      quiet = setTimeout(() => done.abort(), QUIET_MS);
      for (const { data } of parser.push(next.value).messages) {
        const event = readFeedEvent(data);
        if (event !== undefined && take(event, event.id)) return;
      }
      const place = parser.lastId === undefined ? NaN : Number(parser.lastId);
      // The first place is where it was asked to begin, which says nothing yet.
      if (Number.isSafeInteger(place) && place !== after && take(undefined, place)) return;
    }
  } catch (error) {
    if (!done.signal.aborted || stop.aborted) throw error;
  } finally {
    clearTimeout(quiet);
    done.abort();
  }
}
