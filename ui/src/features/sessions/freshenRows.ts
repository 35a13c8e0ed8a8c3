import { getSession, listSessions } from "../../api/requests";
import type { LiveEvent, Session, SessionQuery } from "../../api/types";

/** More open rows than this at once is a list nobody reads row by row; the stream brings their next change. */
const MOST_ROWS = 100;

/**
 * What may have changed in a long list, as if the stream had said it: the newest page, and every shown row that was still
 * open. Rows that have ended don't change any more, so a list of 100,000 is current again after a few requests.
 */
export async function freshenRows(rows: readonly Session[], query: SessionQuery): Promise<LiveEvent[]> {
  const newest = await listSessions(query);
  const known = new Set(newest.sessions.map((session) => session.id));
  const open = rows.filter(({ id, status }) => !known.has(id) && (status === "running" || status === "paused"));
  const again = await Promise.allSettled(open.slice(0, MOST_ROWS).map((session) => getSession(session.id)));
  const found = again.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return [...newest.sessions, ...found].map((session) => ({ id: 0, type: "SessionUpdated", session }));
}
