import { memo } from "react";
import { Link } from "wouter";
import type { Session } from "../../api/types";
import { Status } from "../../components/Status";
import { Ago, Duration } from "../../components/Time";
import { UNKNOWN, formatCount, formatSessionCost, formatTokens, totalTokens } from "../../model/format";
import { oneLine } from "../../model/text";

/** Heights are known without measuring, so a list of 100,000 rows scrolls like one of ten. */
export const ROW_HEIGHT = { wide: 32, narrow: 54, trouble: 20 };

export function rowHeight(session: Session, narrow: boolean): number {
  return (narrow ? ROW_HEIGHT.narrow : ROW_HEIGHT.wide) + (trouble(session) === undefined ? 0 : ROW_HEIGHT.trouble);
}

interface Trouble {
  tone: "paused" | "failed";
  text: string;
}

/** The second line: what it waits for, or the first thing that went wrong. No click is needed for the first answer. */
export function trouble(session: Session): Trouble | undefined {
  const { waiting_on: waiting, error, status } = session;
  if (status === "paused" && waiting != null) {
    const prompt = waiting.prompt == null ? "" : `: ${oneLine(waiting.prompt)}`;
    return { tone: "paused", text: `Waits for ${waiting.signal_name}${prompt}` };
  }
  return error == null || error === "" ? undefined : { tone: "failed", text: oneLine(error) };
}

interface Props {
  session: Session;
  index: number;
  top: number;
  active: boolean;
  narrow: boolean;
  onOpen: (session: Session) => void;
}

export const SessionRow = memo(function SessionRow({ session, index, top, active, narrow, onOpen }: Props) {
  const problem = trouble(session);
  const { counters } = session;
  const tokens = totalTokens(counters);
  const cost = formatSessionCost(counters);
  const alive = session.status === "running" || session.status === "paused";
  return (
    // The grid has the focus and the keys (active descendant); the row answers to the pointer only.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      role="row"
      id={`session-${session.id}`}
      aria-rowindex={index + 2}
      aria-selected={active}
      className={`session-row${active ? " is-active" : ""}`}
      style={{ transform: `translateY(${top}px)`, height: rowHeight(session, narrow) }}
      onClick={(event) => {
        // A click on the link is the link's own, with all its modifiers.
        if (!(event.target as Element).closest("a")) onOpen(session);
      }}
    >
      <span role="gridcell" className="cell-status">
        <Status status={session.status} />
      </span>
      <span role="gridcell" className="cell-title cut">
        <Link href={`/sessions/${encodeURIComponent(session.id)}`} tabIndex={-1} className="foreign">
          {oneLine(session.title) || session.id}
        </Link>
        {isNamedAfterAgent(session) && <span className="cell-id foreign">{session.id}</span>}
      </span>
      <span role="gridcell" className="cell-agent cut foreign" title={session.agent}>
        {session.agent ?? ""}
      </span>
      <span role="gridcell" className="cell-engine cut foreign" title={session.engine}>
        {session.engine}
      </span>
      <span role="gridcell" className="cell-started number">
        <Ago time={session.started_at} />
      </span>
      <span role="gridcell" className="cell-duration number">
        <Duration start={session.started_at} end={session.ended_at} running={alive} />
      </span>
      <span role="gridcell" className="cell-llm number">
        <Zero count={counters.llm_calls} />
      </span>
      <span role="gridcell" className="cell-tools number">
        <Zero count={counters.tool_calls} />
      </span>
      <span
        role="gridcell"
        className="cell-tokens number"
        title={tokens === undefined ? "No token counts reported" : tokenTitle(session)}
      >
        {tokens === undefined ? <Unknown /> : <Zero count={tokens} format={formatTokens} />}
      </span>
      <span role="gridcell" className="cell-cost number" title={cost.meaning}>
        {cost.text === UNKNOWN ? <Unknown /> : cost.text}
      </span>
      {problem && (
        <span role="gridcell" className={`cell-trouble cut foreign is-${problem.tone}`} title={problem.text}>
          {problem.text}
        </span>
      )}
    </div>
  );
});

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
