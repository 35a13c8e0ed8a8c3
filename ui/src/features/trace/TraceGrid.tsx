import { type RefObject, useCallback, useEffect, useMemo, useRef } from "react";
import { Splitter } from "../../components/Splitter";
import { isRunning } from "../../model/traceTree";
import type { Column } from "../../model/traceAddress";
import type { Row, Shape, TraceFrame } from "../../worker/trace/messages";
import { COLUMN_WORDS } from "./MetricCell";
import { Minimap } from "./Minimap";
import { ROW_HEIGHT, SpanRow } from "./SpanRow";
import { TimeGrid, TimeHead } from "./TimeHead";
import type { TraceStore } from "./traceStore";
import { useRowWindow } from "./useRowWindow";
import type { TimeAxis } from "./useTimeAxis";
import { usualWidth, useWidth } from "./useWidth";
import "./spanTree.css";
import "./timeline.css";

const HEAD_HEIGHT = 28;
const TIME_HEAD_HEIGHT = 50;
const USUAL_TIME_WIDTH = 380;
/** So much of a very wide window is enough for the names. */
const WIDE_TREE = 1_100;
/** A label needs so many pixels beside the next. */
const TICK_PX = 84;
/** About what the timeline has where it is the only column beside the names. */
const NARROW_TIME_PX = 200;

interface Props {
  store: TraceStore;
  frame: TraceFrame;
  shape: Shape | undefined;
  /** Told how many rows fit on the screen. */
  pageRef: RefObject<number>;
  follow: boolean;
  list: RefObject<HTMLDivElement | null>;
  time: TimeAxis;
  shows: "both" | "tree" | "timeline";
  columns: readonly Column[];
  /** The session still runs, so an open span is running and not merely without an end. */
  alive: boolean;
  /** Now, where something runs; the latest known moment otherwise. */
  until: number;
  isTicking: boolean;
  /** The reader moved the rows or chose one, and does not want to be moved. */
  onReader: () => void;
  onPick: (row: Row) => void;
}

/** The span tree and the timeline: two columns of the same rows. */
export function TraceGrid(props: Props) {
  const { store, frame, shape, pageRef, follow, list, time, shows, alive, until, isTicking, onReader, onPick } = props;
  const { axis } = time;
  const window = useRowWindow(store, frame, shows === "tree" ? HEAD_HEIGHT : TIME_HEAD_HEIGHT, follow);
  const { body } = window;
  useEffect(() => {
    pageRef.current = window.page;
  });
  const columns = shows === "timeline" ? [] : props.columns;
  const [timeWidth, setTimeWidth] = useWidth("time-width", usualWidth(USUAL_TIME_WIDTH, 0.55));
  const timePx = shows === "timeline" ? NARROW_TIME_PX : timeWidth;
  const ticks = useMemo(() => axis.ticks(frame.start, Math.max(2, Math.round(timePx / TICK_PX))), [axis, frame.start, timePx]);
  const { chosen } = frame;
  // Where everything was put together, saying so on every row tells nothing.
  const marksDerived = frame.derived > 0 && frame.derived < frame.spans;
  const hasTime = shows !== "tree";
  useZoomWheel(body, time, hasTime);

  const toggle = useCallback((row: Row) => store.send({ type: "fold", key: row.key, closed: !row.folded }), [store]);
  const { show } = time;
  const zoomTo = useCallback((row: Row) => show(aroundSpan(row, until)), [show, until]);

  const style: Record<string, string> = {
    "--metrics": columns.map(() => "72px").join(" "),
    "--time-width": shows === "timeline" ? "minmax(0, 3fr)" : `min(${timeWidth}px, max(40%, 100% - ${WIDE_TREE}px))`,
  };
  return (
    <div className={`span-tree shows-${shows}`} style={style}>
      {/* The keys of the list are the screen's; here only the pointer moves it. */}
      <div ref={body} className="span-body" onWheel={onReader} onTouchMove={onReader} onPointerDown={onReader}>
        <div className={`span-head${hasTime ? " has-time" : ""}`}>
          <span className="span-head-name">Span</span>
          {columns.map((column) => (
            <span key={column} className="number">
              {COLUMN_WORDS[column]}
            </span>
          ))}
          {hasTime && (
            <div className="time-head">
              <Minimap time={time} shape={shape} />
              <TimeHead axis={axis} ticks={ticks} origin={frame.start} width={timePx} onRange={(from, to) => time.show([from, to])} />
            </div>
          )}
          {shows === "both" && (
            <div className="time-splitter">
              <Splitter label="Width of the timeline" size={timeWidth} onChange={setTimeWidth} />
            </div>
          )}
        </div>
        <div
          ref={list}
          className="span-rows"
          role="tree"
          aria-label="Spans"
          aria-busy={frame.loading}
          tabIndex={0}
          aria-activedescendant={chosen && window.rows.some((row) => row.key === chosen.key) ? rowId(chosen) : undefined}
          style={{ height: Math.max(frame.count, 1) * ROW_HEIGHT }}
        >
          {hasTime && <TimeGrid axis={axis} ticks={ticks} now={isTicking ? until : undefined} />}
          {window.rows.map((row, index) => (
            <SpanRow
              key={(window.from + index) % window.slots}
              id={rowId(row)}
              row={row}
              top={(window.from + index) * ROW_HEIGHT}
              selected={row.key === chosen?.key}
              alive={alive}
              columns={columns}
              most={frame.most}
              marksDerived={marksDerived}
              axis={hasTime ? axis : undefined}
              until={alive && isRunning(row.span) ? until : 0}
              onPick={onPick}
              onToggle={toggle}
              onZoom={zoomTo}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/** The time of a span with a little around it. */
export function aroundSpan(row: Row, until: number): [number, number] {
  const end = row.end ?? until;
  const around = Math.max(0.005, (end - row.start) * 0.05);
  return [row.start - around, end + around];
}

function rowId(row: Row): string {
  return `span-${row.key}`;
}

/** Ctrl and the wheel zoom about the pointer, the wheel sideways moves. Only a listener that isn't passive may keep the page. */
function useZoomWheel(body: RefObject<HTMLDivElement | null>, time: TimeAxis, enabled: boolean): void {
  const latest = useRef(time);
  useEffect(() => {
    latest.current = time;
  });
  useEffect(() => {
    const box = body.current;
    if (box === null || !enabled) return;
    const wheel = (event: WheelEvent): void => {
      const column = box.querySelector(".time-axis")?.getBoundingClientRect();
      if (column === undefined || event.clientX < column.left || event.clientX > column.right) return;
      const { current: now } = latest;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        now.zoom(event.deltaY < 0 ? 0.5 : -0.5, now.axis.moment((event.clientX - column.left) / column.width));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && now.isZoomed) {
        event.preventDefault();
        now.pan(event.deltaX / column.width);
      }
    };
    box.addEventListener("wheel", wheel, { passive: false });
    return () => box.removeEventListener("wheel", wheel);
  }, [body, enabled]);
}
