import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import type { Axis } from "../../model/axis";
import { formatDuration } from "../../model/time";
import type { Shape } from "../../worker/trace/messages";
import { spread } from "./TimeHead";
import type { TimeAxis } from "./useTimeAxis";

/** Height of the drawing's own units. */
const HEIGHT = 100;
const LEAST_DRAG = 0.004;
/** More marks of errors would be a red carpet. */
const MOST_MARKS = 200;

/** All of the session's time: where it was busy, where something failed, and which part of it is shown below. */
export function Minimap({ time, shape }: { time: TimeAxis; shape: Shape | undefined }) {
  const { whole, axis, isZoomed } = time;
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<{ at: number; moved: boolean } | undefined>(undefined);
  const [selected, setSelected] = useState<[number, number]>();
  const path = useMemo(() => shape && outline(shape, whole), [shape, whole]);
  const errors = useMemo(() => marks(shape, whole), [shape, whole]);

  function place(event: PointerEvent): number {
    const { left = 0, width = 1 } = box.current?.getBoundingClientRect() ?? {};
    return Math.min(1, Math.max(0, (event.clientX - left) / width));
  }

  /** Brings the shown part, as long as it is, to where the pointer is. */
  function moveTo(at: number): void {
    const middle = whole.moment(at);
    const length = axis.to - axis.from;
    const from = Math.min(Math.max(whole.from, middle - length / 2), whole.to - length);
    time.show([from, from + length]);
  }

  function move(event: PointerEvent): void {
    if (drag.current === undefined) return;
    const at = place(event);
    drag.current.moved ||= Math.abs(at - drag.current.at) > LEAST_DRAG;
    if (isZoomed) moveTo(at);
    else setSelected([Math.min(at, drag.current.at), Math.max(at, drag.current.at)]);
  }

  function end(event: PointerEvent): void {
    const { current: held } = drag;
    drag.current = undefined;
    setSelected(undefined);
    if (held === undefined) return;
    if (isZoomed) moveTo(place(event));
    else if (held.moved && selected) time.show([whole.moment(selected[0]), whole.moment(selected[1])]);
  }

  function keys(event: KeyboardEvent): void {
    const act: Record<string, () => void> = {
      ArrowLeft: () => time.pan(-0.2),
      ArrowRight: () => time.pan(0.2),
      ArrowUp: () => time.zoom(1),
      ArrowDown: () => time.zoom(-1),
      Home: () => time.pan(-Infinity),
      End: () => time.pan(Infinity),
    };
    const action = act[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.nativeEvent.stopImmediatePropagation();
    action();
  }

  const words = isZoomed
    ? `${formatDuration(axis.from - whole.from)} to ${formatDuration(axis.to - whole.from)} of ${formatDuration(whole.to - whole.from)}`
    : `all ${formatDuration(whole.to - whole.from)}`;
  return (
    <div
      ref={box}
      className="minimap"
      role="slider"
      tabIndex={0}
      aria-label="Shown part of the time"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(whole.place((axis.from + axis.to) / 2) * 100)}
      aria-valuetext={words}
      title={`Shows ${words}`}
      onKeyDown={keys}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { at: place(event), moved: false };
      }}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={() => {
        drag.current = undefined;
        setSelected(undefined);
      }}
    >
      <svg viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {path !== undefined && <path className="minimap-busy" d={path} />}
        {errors.map((at) => (
          <rect key={at} className="minimap-error" x={at} y="0" width="2.5" height={HEIGHT} />
        ))}
      </svg>
      {whole.folds.map(([from, to]) => (
        <i key={from} className="minimap-fold" style={spread(whole, from, to)} />
      ))}
      {isZoomed && <i className="minimap-window" style={spread(whole, axis.from, axis.to)} />}
      {selected && <i className="minimap-window" style={{ left: `${selected[0] * 100}%`, width: `${(selected[1] - selected[0]) * 100}%` }} />}
    </div>
  );
}

function outline(shape: Shape, whole: Axis): string {
  const { busy, busyFrom, busyTo } = shape;
  const length = (busyTo - busyFrom) / busy.length;
  const most = Math.max(1, ...busy);
  const points = [`M0 ${HEIGHT}`];
  busy.forEach((share, part) => {
    const from = whole.place(busyFrom + part * length) * 1000;
    const to = whole.place(busyFrom + (part + 1) * length) * 1000;
    const top = share === 0 ? HEIGHT : HEIGHT * (0.85 - (0.75 * share) / most);
    points.push(`L${from.toFixed(1)} ${top.toFixed(0)}L${to.toFixed(1)} ${top.toFixed(0)}`);
  });
  return `${points.join("")}V${HEIGHT}Z`;
}

function marks(shape: Shape | undefined, whole: Axis): number[] {
  const places = Array.from(shape?.errors ?? [], (moment) => Math.round(whole.place(moment) * 400) * 2.5);
  return [...new Set(places)].slice(0, MOST_MARKS);
}
