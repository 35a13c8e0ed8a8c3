/**
 * Wire times are RFC 3339 with nine fractional digits. A Date keeps three, so the rest is added back:
 * milliseconds as a float hold microseconds exactly enough to order and measure spans.
 */
export function toMillis(text: string): number {
  const dot = text.indexOf(".", 19);
  if (dot < 0) return Date.parse(text);
  let end = dot + 1;
  while (end < text.length && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end += 1;
  const whole = Date.parse(text.slice(0, dot) + text.slice(end));
  return whole + Number(`0${text.slice(dot, end)}`) * 1000;
}

/** A duration with at most three significant parts: `840 µs`, `840 ms`, `12.4 s`, `3 m 08 s`, `2 h 05 m`, `3 d 04 h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "—";
  const value = Math.max(0, ms);
  if (value === 0) return "0 ms";
  if (value < 0.9995) return `${Math.max(1, Math.round(value * 1000))} µs`;
  if (value < 9.95) return `${value.toFixed(1)} ms`;
  if (value < 999.5) return `${Math.round(value)} ms`;
  if (value < 59_950) return `${(value / 1000).toFixed(1)} s`;
  return formatLong(Math.round(value / 1000));
}

/** A running clock: whole seconds, so that it ticks instead of flickering. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : formatLong(seconds);
}

function formatLong(seconds: number): string {
  const pad = (n: number): string => n.toString().padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${pad(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${pad(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`;
}

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
/** Beyond this a number of days says less than the day itself. */
const MOST_DAYS_AGO = 30;

/** How long ago, in one unit: a list is read down a column, not word by word. */
export function formatAgo(then: number, now: number): string {
  if (!Number.isFinite(then)) return "—";
  const seconds = Math.floor((now - then) / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days <= MOST_DAYS_AGO ? `${days} d ago` : DATE.format(then);
}

const EXACT = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

/** The reader's own clock with the zone named, for tooltips and the inspector. */
export function formatExact(ms: number): string {
  return Number.isFinite(ms) ? EXACT.format(ms) : "unknown time";
}

const EXACT_MILLIS = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
  timeZoneName: "short",
});

/** Time of day to the millisecond, where the date is already on screen. */
export function formatClock(ms: number): string {
  return Number.isFinite(ms) ? EXACT_MILLIS.format(ms) : "unknown time";
}
