const UNITS_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const BACK = /^(\d{1,4})([mhdw])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A moment as people type it: `30m`, `24h`, `7d` back from now, `today`, `yesterday`, a day, or a time of a day. What has no zone
 * is in the reader's. Milliseconds; undefined when it is no moment.
 */
export function readMoment(word: string, now: number): number | undefined {
  const back = BACK.exec(word);
  if (back !== null) return now - Number(back[1]) * (UNITS_MS[back[2] ?? ""] ?? 0);
  if (word === "today" || word === "yesterday") return midnight(now, word === "today" ? 0 : -1);
  const text = DAY.test(word) ? `${word}T00:00` : MOMENT.test(word) ? word : "";
  const read = Date.parse(text);
  return Number.isNaN(read) ? undefined : read;
}

/** Not now minus so many hours: a day of a change of clocks has 23 or 25. */
function midnight(now: number, days: number): number {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() + days);
  return day.getTime();
}

/** Presets for a time range, with what they say. */
export const MOMENTS: readonly [word: string, meaning: string][] = [
  ["15m", "the last 15 minutes"],
  ["1h", "the last hour"],
  ["24h", "the last 24 hours"],
  ["7d", "the last 7 days"],
  ["today", "since midnight"],
  ["yesterday", "since midnight of yesterday"],
];

/** As the wire wants it. */
export function wireMoment(word: string | undefined, now: number): string | undefined {
  const at = word === undefined ? undefined : readMoment(word, now);
  return at === undefined ? undefined : new Date(at).toISOString();
}
