export const FIRST_DELAY_MS = 250;
export const LONGEST_DELAY_MS = 5_000;

/**
 * How long to wait before attempt `n` (0 is the first retry): doubling from 0.25 s to 5 s, with up to a quarter taken off
 * so that many pages don't return to a restarted host in the same instant. `random` is 0 to 1.
 */
export function backoff(attempt: number, random: number): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(delay * (1 - 0.25 * random));
}
