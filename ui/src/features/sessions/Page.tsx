import { useCallback, useMemo } from "react";
import { useLocation } from "wouter";
import { useDensity } from "../../components/density";
import { Banner, ErrorState, SkeletonRows } from "../../components/States";
import { useAddress } from "../../components/useAddress";
import { useDebounced } from "../../components/useDebounced";
import { useKeys } from "../../components/useKeys";
import { NARROW, useMedia } from "../../components/useMedia";
import { useTitle } from "../../components/useTitle";
import type { Session } from "../../api/types";
import { revealed } from "../../model/reveal";
import { isEmptyFilter, parseFilter } from "../../model/sessionFilter";
import { FilterBar } from "./FilterBar";
import { NeedsYou, PAUSED } from "./NeedsYou";
import { NothingFound, NothingYet } from "./Nothing";
import { SessionTable } from "./SessionTable";
import { ROW_HEIGHTS } from "./trouble";
import { type Sessions, useSessions } from "./useSessions";
import { useStatusCounts } from "./useStatusCounts";
import "./sessions.css";

const TYPING_PAUSE_MS = 150;

export function SessionsPage() {
  const [parameters, change] = useAddress();
  const narrow = useMedia(NARROW);
  const query = parameters.get("q") ?? "";
  const grouped = parameters.get("group") === "parent";
  const settled = useDebounced(query, TYPING_PAUSE_MS, query);
  const filter = useMemo(() => parseFilter(settled), [settled]);
  const shown = useMemo(() => parseFilter(query), [query]);
  const sessions = useSessions(filter);
  const paused = useSessions(PAUSED);
  // What was asked for a while ago may have gone on since.
  const waiting = paused.rows.filter(({ status }) => status === "paused");
  // On the tab of a browser that is looked at now and then.
  useTitle(waiting.length > 0 ? `(${waiting.length}) Sessions` : "Sessions");
  // After the list, which is what somebody waits for.
  const counted = useStatusCounts(filter);
  // A list of nothing but paused sessions says by itself what they wait for.
  const onlyPaused = filter.status.length === 1 && filter.status[0] === "paused";

  useKeys({
    Escape: () => {
      if (query !== "") change({ q: "" });
    },
  });

  return (
    <main className="sessions">
      <h1 className="only-read">Sessions</h1>
      <FilterBar
        query={query}
        filter={shown}
        counted={counted}
        rows={sessions.rows}
        grouped={grouped}
        onChange={(next) => change({ q: next })}
        onGroup={(on) => change({ group: on ? "parent" : "" })}
        onLeave={leaveSearch}
      />
      {sessions.degraded.map((each) => (
        <Banner key={each.registry} tone="warn">
          <span className="foreign">
            {revealed(`${each.registry} can’t be reached, its sessions may be missing or old: ${each.message}`)}
          </span>
        </Banner>
      ))}
      {!onlyPaused && <NeedsYou rows={waiting} complete={paused.complete} narrow={narrow} />}
      <Body sessions={sessions} query={settled} grouped={grouped} narrow={narrow} onChange={(next) => change({ q: next })} />
    </main>
  );
}

interface BodyProps {
  sessions: Sessions;
  query: string;
  grouped: boolean;
  narrow: boolean;
  onChange: (query: string) => void;
}

function Body({ sessions, query, grouped, narrow, onChange }: BodyProps) {
  const [, navigate] = useLocation();
  const density = useDensity();
  const open = useCallback((session: Session) => navigate(`/sessions/${encodeURIComponent(session.id)}`), [navigate]);
  if (sessions.rows.length > 0) {
    return (
      <SessionTable
        key={`${query}\n${grouped}`}
        rows={sessions.rows}
        complete={sessions.complete}
        place={`${query}\n${grouped}`}
        grouped={grouped}
        onMore={sessions.loadMore}
        onOpen={open}
      />
    );
  }
  if (sessions.pending) return <SkeletonRows rows={14} height={ROW_HEIGHTS[density][narrow ? "narrow" : "wide"]} />;
  if (sessions.error) return <ErrorState error={sessions.error} doing="Loading the sessions" retry={sessions.reload} />;
  return isEmptyFilter(parseFilter(query)) ? <NothingYet /> : <NothingFound query={query} onChange={onChange} />;
}

function leaveSearch(): void {
  document.querySelector<HTMLElement>("[role=grid], [role=treegrid]")?.focus({ preventScroll: true });
}
