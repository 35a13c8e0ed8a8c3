import { useMemo } from "react";
import { useLocation, useSearchParams } from "wouter";
import { Banner, CodeLine, EmptyState, ErrorState, SkeletonRows } from "../../components/States";
import { useDebounced } from "../../components/useDebounced";
import { useKeys } from "../../components/useKeys";
import { useTitle } from "../../components/useTitle";
import { mountUrl } from "../../api/base";
import { isEmptyFilter, parseFilter } from "../../model/sessionFilter";
import { FilterBar } from "./FilterBar";
import { ROW_HEIGHT } from "./SessionRow";
import { SessionTable } from "./SessionTable";
import { useSessions } from "./useSessions";
import "./sessions.css";

const TYPING_PAUSE_MS = 150;

export function SessionsPage() {
  const [parameters, setParameters] = useSearchParams();
  const [, navigate] = useLocation();
  useTitle("Sessions");
  const query = parameters.get("q") ?? "";
  const settled = useDebounced(query, TYPING_PAUSE_MS, query);
  const filter = useMemo(() => parseFilter(settled), [settled]);
  const shown = useMemo(() => parseFilter(query), [query]);
  const sessions = useSessions(filter);

  function setQuery(next: string): void {
    setParameters(next === "" ? {} : { q: next }, { replace: true });
  }

  useKeys({
    Escape: () => {
      if (query !== "") setQuery("");
    },
  });

  return (
    <main className="sessions">
      <h1 className="only-read">Sessions</h1>
      <FilterBar query={query} filter={shown} onChange={setQuery} onLeave={leaveSearch} />
      {sessions.degraded.map((each) => (
        <Banner key={each.registry} tone="warn">
          <span className="foreign">
            {each.registry} can’t be reached, its sessions may be missing or old: {each.message}
          </span>
        </Banner>
      ))}
      <Body sessions={sessions} query={settled} clear={() => setQuery("")} open={(id) => navigate(`/sessions/${id}`)} />
    </main>
  );
}

interface BodyProps {
  sessions: ReturnType<typeof useSessions>;
  query: string;
  clear: () => void;
  open: (id: string) => void;
}

function Body({ sessions, query, clear, open }: BodyProps) {
  if (sessions.rows.length > 0) {
    return (
      <SessionTable
        key={query}
        rows={sessions.rows}
        complete={sessions.complete}
        place={query}
        onMore={sessions.loadMore}
        onOpen={(session) => open(encodeURIComponent(session.id))}
      />
    );
  }
  if (sessions.pending) return <SkeletonRows rows={14} height={ROW_HEIGHT.wide} />;
  if (sessions.error) return <ErrorState error={sessions.error} doing="Loading the sessions" retry={sessions.reload} />;
  return isEmptyFilter(parseFilter(query)) ? <NothingYet /> : <NothingFound query={query} clear={clear} />;
}

function NothingYet() {
  const endpoint = mountUrl.href.replace(/\/$/, "");
  const path = mountUrl.pathname.replace(/\/$/, "");
  // At the root there is nothing to nest below.
  const mounting = path === "" ? "merge(inspector.router())" : `nest("${path}", inspector.router())`;
  return (
    <EmptyState title="No session yet">
      <p className="muted">
        The inspector is mounted and listening. Sessions appear here by themselves, as soon as an agent runs in this program:
      </p>
      <CodeLine label="Copy the code" code={`let app = app.${mounting};`} />
      <p className="muted">Any other program can report here with OpenTelemetry:</p>
      <CodeLine label="Copy the setting" code={`OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`} />
    </EmptyState>
  );
}

function NothingFound({ query, clear }: { query: string; clear: () => void }) {
  return (
    <EmptyState title="No session matches">
      <p className="muted">
        Nothing was found for <code className="foreign">{query}</code>.
      </p>
      <button type="button" className="button" onClick={clear}>
        Clear the filter
      </button>
    </EmptyState>
  );
}

function leaveSearch(): void {
  document.querySelector<HTMLElement>("[role=grid]")?.focus({ preventScroll: true });
}
