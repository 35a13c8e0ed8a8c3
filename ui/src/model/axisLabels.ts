import type { Axis } from "./axis";
import { formatTick } from "./axis";
import { formatDuration } from "./time";

/** A letter's width and the space beside a label, in pixels; the words of folds are smaller. */
const LETTER_PX = 6.6;
const FOLD_LETTER_PX = 5.6;
const BESIDE_PX = 6;

export interface AxisLabels {
  /** The label of each tick, in their order; empty where it has no room: its line stays. */
  ticks: string[];
  /** Of each fold its word and where that begins, in pixels; undefined where it has no room. */
  folds: ({ text: string; left: number } | undefined)[];
}

/** Which labels of the time axis can be read: none leaves it, lies upon another one or is cut by a fold. */
export function axisLabels(axis: Axis, ticks: readonly number[], origin: number, width: number): AxisLabels {
  const taken: [from: number, to: number][] = [];
  const isFree = (from: number, to: number): boolean => taken.every(([begin, end]) => to <= begin || from >= end);
  const folds = axis.folds.map(([from, to]) => {
    const text = formatDuration(to - from);
    const room = text.length * FOLD_LETTER_PX + BESIDE_PX;
    const middle = ((axis.place(from) + axis.place(to)) / 2) * width;
    const left = Math.max(0, Math.min(middle - room / 2, width - room));
    if (room > width || !isFree(left, left + room)) return undefined;
    taken.push([left, left + room]);
    return { text, left };
  });
  for (const [from, to] of axis.folds) taken.push([axis.place(from) * width, axis.place(to) * width]);
  return {
    folds,
    ticks: ticks.map((tick) => {
      const label = formatTick(Math.max(0, round(tick - origin)));
      const from = axis.place(tick) * width;
      const to = from + label.length * LETTER_PX + BESIDE_PX;
      return to > width || !isFree(from, to) ? "" : label;
    }),
  };
}

/** Ticks are whole multiples of their step; sums of floats are not. */
function round(ms: number): number {
  return Math.round(ms * 1e4) / 1e4;
}
