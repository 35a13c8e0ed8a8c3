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

/** Round moments for a time axis of `length` milliseconds, from 0 on, at most `most` of them. */
export function axisTicks(length: number, most: number): number[] {
  if (!(length > 0)) return [];
  const step = stepFor(length / most);
  const ticks: number[] = [];
  for (let index = 0; index * step < length; index += 1) ticks.push(index * step);
  return ticks;
}

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
