import { ListTree } from "lucide-react";
import { useMemo } from "react";
import type { Session, SessionStatus } from "../../api/types";
import { StatusDot, statusWord } from "../../components/Status";
import { formatCount } from "../../model/format";
import { STATUSES, type SessionFilter, toggleStatus } from "../../model/sessionFilter";
import type { KnownValues } from "../../model/suggestions";
import { FilterBox } from "./FilterBox";

interface Props {
  query: string;
  filter: SessionFilter;
  rows: readonly Session[];
  /** The rows are all there are. */
  complete: boolean;
  grouped: boolean;
  onChange: (query: string) => void;
  onGroup: (grouped: boolean) => void;
  onLeave: () => void;
}

/** The search box and the status chips: two views of one text, which is also what the address says. */
export function FilterBar({ query, filter, rows, complete, grouped, onChange, onGroup, onLeave }: Props) {
  const counts = useMemo(() => countStatuses(rows), [rows]);
  const known = useMemo(() => knownValues(rows), [rows]);
  return (
    <div className="filter-bar">
      <FilterBox query={query} known={known} onChange={onChange} onLeave={onLeave} />
      <div className="filter-chips" role="group" aria-label="Filter by status">
        {STATUSES.map((status) => (
          <Chip
            key={status}
            status={status}
            count={counts.get(status) ?? 0}
            complete={complete}
            loaded={rows.length}
            on={filter.status.includes(status)}
            onToggle={() => onChange(toggleStatus(query, status))}
          />
        ))}
      </div>
      <button
        type="button"
        className="chip filter-group"
        aria-pressed={grouped}
        title="Show sessions below the one that started them"
        onClick={() => onGroup(!grouped)}
      >
        <ListTree size={14} aria-hidden />
        <span>Group</span>
      </button>
    </div>
  );
}

interface ChipProps {
  status: SessionStatus;
  count: number;
  complete: boolean;
  loaded: number;
  on: boolean;
  onToggle: () => void;
}

/** How many of the shown sessions stand so. While there are more to come the number is a beginning, and says so. */
function Chip({ status, count, complete, loaded, on, onToggle }: ChipProps) {
  const about = complete ? "of those in the list" : `of the newest ${formatCount(loaded)} in the list`;
  return (
    <button type="button" className="chip" aria-pressed={on} title={`${formatCount(count)} ${about}`} onClick={onToggle}>
      <StatusDot status={status} />
      {statusWord(status)}
      {count > 0 && <span className="chip-count">{`${formatCount(count)}${complete ? "" : "+"}`}</span>}
    </button>
  );
}

function countStatuses(rows: readonly Session[]): Map<SessionStatus, number> {
  const counts = new Map<SessionStatus, number>();
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** Enough to propose; the box takes any other value too. */
const LOOKED_AT = 2_000;

function knownValues(rows: readonly Session[]): KnownValues {
  const seen = { engines: new Set<string>(), agents: new Set<string>(), tags: new Set<string>() };
  for (const { engine, agent, tags } of rows.slice(0, LOOKED_AT)) {
    seen.engines.add(engine);
    if (agent != null) seen.agents.add(agent);
    for (const tag of tags) seen.tags.add(tag);
  }
  return { engines: [...seen.engines].sort(), agents: [...seen.agents].sort(), tags: [...seen.tags].sort() };
}
