import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Interval } from "../../model/activity";
import { Axis, foldedSilences, panned, zoomed } from "../../model/axis";
import type { TraceAddress } from "../../model/traceAddress";
import type { Shape, TraceFrame } from "../../worker/trace/messages";
import type { ChangeAddress } from "./useTraceAddress";

const ZOOM_STEP = 1.6;
const SETTLE_MS = 200;

export interface TimeAxis {
  axis: Axis;
  /** All of the session's time, with its own silences folded. */
  whole: Axis;
  /** Only a part of the time is shown. */
  isZoomed: boolean;
  zoom: (steps: number, about?: number) => void;
  pan: (share: number) => void;
  show: (range: Interval) => void;
  reset: () => void;
}

/** The shown time: what the address says, and while it is being changed what the reader does. */
export function useTimeAxis(frame: TraceFrame, shape: Shape | undefined, until: number, address: TraceAddress, change: ChangeAddress): TimeAxis {
  const { start, loading } = frame;
  const [range, setRange] = useState(address.range);
  const said = text(address.range);
  const [known, setKnown] = useState(said);
  // The address changed by itself.
  if (said !== known) {
    setKnown(said);
    setRange(address.range);
  }

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = useCallback(
    (next: Interval | undefined) => {
      setRange(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        const rounded = next && ([Math.round(next[0] * 1000) / 1000, Math.round(next[1] * 1000) / 1000] as const);
        setKnown(text(rounded));
        change({ range: rounded });
      }, SETTLE_MS);
    },
    [change],
  );

  const { folded } = address;
  const axes = useMemo(() => {
    const [from, to] = [start, Math.max(until, start + 0.001)];
    const silences = shape === undefined || !folded ? [] : [...shape.silences, ...(loading ? [] : [[shape.until, to] as const])];
    const whole = new Axis(from, to, foldedSilences(silences, from, to));
    if (range === undefined) return { whole, axis: whole };
    const [first, last] = [Math.min(from + range[0], to), Math.min(from + range[1], to)];
    const fits = last > first;
    return { whole, axis: fits ? new Axis(first, last, foldedSilences(silences, first, last)) : whole };
  }, [start, until, loading, shape, folded, range]);

  const { axis, whole } = axes;
  const show = useCallback(
    ([from, to]: Interval) => {
      const all = from <= whole.from && to >= whole.to;
      set(all ? undefined : [from - whole.from, to - whole.from]);
    },
    [set, whole],
  );
  return useMemo(
    () => ({
      axis,
      whole,
      isZoomed: axis !== whole,
      show,
      zoom: (steps, about = (axis.from + axis.to) / 2) =>
        show(zoomed([axis.from, axis.to], ZOOM_STEP ** steps, about, [whole.from, whole.to])),
      pan: (share) => {
        if (axis !== whole) show(panned([axis.from, axis.to], share, [whole.from, whole.to]));
      },
      reset: () => set(undefined),
    }),
    [axis, whole, show, set],
  );
}

function text(range: Interval | undefined): string {
  return range?.join("-") ?? "";
}
