import { ListTree } from "lucide-react";
import { useMemo } from "react";
import type { Session, SessionStatus } from "../../api/types";
import { StatusDot, statusWord } from "../../components/Status";
import { formatCount } from "../../model/format";
import { STATUSES, type SessionFilter, toggleStatus } from "../../model/sessionFilter";
import type { KnownValues } from "../../model/suggestions";
import { FilterBox } from "./FilterBox";
import type { Counted } from "./useStatusCounts";

interface Props {
  query: string;
  filter: SessionFilter;
  /** How many there are of each status; unknown until the host has counted. */
  counted: Counted | undefined;
  rows: readonly Session[];
  grouped: boolean;
  onChange: (query: string) => void;
  onGroup: (grouped: boolean) => void;
  onLeave: () => void;
}

/** The search box and the status chips: two views of one text, which is also what the address says. */
export function FilterBar({ query, filter, counted, rows, grouped, onChange, onGroup, onLeave }: Props) {
  const known = useMemo(() => knownValues(rows), [rows]);
  return (
    <div className="filter-bar">
      <FilterBox query={query} known={known} onChange={onChange} onLeave={onLeave} />
      <div className="filter-chips" role="group" aria-label="Filter by status">
        {STATUSES.map((status) => (
          <Chip
            key={status}
            status={status}
            count={counted?.counts[status]}
            atLeast={counted?.atLeast === true}
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
  /** Unknown until the host has counted. */
  count: number | undefined;
  atLeast: boolean;
  on: boolean;
  onToggle: () => void;
}

/** How many sessions stand so, with the rest of the filter as it is. */
function Chip({ status, count, atLeast, on, onToggle }: ChipProps) {
  const number = count === undefined ? undefined : `${formatCount(count)}${atLeast ? "+" : ""}`;
  const title = number === undefined ? undefined : `${number} ${count === 1 ? "session" : "sessions"}${atLeast ? ", perhaps more" : ""}`;
  return (
    <button type="button" className="chip" aria-pressed={on} title={title} onClick={onToggle}>
      <StatusDot status={status} />
      {statusWord(status)}
      {count !== undefined && count > 0 && <span className="chip-count">{number}</span>}
    </button>
  );
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
