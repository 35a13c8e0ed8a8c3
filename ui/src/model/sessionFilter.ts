import type { Session, SessionStatus } from "../api/types";
import { readMoment } from "./since";
import { toMillis } from "./time";

export const STATUSES: readonly SessionStatus[] = [
  "running",
  "paused",
  "failed",
  "completed",
  "cancelled",
  "abandoned",
];

/** What the search box asks for. */
export interface SessionFilter {
  status: SessionStatus[];
  engine: string[];
  agent?: string;
  tag?: string;
  /** The session that started them. */
  parent?: string;
  pinned?: boolean;
  /** Moments as they were typed: `24h` means another one a minute later. */
  since?: string;
  until?: string;
  text: string;
}

const FIELD = /^(status|engine|agent|tag|parent|pinned|since|until):(.+)$/;
const YES_NO: Record<string, boolean> = { yes: true, true: true, no: false, false: false };

/**
 * Reads the search box: `status:paused engine:codex refund` is two fields and a text. A field that means nothing
 * (`status:purple`) stays text, so that the reader finds nothing instead of everything. Quotes keep spaces together.
 */
export function parseFilter(query: string): SessionFilter {
  const filter: SessionFilter = { status: [], engine: [], text: "" };
  const words: string[] = [];
  for (const word of tokens(query)) {
    const match = FIELD.exec(word);
    const value = match?.[2]?.replace(/^"(.*)"?$/, (_all, inner: string) => inner.replace(/"$/, "")) ?? "";
    if (!takeField(filter, match?.[1], value)) words.push(word.replaceAll('"', ""));
  }
  filter.text = words.join(" ");
  return filter;
}

/** False when the field means nothing with this value. */
function takeField(filter: SessionFilter, field: string | undefined, value: string): boolean {
  switch (field) {
    case "status":
      return isStatus(value) && filter.status.push(value) > 0;
    case "engine":
      return filter.engine.push(value) > 0;
    case "agent":
    case "tag":
    case "parent":
      filter[field] = value;
      return true;
    case "pinned":
      if (!Object.hasOwn(YES_NO, value)) return false;
      filter.pinned = YES_NO[value] === true;
      return true;
    case "since":
    case "until":
      if (readMoment(value, 0) === undefined) return false;
      filter[field] = value;
      return true;
    default:
      return false;
  }
}

/** The words of the box, each with its quotes. */
export function tokens(query: string): string[] {
  return query.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
}

function isStatus(word: string): word is SessionStatus {
  return (STATUSES as readonly string[]).includes(word);
}

/** The same box with `status:x` added, or taken out when it was there: what a filter chip does. */
export function toggleStatus(query: string, status: SessionStatus): string {
  const word = `status:${status}`;
  const kept = tokens(query).filter((token) => token !== word);
  return (tokens(query).length === kept.length ? [word, ...kept] : kept).join(" ");
}

export function isEmptyFilter(filter: SessionFilter): boolean {
  return (
    filter.status.length === 0 &&
    filter.engine.length === 0 &&
    filter.agent === undefined &&
    filter.tag === undefined &&
    filter.parent === undefined &&
    filter.pinned === undefined &&
    filter.since === undefined &&
    filter.until === undefined &&
    filter.text === ""
  );
}

/** The box without one of its fields, or without all that is no field. */
export function withoutField(query: string, field: "status" | "engine" | "agent" | "tag" | "parent" | "pinned" | "since" | "until" | "text"): string {
  const isField = (token: string): boolean => parseFilter(token).text === "";
  return tokens(query)
    .filter((token) => (field === "text" ? isField(token) : !(isField(token) && token.startsWith(`${field}:`))))
    .join(" ");
}

/**
 * Whether a session that arrived live belongs into the filtered list. The server's text search may look at more than
 * a summary carries; what is not recognised here appears with the next fetch.
 */
export function matches(filter: SessionFilter, session: Session, now = Date.now()): boolean {
  if (filter.status.length > 0 && !filter.status.includes(session.status)) return false;
  if (filter.engine.length > 0 && !filter.engine.includes(session.engine)) return false;
  if (filter.agent !== undefined && filter.agent !== session.agent) return false;
  if (filter.tag !== undefined && !session.tags.includes(filter.tag)) return false;
  if (filter.parent !== undefined && filter.parent !== session.parent_session_id) return false;
  if (filter.pinned !== undefined && filter.pinned !== session.pinned) return false;
  return isInRange(filter, session, now) && hasWords(filter.text, session);
}

function isInRange({ since, until }: SessionFilter, session: Session, now: number): boolean {
  if (since === undefined && until === undefined) return true;
  const began = toMillis(session.started_at);
  const from = since === undefined ? undefined : readMoment(since, now);
  const to = until === undefined ? undefined : readMoment(until, now);
  return (from === undefined || began >= from) && (to === undefined || began < to);
}

function hasWords(text: string, { title, id, agent, error }: Session): boolean {
  if (text === "") return true;
  const whole = [title, id, agent, error].join("\n").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word));
}
