import { useState } from "react";
import { useLocation } from "wouter";
import { Banner, ErrorState, SkeletonRows } from "../../components/States";
import { Splitter } from "../../components/Splitter";
import { useKeys } from "../../components/useKeys";
import { NARROW, useMedia } from "../../components/useMedia";
import { useTitle } from "../../components/useTitle";
import { SpanPanel } from "./panel/SpanPanel";
import { SpanTree } from "./SpanTree";
import { TraceHeader } from "./TraceHeader";
import { ROW_HEIGHT } from "./SpanRow";
import { usePanelWidth } from "./usePanelWidth";
import { useSelection } from "./useSelection";
import { useTrace } from "./useTrace";
import "./trace.css";

type View = "tree" | "timeline" | "span";
const VIEWS: [View, string][] = [
  ["tree", "Tree"],
  ["timeline", "Timeline"],
  ["span", "Attributes"],
];

/** The debugger: the span tree with its time bars on one side, the chosen span on the other. */
export function TracePage({ id, back }: { id: string; back: string }) {
  const [, navigate] = useLocation();
  const trace = useTrace(id, (into) => navigate(`/sessions/${encodeURIComponent(into)}`, { replace: true }));
  const { store, snapshot, session } = trace;
  useTitle(session?.title ?? id);
  const selection = useSelection(store, snapshot, session?.status === "failed");
  const narrow = useMedia(NARROW);
  const [view, setView] = useState<View>("tree");
  const [width, setWidth] = usePanelWidth();

  useKeys({ Escape: () => navigate(back) });

  if (trace.error !== undefined && snapshot.order.length === 0) {
    return (
      <main className="trace">
        <ErrorState error={trace.error} doing="Loading this session" retry={trace.retry} />
      </main>
    );
  }

  const alive = session === undefined || session.status === "running" || session.status === "paused";
  const tree = (
    <SpanTree
      snapshot={snapshot}
      alive={alive}
      selected={selection.node}
      column={narrow ? (view === "timeline" ? "timeline" : "tree") : "both"}
      onSelect={selection.select}
      onOpen={() => setView("span")}
    />
  );
  const panel = <SpanPanel sessionId={id} node={selection.node} missing={selection.missing} alive={alive} />;

  return (
    <main className="trace">
      <TraceHeader id={id} session={session} snapshot={snapshot} back={back} />
      {snapshot.error !== undefined && (
        <Banner tone="error">
          The spans could not be loaded to the end.
          <button type="button" className="button" onClick={trace.retry}>
            Try again
          </button>
        </Banner>
      )}
      {narrow && <Segments view={view} onChange={setView} />}
      {snapshot.order.length === 0 ? (
        <NoSpans loading={snapshot.loading} alive={alive} />
      ) : narrow ? (
        <div className="trace-one">{view === "span" ? panel : tree}</div>
      ) : (
        <div className="trace-columns" style={{ gridTemplateColumns: `minmax(0, 1fr) 1px ${width}px` }}>
          {tree}
          <Splitter label="Width of the inspector" size={width} onChange={setWidth} />
          {panel}
        </div>
      )}
    </main>
  );
}

function Segments({ view, onChange }: { view: View; onChange: (view: View) => void }) {
  return (
    <div className="segments" role="group" aria-label="Shown column">
      {VIEWS.map(([name, label]) => (
        <button key={name} type="button" aria-pressed={view === name} onClick={() => onChange(name)}>
          {label}
        </button>
      ))}
    </div>
  );
}

function NoSpans({ loading, alive }: { loading: boolean; alive: boolean }) {
  if (loading) return <SkeletonRows rows={12} height={ROW_HEIGHT} />;
  return (
    <p className="trace-none muted">
      {alive ? "No span yet. They appear here as soon as the agent does something." : "This session ended without any span."}
    </p>
  );
}
