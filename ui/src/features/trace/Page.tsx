import { useCallback, useMemo, useRef } from "react";
import { useLocation } from "wouter";
import { elapsedUntil } from "../../api/clock";
import { Splitter } from "../../components/Splitter";
import { Banner, ErrorState, SkeletonRows } from "../../components/States";
import { NARROW, useMedia } from "../../components/useMedia";
import { useNow } from "../../components/useNow";
import { useTitle } from "../../components/useTitle";
import { revealed } from "../../model/reveal";
import type { SpanNode } from "../../model/traceTree";
import type { TraceView } from "../../model/traceAddress";
import type { Chosen, Row, Step } from "../../worker/trace/messages";
import { LiveNotes } from "./LiveNotes";
import { SpanPanel } from "./panel/SpanPanel";
import { ROW_HEIGHT } from "./SpanRow";
import { Toolbar } from "./Toolbar";
import { TraceGrid } from "./TraceGrid";
import { TraceHeader } from "./TraceHeader";
import { errorOf } from "./traceStore";
import { useConcealed } from "./useConcealed";
import { useLiveView } from "./useLiveView";
import { useTimeAxis } from "./useTimeAxis";
import { useTrace } from "./useTrace";
import { useTraceAddress, useTraceSync } from "./useTraceAddress";
import { useTraceKeys } from "./useTraceKeys";
import { usualWidth, useWidth } from "./useWidth";
import "./trace.css";

const USUAL_PANEL_WIDTH = 460;
const VIEWS: [TraceView, string][] = [
  ["tree", "Tree"],
  ["timeline", "Timeline"],
  ["span", "Span"],
];

interface Props {
  id: string;
  /** The list as the reader left it. */
  back: string;
}

/** The debugger: the span tree with its timeline on one side, the chosen span on the other. */
export function TracePage({ id, back }: Props) {
  const [, navigate] = useLocation();
  const trace = useTrace(id, (into) => navigate(`/sessions/${encodeURIComponent(into)}`, { replace: true }));
  const { store, frame, shape, session } = trace;
  const alive = session === undefined || session.status === "running" || session.status === "paused";
  useTitle(session?.title ?? id);
  const [address, change] = useTraceAddress();
  useTraceSync(store, frame, address, change, session?.status === "failed");

  useConcealed(frame, address, change);

  const live = useLiveView(store);
  const isTicking = alive && frame.running > 0 && !live.held;
  const now = elapsedUntil(useNow(isTicking));
  const until = live.held ? Math.max(live.heldAt, frame.end) : isTicking ? Math.max(now, frame.end) : frame.end;
  const time = useTimeAxis(frame, shape, until, address, change);

  const narrow = useMedia(NARROW);
  const view = address.view ?? "tree";
  const shows = narrow ? (view === "timeline" ? "timeline" : "tree") : "both";
  const list = useRef<HTMLDivElement>(null);
  const page = useRef(1);
  const [width, setWidth] = useWidth("panel-width", usualWidth(USUAL_PANEL_WIDTH, 0.2));

  const { leaveAlone } = live;
  const openSpan = useCallback(() => {
    if (narrow) change({ view: "span" });
  }, [narrow, change]);
  const pick = useCallback(
    (row: Row) => {
      leaveAlone();
      store.send({ type: "choose", span: { span: row.span.span_id, trace: row.span.trace_id } });
      openSpan();
    },
    [store, leaveAlone, openSpan],
  );
  const go = useCallback(
    (step: Step) => {
      leaveAlone();
      store.go(step);
      list.current?.focus({ preventScroll: true });
    },
    [store, leaveAlone],
  );
  const leave = useCallback(() => navigate(back), [navigate, back]);
  useTraceKeys({ store, frame, page, time, live, address, change, until, go, open: openSpan, leave });

  const { chosen, concealed } = frame;
  const missing = address.span !== undefined && frame.named && chosen === undefined && !frame.loading;
  // A frame for other rows is no reason to draw the panel anew.
  const panel = useMemo(
    () => <SpanPanel sessionId={id} node={chosen && asNode(chosen)} missing={missing} concealed={concealed} alive={alive} />,
    [id, chosen, missing, concealed, alive],
  );

  if (trace.error !== undefined && frame.spans === 0) {
    return (
      <main className="trace">
        <ErrorState error={trace.error} doing="Loading this session" retry={trace.retry} />
      </main>
    );
  }

  const grid = (
    <TraceGrid
      store={store}
      frame={frame}
      shape={shape}
      pageRef={page}
      follow={live.follow}
      list={list}
      time={time}
      shows={shows}
      columns={address.columns}
      alive={alive}
      until={until}
      isTicking={isTicking}
      onReader={leaveAlone}
      onPick={pick}
    />
  );

  return (
    <main className="trace">
      <TraceHeader id={id} session={session} spans={frame.spans} total={frame.total} loading={frame.loading} back={back} leave={leave} />
      {frame.spans > 0 && frame.failure !== undefined && (
        <Banner tone="error">
          The spans could not be loaded to the end. {revealed(errorOf(frame.failure)?.message ?? "")}
          <button type="button" className="button" onClick={trace.retry}>
            Try again
          </button>
        </Banner>
      )}
      <LiveNotes store={store} frame={frame} live={live} />
      {narrow && <Segments view={view} onChange={(next) => change({ view: next })} />}
      {(!narrow || view !== "span") && (
        <Toolbar
          store={store}
          frame={frame}
          address={address}
          change={change}
          time={time}
          live={live}
          alive={alive}
          hasTime={shows !== "tree"}
        />
      )}
      {frame.spans === 0 ? (
        <NoSpans loading={frame.loading} alive={alive} />
      ) : narrow ? (
        <div className="trace-one">{view === "span" ? panel : grid}</div>
      ) : (
        <div className="trace-columns" style={{ gridTemplateColumns: `minmax(0, 1fr) 1px ${width}px` }}>
          {grid}
          <Splitter label="Width of the inspector" size={width} onChange={setWidth} />
          {panel}
        </div>
      )}
    </main>
  );
}

/** The panel knows spans as the tree has them. Who is above and below stays with the keeper, so there is nobody. */
function asNode(row: Chosen): SpanNode {
  const { tokens, usd, computed, unpriced, sum } = row;
  return {
    ...row,
    parent: undefined,
    children: [],
    runningBelow: 0,
    amounts: { tokens, usd, computed, unpriced, below: sum },
  };
}

function Segments({ view, onChange }: { view: TraceView; onChange: (view: TraceView) => void }) {
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
