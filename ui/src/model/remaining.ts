import { formatElapsed } from "./time";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The last that is said aloud before a wait ends. */
const LAST_CALL = MINUTE;

export interface Remaining {
  text: string;
  /** After so many milliseconds it says something else; undefined when it never does. */
  changesIn: number | undefined;
  /** Little enough that it should be said. */
  short: boolean;
}

/** What is left of a wait: to the second, and above an hour to the minute, which nobody watches by the second. */
export function remaining(ms: number): Remaining {
  if (!Number.isFinite(ms)) return { text: "", changesIn: undefined, short: false };
  if (ms <= 0) return { text: "Time is up", changesIn: undefined, short: true };
  // What is begun counts: the last second is one, and zero is over.
  const unit = ms > HOUR ? MINUTE : SECOND;
  const left = Math.ceil(ms / unit) * unit;
  return { text: `${formatElapsed(left)} left`, changesIn: ms - (left - unit), short: ms <= LAST_CALL };
}
