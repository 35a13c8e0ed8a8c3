import type { LiveEvent, Session, SessionList } from "../api/types";
import { matches, type SessionFilter } from "./sessionFilter";

/** The list's order: newest first by (started_at, id). Both sort as text. */
export function newerFirst(a: Session, b: Session): number {
  if (a.started_at !== b.started_at) return a.started_at < b.started_at ? 1 : -1;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}

/**
 * Applies live events to the pages fetched so far and returns new pages, or the same array when nothing changed.
 * One pass over the rows for the whole batch, however many events it holds.
 *
 * A session that would stand below the last fetched row is left out while there are more pages: it arrives with its page.
 */
export function applyToPages(
  pages: readonly SessionList[],
  events: readonly LiveEvent[],
  filter: SessionFilter,
): readonly SessionList[] {
  const latest = new Map<string, Session | undefined>();
  for (const event of events) {
    if (event.type === "SessionMerged" || event.type === "SessionRemoved") latest.set(event.session_id, undefined);
    else if ("session" in event) latest.set(event.session.id, event.session);
  }
  if (latest.size === 0 || pages.length === 0) return pages;

  const moved: Session[] = [];
  const next = pages.map((page) => applyToPage(page, latest, filter, moved));
  for (const [, session] of latest) if (session !== undefined && matches(filter, session)) moved.push(session);
  for (const session of moved) place(next, session);
  return next.every((page, index) => page === pages[index]) ? pages : next;
}

/** Replaces known rows in place and takes what it met out of `latest`; a row whose start changed is handed to `moved`. */
function applyToPage(
  page: SessionList,
  latest: Map<string, Session | undefined>,
  filter: SessionFilter,
  moved: Session[],
): SessionList {
  // Most pages of a long list are met by none of a frame's events; they are not copied for nothing.
  if (!page.sessions.some((row) => latest.has(row.id))) return page;
  let changed = false;
  const sessions: Session[] = [];
  for (const row of page.sessions) {
    if (!latest.has(row.id)) {
      sessions.push(row);
      continue;
    }
    const session = latest.get(row.id);
    latest.delete(row.id);
    // A page fetched later may know more than an event that waited for it.
    if (session !== undefined && session.updated_at < row.updated_at) {
      sessions.push(row);
      continue;
    }
    changed = true;
    if (session === undefined || !matches(filter, session)) continue;
    if (session.started_at === row.started_at) sessions.push(session);
    else moved.push(session);
  }
  return changed ? { ...page, sessions } : page;
}

function place(pages: SessionList[], session: Session): void {
  for (const [index, page] of pages.entries()) {
    const isLast = index === pages.length - 1;
    const tail = page.sessions.at(-1);
    const belongsHere = tail !== undefined && newerFirst(session, tail) < 0;
    if (!belongsHere && !isLast) continue;
    if (!belongsHere && page.next_cursor != null) return;
    const at = page.sessions.findIndex((row) => newerFirst(session, row) < 0);
    const sessions = page.sessions.slice();
    sessions.splice(at < 0 ? sessions.length : at, 0, session);
    pages[index] = { ...page, sessions };
    return;
  }
}

/**
 * All rows of all pages, each once: a session that moved between two fetches may stand on both pages. What the last call found
 * is kept, so that a page that was fetched behind many costs what it holds and not what stands before it.
 */
export class PageRows {
  private pages: readonly SessionList[] = [];
  private readonly seen = new Set<string>();
  private rows: readonly Session[] = [];

  of(pages: readonly SessionList[]): readonly Session[] {
    if (pages === this.pages) return this.rows;
    const known = this.pages;
    const goesOn = known.length <= pages.length && known.every((page, index) => page === pages[index]);
    if (!goesOn) this.seen.clear();
    const added: Session[] = [];
    for (const page of goesOn ? pages.slice(known.length) : pages) {
      for (const session of page.sessions) {
        if (this.seen.has(session.id)) continue;
        this.seen.add(session.id);
        added.push(session);
      }
    }
    this.pages = pages;
    this.rows = goesOn ? this.rows.concat(added) : added;
    return this.rows;
  }
}
