import type { SpanNode } from "./traceTree";
import { isRunning } from "./traceTree";

/** A time in which something happened, or nothing did. Milliseconds since the epoch. */
export type Interval = readonly [from: number, to: number];

/** Only these many of the longest silences are told: nobody folds more. */
const MOST_SILENCES = 40;

export interface Activity {
  /** The longest times in which nothing but ancestors and waits ran, in order of time. */
  silences: Interval[];
  /** When the last work that is over ended; `Infinity` while some is going on. */
  until: number;
}

/**
 * When work was done. A span with children does nothing that they don't show, and a wait is somebody else's time, so both
 * leave a silence; so does the time between a span and the next.
 */
export function activityOf(order: readonly SpanNode[], from: number): Activity {
  const working = order.filter((node) => node.children.length === 0 && node.span.kind !== "human" && node.span.placeholder !== true);
  working.sort((a, b) => a.start - b.start);
  const silences: Interval[] = [];
  let until = from;
  for (const node of working) {
    if (node.start > until) silences.push([until, node.start]);
    until = Math.max(until, node.end ?? (isRunning(node.span) ? Infinity : node.start));
  }
  silences.sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  return { silences: silences.slice(0, MOST_SILENCES).sort((a, b) => a[0] - b[0]), until };
}

/**
 * How busy each of `count` equal parts of a time was with these spans: how many of their leaves ran in it on average, so 1 is
 * one all the time and 0.5 one for half of it.
 */
export function density(nodes: Iterable<SpanNode>, from: number, to: number, count: number): Float32Array {
  const parts = new Float32Array(count);
  const length = (to - from) / count;
  if (!(length > 0)) return parts;
  for (const node of nodes) {
    if (node.children.length > 0) continue;
    const end = Math.min(node.end ?? (isRunning(node.span) ? to : node.start), to);
    const first = Math.max(0, Math.floor((node.start - from) / length));
    const last = Math.min(count - 1, Math.max(first, Math.ceil((end - from) / length) - 1));
    for (let part = first; part <= last; part += 1) {
      const covered = Math.min(end, from + (part + 1) * length) - Math.max(node.start, from + part * length);
      // What took no time is still something that happened.
      parts[part] = (parts[part] ?? 0) + Math.max(0.15, covered / length);
    }
  }
  return parts;
}
