import { Search, X } from "lucide-react";
import type { SessionStatus } from "../../api/types";
import { StatusDot, statusWord } from "../../components/Status";
import { STATUSES, type SessionFilter, toggleStatus } from "../../model/sessionFilter";
import "./filterBar.css";

interface Props {
  query: string;
  filter: SessionFilter;
  onChange: (query: string) => void;
  onLeave: () => void;
}

/** The search box and the status chips: two views of one text, which is also what the address says. */
export function FilterBar({ query, filter, onChange, onLeave }: Props) {
  return (
    <div className="filter-bar">
      <div className="filter-box">
        <Search size={14} aria-hidden />
        <input
          type="text"
          data-search
          value={query}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" || event.key === "Enter") onLeave();
          }}
          placeholder="Search, or status:paused engine:claude-code"
          aria-label="Search and filter sessions"
          autoComplete="off"
          spellCheck={false}
        />
        {query === "" ? (
          <kbd aria-hidden="true">/</kbd>
        ) : (
          <button type="button" className="filter-clear" aria-label="Clear the filter" onClick={() => onChange("")}>
            <X size={14} aria-hidden />
          </button>
        )}
      </div>
      <div className="filter-chips" role="group" aria-label="Filter by status">
        {STATUSES.map((status) => (
          <Chip
            key={status}
            status={status}
            on={filter.status.includes(status)}
            onToggle={() => onChange(toggleStatus(query, status))}
          />
        ))}
      </div>
    </div>
  );
}

function Chip({ status, on, onToggle }: { status: SessionStatus; on: boolean; onToggle: () => void }) {
  return (
    <button type="button" className="filter-chip" aria-pressed={on} onClick={onToggle}>
      <StatusDot status={status} />
      {statusWord(status)}
    </button>
  );
}
