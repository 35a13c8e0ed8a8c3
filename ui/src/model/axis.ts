import type { Interval } from "./activity";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Steps people count time in. Below a second time is decimal. */
const STEPS = [
  ...[0.5, 1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10, 30, 100].map((n) => n * DAY),
];

/** The least of those steps, or of decimal ones below a second, that is at least so long. */
function stepFor(least: number): number {
  if (least > SECOND / 5) return STEPS.find((step) => step >= least) ?? least;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least) ?? least;
}

/** A tick in the shortest form: `0`, `250 ms`, `30 s`, `2 m`, `1 h 30 m`. */
export function formatTick(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < SECOND) return `${Number(ms.toPrecision(6))} ms`;
  const parts: [number, string][] = [
    [Math.floor(ms / DAY), "d"],
    [Math.floor((ms % DAY) / HOUR), "h"],
    [Math.floor((ms % HOUR) / MINUTE), "m"],
    [Math.round((ms % MINUTE) / 100) / 10, "s"],
  ];
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** A silence is folded when it would take more than this share of what is left of the axis … */
const FOLD_SHARE = 0.08;
/** … and then takes this share of the whole. */
const FOLDED_SHARE = 0.03;
const MOST_FOLDS = 12;

/**
 * The silences worth folding, of those given: the longest first, each while it is long beside what the axis then still has to
 * show. So an hour's wait is folded away, and after it also the minute that would have been nothing beside the hour.
 */
export function foldedSilences(silences: readonly Interval[], from: number, to: number): Interval[] {
  const inside = silences
    .map(([start, end]): Interval => [Math.max(start, from), Math.min(end, to)])
    .filter(([start, end]) => end > start)
    .sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  const folded: Interval[] = [];
  let left = to - from;
  for (const silence of inside) {
    const length = silence[1] - silence[0];
    if (folded.length === MOST_FOLDS || length <= left * FOLD_SHARE) break;
    folded.push(silence);
    left -= length;
  }
  return folded.sort((a, b) => a[0] - b[0]);
}

/** A piece of the axis: a time, and where it lies from 0 to 1. */
interface Piece {
  from: number;
  to: number;
  left: number;
  right: number;
  folded: boolean;
}

/** Where moments lie between the ends of a time axis, with silences folded to a narrow mark. */
export class Axis {
  private readonly pieces: readonly Piece[];

  constructor(
    readonly from: number,
    readonly to: number,
    readonly folds: readonly Interval[] = [],
  ) {
    this.pieces = piecesOf(from, to, folds);
  }

  /** 0 to 1; moments outside the axis lie at its ends. */
  place(moment: number): number {
    if (!(moment > this.from)) return 0;
    if (moment >= this.to) return 1;
    const piece = this.pieces.find((each) => moment <= each.to);
    if (piece === undefined) return 1;
    return piece.left + ((moment - piece.from) / (piece.to - piece.from)) * (piece.right - piece.left);
  }

  /** The moment that lies at a place from 0 to 1. */
  moment(place: number): number {
    const piece = this.pieces.find((each) => place <= each.right) ?? this.pieces.at(-1);
    if (piece === undefined) return this.from;
    const within = Math.min(1, Math.max(0, (place - piece.left) / (piece.right - piece.left)));
    return piece.from + within * (piece.to - piece.from);
  }

  /** How much of the axis' time is shown at its own length. */
  get shown(): number {
    return this.pieces.reduce((sum, piece) => sum + (piece.folded ? 0 : piece.to - piece.from), 0);
  }

  /** Round moments counted from `origin`, at most about `most` of them, none within a fold and none so close that they touch. */
  ticks(origin: number, most: number): number[] {
    const step = stepFor(this.shown / most);
    if (!(this.to > this.from) || !(step > 0)) return [];
    const ticks: number[] = [];
    for (const piece of this.pieces) {
      if (piece.folded) continue;
      const first = Math.ceil((piece.from - origin) / step - 1e-9);
      for (let index = first; origin + index * step < piece.to; index += 1) {
        const last = ticks.at(-1);
        const tick = origin + index * step;
        if (last === undefined || this.place(tick) - this.place(last) > 0.6 / most) ticks.push(tick);
        if (ticks.length > 4 * most) return ticks;
      }
    }
    return ticks;
  }
}

function piecesOf(from: number, to: number, folds: readonly Interval[]): Piece[] {
  if (!(to > from)) return [];
  const inside = folds.filter(([start, end]) => start < to && end > from && end > start);
  const folded = inside.reduce((sum, [start, end]) => sum + (Math.min(end, to) - Math.max(start, from)), 0);
  // An axis of nothing but silence is shown as it is.
  const whole = to - from - folded;
  if (inside.length === 0 || !(whole > 0)) return [{ from, to, left: 0, right: 1, folded: false }];
  const perMs = (1 - FOLDED_SHARE * inside.length) / whole;
  const pieces: Piece[] = [];
  let at = from;
  let left = 0;
  const add = (until: number, width: number, isFold: boolean): void => {
    if (until <= at) return;
    pieces.push({ from: at, to: until, left, right: left + width, folded: isFold });
    at = until;
    left += width;
  };
  for (const [start, end] of inside) {
    add(start, (start - at) * perMs, false);
    add(Math.min(end, to), FOLDED_SHARE, true);
  }
  add(to, (to - at) * perMs, false);
  const last = pieces.at(-1);
  if (last !== undefined) last.right = 1;
  return pieces;
}

/** Zooms by a factor about a moment that keeps its place, within the bounds and never closer than a microsecond. */
export function zoomed(range: Interval, factor: number, about: number, bounds: Interval): Interval {
  const length = Math.min(bounds[1] - bounds[0], Math.max(0.001, (range[1] - range[0]) / factor));
  const share = range[1] > range[0] ? (about - range[0]) / (range[1] - range[0]) : 0.5;
  return within([about - share * length, about + (1 - share) * length], bounds);
}

/** Moves a range by a share of its length, within the bounds. */
export function panned(range: Interval, share: number, bounds: Interval): Interval {
  const by = (range[1] - range[0]) * share;
  if (!Number.isFinite(by)) return within(by < 0 ? [bounds[0], bounds[0] + range[1] - range[0]] : [bounds[1] + range[0] - range[1], bounds[1]], bounds);
  return within([range[0] + by, range[1] + by], bounds);
}

function within(range: Interval, bounds: Interval): Interval {
  const length = Math.min(range[1] - range[0], bounds[1] - bounds[0]);
  const from = Math.min(Math.max(range[0], bounds[0]), bounds[1] - length);
  return [from, from + length];
}
