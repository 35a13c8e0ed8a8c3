import { ChevronLeft } from "lucide-react";
import { type ReactNode, Suspense, lazy, memo, useState } from "react";
import { Link } from "wouter";
import type { Session } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { Revealed } from "../../components/Revealed";
import { Status } from "../../components/Status";
import { Ago, Duration } from "../../components/Time";
import { formatCount, plural } from "../../model/format";
import { revealed } from "../../model/reveal";
import { can } from "../../model/sessionControls";
import { spanAddress } from "../../model/spanAddress";
import { oneLine } from "../../model/text";
import { TraceActions } from "./TraceActions";
import { TraceCounters } from "./TraceCounters";
import { SHOWN_CHILDREN, useRelatives } from "./useRelatives";

// Few sessions wait, and only then is there something to answer with.
const Waits = lazy(() => import("./answer/Waits"));

interface Props {
  id: string;
  session: Session | undefined;
  /** Spans that are here, of how many there are. */
  spans: number;
  total: number | undefined;
  loading: boolean;
  back: string;
  leave: () => void;
}

/** What a session is, where it stands and what it waits for, what it cost, and what can be done with it. */
export const TraceHeader = memo(function TraceHeader({ id, session, spans, total, loading, back, leave }: Props) {
  return (
    <header className="trace-header">
      <div className="trace-title">
        <Link href={back} className="trace-back" aria-label="Back to the sessions" title="Back to the sessions (Esc)">
          <ChevronLeft size={16} aria-hidden />
        </Link>
        <h1 className="cut foreign" title={session && revealed(session.title)}>
          {oneLine(session?.title ?? "") || revealed(id)}
        </h1>
        {session && <Status status={session.status} />}
        {session && (
          <span className="trace-elapsed">
            <Duration
              start={session.started_at}
              end={session.ended_at}
              running={session.status === "running" || session.status === "paused"}
            />
          </span>
        )}
        {session && <TraceCounters session={session} spans={spans} total={total} loading={loading} />}
        <TraceActions id={id} session={session} leave={leave} />
      </div>
      {session && <Facts id={id} session={session} />}
      {session && <Trouble session={session} />}
    </header>
  );
});

function Facts({ id, session }: { id: string; session: Session }) {
  const { parent, children, count } = useRelatives(session);
  return (
    <div className="trace-facts">
      {session.agent != null && (
        <Fact name="Agent">
          <span className="foreign cut">{oneLine(session.agent)}</span>
        </Fact>
      )}
      <Fact name="Engine">
        <span className="foreign cut">{oneLine(session.engine)}</span>
      </Fact>
      <Fact name="Started">
        <Ago time={session.started_at} />
      </Fact>
      <Fact name="Session">
        <span className="mono foreign cut" title={session.external_id == null ? undefined : revealed(`The sender calls it ${session.external_id}`)}>
          {revealed(id)}
        </span>
        <CopyButton text={() => id} label="Copy the session id" />
      </Fact>
      {session.parent_session_id != null && (
        <Fact name="Started by">
          <SessionLink id={session.parent_session_id} title={parent?.title} />
        </Fact>
      )}
      {children.length > 0 && (
        <Fact name={plural(count, "sub-session")}>
          {children.slice(0, SHOWN_CHILDREN).map((child) => (
            <SessionLink key={child.id} id={child.id} title={child.title} />
          ))}
          {count > SHOWN_CHILDREN && (
            <Link href={`/sessions?q=${encodeURIComponent(`parent:${id}`)}`}>{`and ${formatCount(count - SHOWN_CHILDREN)} more`}</Link>
          )}
        </Fact>
      )}
      {session.tags.map((tag) => (
        <Link key={tag} className="trace-tag foreign" href={`/sessions?q=${encodeURIComponent(`tag:${tag}`)}`} title="Sessions with this tag">
          {oneLine(tag)}
        </Link>
      ))}
    </div>
  );
}

function SessionLink({ id, title }: { id: string; title: string | undefined }) {
  return (
    <Link href={`/sessions/${encodeURIComponent(id)}`} className="foreign cut trace-relative">
      {oneLine(title ?? "") || revealed(id)}
    </Link>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <span className="trace-fact">
      <span className="faint">{name}</span>
      {children}
    </span>
  );
}

/** What it waits for, and the first thing that went wrong: the answer to most visits. */
function Trouble({ session }: { session: Session }) {
  const { waiting_on: waiting, error } = session;
  // Once it has asked, what became of the question is told too, although it goes on.
  const [asked, setAsked] = useState(false);
  if (session.status === "paused" && !asked) setAsked(true);
  return (
    <>
      {session.status === "paused" && waiting != null && (
        <div className="trace-trouble is-paused">
          <span>
            Waits for <b className="foreign">{oneLine(waiting.signal_name)}</b>
          </span>
          {waiting.trace_id != null && waiting.span_id != null && (
            <Link href={spanAddress(session.id, waiting.trace_id, waiting.span_id)}>Show the span</Link>
          )}
          {waiting.prompt != null && !can(session, "signal") && (
            <pre className="trace-prompt foreign">
              <Revealed text={waiting.prompt} />
            </pre>
          )}
          <Ago time={waiting.since} />
        </div>
      )}
      {asked && (
        <Suspense>
          <Waits session={session} />
        </Suspense>
      )}
      {error != null && error !== "" && (
        <p className={`trace-trouble ${session.status === "failed" ? "is-failed" : "is-mild"}`}>
          <span>First error</span>
          <span className="foreign">{oneLine(error)}</span>
        </p>
      )}
    </>
  );
}
