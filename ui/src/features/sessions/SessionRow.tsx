import { ChevronRight, Pin } from "lucide-react";
import { memo } from "react";
import { Link } from "wouter";
import type { Session } from "../../api/types";
import { Status } from "../../components/Status";
import { Ago, Duration } from "../../components/Time";
import { revealed } from "../../model/reveal";
import type { SessionEntry } from "../../model/sessionGroups";
import { UNKNOWN, formatCount, formatSessionCost, formatTokens, plural, totalTokens } from "../../model/format";
import { oneLine } from "../../model/text";
import { ActivityLine } from "./ActivityLine";
import { trouble } from "./trouble";

/** A deeper child is drawn no further to the right: the title needs the room. */
const MOST_INDENT = 6;
const INDENT = 16;

interface Props {
  entry: SessionEntry;
  index: number;
  top: number;
  height: number;
  active: boolean;
  /** Children stand below their parents: rows have levels. */
  grouped: boolean;
  onOpen: (session: Session) => void;
  onFold: (id: string) => void;
}

export const SessionRow = memo(
  function SessionRow({ entry, index, top, height, active, grouped, onOpen, onFold }: Props) {
    const { session, depth, children, open } = entry;
    const problem = trouble(session);
    const alive = session.status === "running" || session.status === "paused";
    return (
      // The grid has the focus and the keys (active descendant); the row answers to the pointer only.
      // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
      <div
        role="row"
        id={`session-${session.id}`}
        aria-rowindex={index + 2}
        aria-selected={active}
        aria-level={grouped ? depth + 1 : undefined}
        aria-expanded={grouped && children > 0 ? open : undefined}
        className={`session-row${active ? " is-active" : ""}`}
        style={{ transform: `translateY(${top}px)`, height }}
        onClick={(event) => {
          // A click on the link or a button is its own, with all its modifiers.
          if (!(event.target as Element).closest("a, button")) onOpen(session);
        }}
      >
        <span role="gridcell" className="cell-status">
          <Status status={session.status} />
        </span>
        <span role="gridcell" className="cell-title cut" style={{ paddingLeft: Math.min(depth, MOST_INDENT) * INDENT }}>
          {children > 0 && (
            <button
              type="button"
              tabIndex={-1}
              className={`session-fold${open ? " is-open" : ""}`}
              aria-label={`${open ? "Fold" : "Show"} ${plural(children, "session")} that it started`}
              onClick={() => onFold(session.id)}
            >
              <ChevronRight size={14} aria-hidden />
            </button>
          )}
          {session.pinned && <Pin className="session-pin" size={12} role="img" aria-label="Pinned: kept whatever its age" />}
          <Link href={`/sessions/${encodeURIComponent(session.id)}`} tabIndex={-1} className="foreign">
            {oneLine(session.title) || revealed(session.id)}
          </Link>
          {isNamedAfterAgent(session) && <span className="cell-id foreign">{revealed(session.id)}</span>}
          {children > 0 && !open && <span className="cell-id">+{formatCount(children)}</span>}
          {depth === 0 && session.parent_session_id != null && <span className="cell-child">sub-session</span>}
          {session.tags.map((tag) => (
            <span key={tag} className="cell-tag foreign">
              {oneLine(tag, 40)}
            </span>
          ))}
        </span>
        <span role="gridcell" className="cell-agent cut foreign" title={oneLine(session.agent ?? "")}>
          {oneLine(session.agent ?? "")}
        </span>
        <span role="gridcell" className="cell-engine cut foreign" title={oneLine(session.engine)}>
          {oneLine(session.engine)}
        </span>
        <span role="gridcell" className="cell-activity">
          <ActivityLine session={session} />
        </span>
        <span role="gridcell" className="cell-started number">
          <Ago time={session.started_at} />
        </span>
        <span role="gridcell" className="cell-duration number">
          <Duration start={session.started_at} end={session.ended_at} running={alive} />
        </span>
        <Numbers session={session} />
        {problem && (
          <span role="gridcell" className={`cell-trouble cut foreign is-${problem.tone}`} title={problem.text}>
            {problem.text}
          </span>
        )}
      </div>
    );
  },
  // Entries are made anew whenever the list changes; their sessions are not.
  (before, after) =>
    before.entry.session === after.entry.session &&
    before.entry.depth === after.entry.depth &&
    before.entry.children === after.entry.children &&
    before.entry.open === after.entry.open &&
    before.index === after.index &&
    before.top === after.top &&
    before.height === after.height &&
    before.active === after.active &&
    before.grouped === after.grouped &&
    before.onOpen === after.onOpen &&
    before.onFold === after.onFold,
);

function Numbers({ session }: { session: Session }) {
  const { counters } = session;
  const tokens = totalTokens(counters);
  const cost = formatSessionCost(counters);
  const unpriced = cost.text === UNKNOWN && counters.unpriced_calls > 0;
  return (
    <>
      <span role="gridcell" className="cell-spans number">
        <Zero count={counters.spans} />
      </span>
      <span role="gridcell" className="cell-llm number">
        <Zero count={counters.llm_calls} />
      </span>
      <span role="gridcell" className="cell-tools number">
        <Zero count={counters.tool_calls} />
      </span>
      <span role="gridcell" className={`cell-errors number${counters.errors > 0 ? " is-some" : ""}`}>
        <Zero count={counters.errors} />
      </span>
      <span
        role="gridcell"
        className="cell-tokens number"
        title={tokens === undefined ? "No token counts reported" : tokenTitle(session)}
      >
        {tokens === undefined ? <Unknown /> : <Zero count={tokens} format={formatTokens} />}
      </span>
      <span role="gridcell" className="cell-cost number" title={cost.meaning}>
        {unpriced ? <span className="faint unpriced">unpriced</span> : cost.text === UNKNOWN ? <Unknown /> : cost.text}
      </span>
    </>
  );
}

/** An agent's name is no name for its run, many rows would read the same; their ids tell them apart. */
function isNamedAfterAgent({ title, agent }: Session): boolean {
  const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, "");
  return agent != null && plain(title) === plain(agent);
}

/** A count of none is true and uninteresting: it steps back. */
function Zero({ count, format = formatCount }: { count: number; format?: (count: number) => string }) {
  return count === 0 ? <span className="faint">0</span> : format(count);
}

function Unknown() {
  return <span className="faint unknown">{UNKNOWN}</span>;
}

function tokenTitle({ counters }: Session): string {
  const parts: [number, string][] = [
    [counters.input_tokens, "in"],
    [counters.output_tokens, "out"],
    [counters.cache_read_tokens, "of the input read from cache"],
    [counters.cache_write_tokens, "written to cache"],
    [counters.reasoning_tokens, "reasoning"],
  ];
  return parts
    .filter(([count], index) => count > 0 || index < 2)
    .map(([count, what]) => `${formatCount(count)} ${what}`)
    .join(", ");
}
