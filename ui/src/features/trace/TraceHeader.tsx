import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Session } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { Status } from "../../components/Status";
import { Ago, Amount, Duration } from "../../components/Time";
import { UNKNOWN, formatCount, formatSessionCost, formatTokens, totalTokens } from "../../model/format";
import { oneLine } from "../../model/text";
import type { TraceSnapshot } from "./traceStore";

interface Props {
  id: string;
  session: Session | undefined;
  snapshot: TraceSnapshot;
  back: string;
}

export function TraceHeader({ id, session, snapshot, back }: Props) {
  return (
    <header className="trace-header">
      <div className="trace-title">
        <Link href={back} className="trace-back" aria-label="Back to the sessions" title="Back to the sessions (Esc)">
          <ChevronLeft size={16} aria-hidden />
        </Link>
        <h1 className="cut foreign" title={session?.title}>
          {session ? oneLine(session.title) || id : id}
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
        {session && <Counters session={session} snapshot={snapshot} />}
      </div>
      {session && (
        <div className="trace-facts">
          {session.agent != null && (
            <Fact name="Agent">
              <span className="foreign cut">{session.agent}</span>
            </Fact>
          )}
          <Fact name="Engine">
            <span className="foreign cut">{session.engine}</span>
          </Fact>
          <Fact name="Started">
            <Ago time={session.started_at} />
          </Fact>
          <Fact name="Session">
            <span className="mono foreign cut">{id}</span>
            <CopyButton text={() => id} label="Copy the session id" />
          </Fact>
          {session.tags.map((tag) => (
            <span key={tag} className="trace-tag foreign">
              {tag}
            </span>
          ))}
        </div>
      )}
      {session && <Trouble session={session} />}
    </header>
  );
}

function Counters({ session, snapshot }: { session: Session; snapshot: TraceSnapshot }) {
  const { counters } = session;
  const tokens = totalTokens(counters);
  const cost = formatSessionCost(counters);
  const fetched = snapshot.order.length;
  const total = snapshot.total ?? counters.spans;
  const spans =
    snapshot.loading && fetched < total
      ? `${formatCount(fetched)} / ${formatCount(total)}`
      : formatCount(Math.max(fetched, counters.spans));
  return (
    <ul className="trace-counters">
      <li>
        <Amount text={`${spans} spans`} />
      </li>
      <li>
        {formatCount(counters.llm_calls)} <span className="unit">LLM</span>
      </li>
      <li>
        <Amount text={`${formatCount(counters.tool_calls)} tools`} />
      </li>
      {counters.errors > 0 && (
        <li className="is-error">
          {formatCount(counters.errors)} {counters.errors === 1 ? "error" : "errors"}
        </li>
      )}
      <li>
        {tokens === undefined ? <span className="faint">{UNKNOWN}</span> : formatTokens(tokens)} <span className="unit">tokens</span>
      </li>
      {(cost.text !== UNKNOWN || counters.unpriced_calls > 0) && (
        <li title={cost.meaning}>{cost.text === UNKNOWN ? <span className="faint">unpriced</span> : cost.text}</li>
      )}
    </ul>
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
  return (
    <>
      {session.status === "paused" && waiting != null && (
        <p className="trace-trouble is-paused">
          <span className="foreign">
            Waits for {waiting.signal_name}
            {waiting.prompt == null ? "" : `: ${oneLine(waiting.prompt)}`}
          </span>
          <Ago time={waiting.since} />
        </p>
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
