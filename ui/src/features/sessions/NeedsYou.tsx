import { Link } from "wouter";
import { useBarred } from "../../api/barred";
import type { Session } from "../../api/types";
import { StatusDot } from "../../components/Status";
import { canNotify, chooseNotices, useNotices } from "../../components/notices";
import { Duration } from "../../components/Time";
import { plural } from "../../model/format";
import { revealed } from "../../model/reveal";
import { type SessionFilter, parseFilter } from "../../model/sessionFilter";
import { spanAddress } from "../../model/spanAddress";
import { oneLine } from "../../model/text";
import "./needsYou.css";

/** More than these are a list of their own, and one link away. */
const MOST_ROWS = 3;

export const PAUSED: SessionFilter = parseFilter("status:paused");

/** Which sessions wait for a person, and on what, however far down the list they stand. The longest wait comes first. */
export function NeedsYou({ rows, complete, narrow }: { rows: readonly Session[]; complete: boolean; narrow: boolean }) {
  const notices = useNotices();
  // Whoever may only look is not waited for.
  const whom = useBarred("change") === undefined ? "you" : "an answer";
  if (rows.length === 0) return null;
  const first = [...rows].sort(longestFirst).slice(0, MOST_ROWS);
  const count = `${plural(rows.length, "session")}${complete ? "" : " or more"}`;
  return (
    <section className="needs-you" aria-label={`Sessions that wait for ${whom}`}>
      <h2>
        <StatusDot status="paused" />
        {count} {rows.length === 1 ? "waits" : "wait"} for {whom}
        {whom === "you" && canNotify() && !notices && (
          <button type="button" className="needs-notify" onClick={() => void chooseNotices(true)}>
            Tell me while I look elsewhere
          </button>
        )}
        {rows.length > MOST_ROWS && <Link href="/sessions?q=status%3Apaused">Show all</Link>}
      </h2>
      <ul>
        {first.map((session) => (
          <li key={session.id}>
            <Waiting session={session} narrow={narrow} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Waiting({ session, narrow }: { session: Session; narrow: boolean }) {
  const { waiting_on: wait } = session;
  const signal = oneLine(wait?.signal_name ?? "");
  const prompt = wait?.prompt == null ? "" : oneLine(wait.prompt);
  return (
    <Link href={placeOfWait(session)}>
      <span className="needs-prompt cut foreign">{prompt === "" ? signal || "a signal" : prompt}</span>
      <span className="needs-title cut foreign">{oneLine(session.title) || revealed(session.id)}</span>
      {!narrow && <span className="needs-signal cut foreign">{signal}</span>}
      {wait != null && (
        <span className="needs-since number">
          <Duration start={wait.since} end={undefined} running />
        </span>
      )}
    </Link>
  );
}

/** Where somebody can see what it waits for: the span that waits, when one tells of the wait. */
function placeOfWait({ id, waiting_on: wait }: Session): string {
  if (wait?.trace_id == null || wait.span_id == null) return `/sessions/${encodeURIComponent(id)}`;
  return spanAddress(id, wait.trace_id, wait.span_id);
}

function longestFirst(a: Session, b: Session): number {
  const since = (session: Session): string => session.waiting_on?.since ?? session.started_at;
  return since(a) < since(b) ? -1 : 1;
}
