import type { Session, SessionStatus } from "../api/types";

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
  text: string;
}

const FIELD = /^(status|engine|agent|tag):(.+)$/;

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
    if (match?.[1] === "status" && isStatus(value)) filter.status.push(value);
    else if (match?.[1] === "engine") filter.engine.push(value);
    else if (match?.[1] === "agent") filter.agent = value;
    else if (match?.[1] === "tag") filter.tag = value;
    else words.push(word.replaceAll('"', ""));
  }
  filter.text = words.join(" ");
  return filter;
}

function tokens(query: string): string[] {
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
    filter.text === ""
  );
}

/**
 * Whether a session that arrived live belongs into the filtered list. The server's text search may look at more than
 * a summary carries; what is not recognised here appears with the next fetch.
 */
export function matches(filter: SessionFilter, session: Session): boolean {
  if (filter.status.length > 0 && !filter.status.includes(session.status)) return false;
  if (filter.engine.length > 0 && !filter.engine.includes(session.engine)) return false;
  if (filter.agent !== undefined && filter.agent !== session.agent) return false;
  if (filter.tag !== undefined && !session.tags.includes(filter.tag)) return false;
  const text = filter.text.toLowerCase();
  return (
    text === "" ||
    [session.title, session.id, session.agent, session.engine, session.error].some((field) =>
      field?.toLowerCase().includes(text),
    )
  );
}
