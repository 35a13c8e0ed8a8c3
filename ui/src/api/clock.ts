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

/** Now, by the host's clock, in milliseconds. */
export function hostNow(): number {
  return Date.now() + offset;
}
