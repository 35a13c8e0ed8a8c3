import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { Axis } from "../../model/axis";
import { axisLabels } from "../../model/axisLabels";
import { formatDuration } from "../../model/time";

/** A drag shorter than this share of the axis is a click. */
const LEAST_DRAG = 0.004;

interface Props {
  axis: Axis;
  ticks: readonly number[];
  origin: number;
  /** About how many pixels wide it is. */
  width: number;
  onRange: (from: number, to: number) => void;
}

/** The scale of the bars, counted from the start of the session. A drag along it shows what was dragged over. */
export function TimeHead({ axis, ticks, origin, width, onRange }: Props) {
  const [drag, setDrag] = useState<[number, number]>();
  const box = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    if (drag === undefined) return;
    const stop = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setDrag(undefined);
    };
    document.addEventListener("keydown", stop, true);
    return () => document.removeEventListener("keydown", stop, true);
  }, [drag]);

  function place(event: PointerEvent): number {
    const { left = 0, width: wide = 1 } = box.current?.getBoundingClientRect() ?? {};
    return Math.min(1, Math.max(0, (event.clientX - left) / wide));
  }

  function end(): void {
    setDrag(undefined);
    if (drag === undefined) return;
    const [from, to] = [Math.min(...drag), Math.max(...drag)];
    if (to - from > LEAST_DRAG) onRange(axis.moment(from), axis.moment(to));
  }

  const labels = axisLabels(axis, ticks, origin, width);
  return (
    <span
      ref={box}
      className="time-axis"
      title="Drag to show a part of the time"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag([place(event), place(event)]);
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (drag !== undefined) setDrag([drag[0], place(event)]);
      }}
      onPointerUp={end}
      onPointerCancel={() => setDrag(undefined)}
    >
      {ticks.map((tick, index) => (
        <span key={tick} className="time-tick" style={{ left: `${axis.place(tick) * 100}%` }}>
          {labels.ticks[index]}
        </span>
      ))}
      {axis.folds.map(([from, to]) => (
        <span key={from} className="time-fold" style={spread(axis, from, to)} title={`${formatDuration(to - from)} in which nothing but waits ran`} />
      ))}
      {labels.folds.map((word) => word && <span key={word.left} className="time-fold-word" style={{ left: word.left }}>{word.text}</span>)}
      {drag !== undefined && (
        <span className="time-drag" style={{ left: `${Math.min(...drag) * 100}%`, width: `${Math.abs(drag[1] - drag[0]) * 100}%` }}>
          {formatDuration(axis.moment(Math.max(...drag)) - axis.moment(Math.min(...drag)))}
        </span>
      )}
    </span>
  );
}

/** The lines of the scale and what is folded, once for all rows and under them. */
export function TimeGrid({ axis, ticks, now }: { axis: Axis; ticks: readonly number[]; now: number | undefined }) {
  return (
    <div className="span-grid" aria-hidden="true">
      <span className="span-grid-time">
        {ticks.map((tick) => (
          <i key={tick} style={{ left: `${axis.place(tick) * 100}%` }} />
        ))}
        {axis.folds.map(([from, to]) => (
          <i key={`fold ${from}`} className="is-fold" style={spread(axis, from, to)} />
        ))}
        {now !== undefined && now >= axis.from && now <= axis.to && <i className="is-now" style={{ left: `${axis.place(now) * 100}%` }} />}
      </span>
    </div>
  );
}

export function spread(axis: Axis, from: number, to: number): { left: string; width: string } {
  const left = axis.place(from);
  return { left: `${left * 100}%`, width: `${(axis.place(to) - left) * 100}%` };
}
