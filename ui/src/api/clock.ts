/**
 * The host's clock as seen from here. Elapsed times are host time minus host time; a reader whose own clock is minutes off
 * would otherwise see agents running for minus three minutes.
 *
 * The Date header has whole seconds, so a difference below this is not measurable and is taken as none.
 */
const TOLERANCE_MS = 2_000;

let offset = 0;

export function noteServerDate(header: string | null, receivedAt: number = Date.now()): void {
  const stated = header === null ? NaN : Date.parse(header);
  if (Number.isNaN(stated)) return;
  const difference = stated - receivedAt;
  offset = Math.abs(difference) < TOLERANCE_MS ? 0 : difference;
}

let heldAt = Infinity;

/**
 * While the host can't be reached nobody knows whether what was running still runs: elapsed times stop at the last moment
 * anything was heard. `undefined` lets them go on.
 */
export function holdElapsed(at: number | undefined): void {
  heldAt = at ?? Infinity;
}

/** The latest moment up to which something running may be counted. */
export function elapsedUntil(now: number): number {
  return Math.min(now, heldAt);
}

/** Now, by the host's clock, in milliseconds. */
export function hostNow(): number {
  return Date.now() + offset;
}
