import { toMillis } from "../model/time";
import { hostNow } from "./clock";
import type { LiveSource } from "./live";

export const BUCKET_MS = 10_000;
export const BUCKETS = 30;
/** Sessions beyond this many lose the count of the one that was quiet for longest. */
const MOST_SESSIONS = 2_000;
/** A row is drawn again at most this often for its curve. */
const TELL_MS = 1_000;

interface Counts {
  /** Number of the newest bucket; bucket n is at n % BUCKETS. */
  newest: number;
  counts: Uint32Array;
}

/**
 * How busy each session was within the last minutes, counted from the stream while this page is open. The host keeps no such
 * count, so nothing is known of the time before, and nothing is claimed about it.
 */
export class Activity {
  private readonly sessions = new Map<string, Counts>();
  private readonly listeners = new Set<() => void>();
  private watchedSince: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ticks = 0;

  /** Counts what a live source brings; the answer ends it. */
  watch(live: LiveSource): () => void {
    this.watchedSince ??= hostNow();
    return live.subscribe(({ events }) => {
      for (const event of events) {
        if (event.type !== "SpanStarted" && event.type !== "SpanFinished") continue;
        if (event.timestamp !== undefined) this.add(event.session_id, toMillis(event.timestamp));
      }
    });
  }

  /** Counts one event by its own time: one that comes late was not now, and one of long ago is not drawn. */
  add(session: string, at: number, now = hostNow()): void {
    const bucket = Math.floor(at / BUCKET_MS);
    const current = Math.floor(now / BUCKET_MS);
    if (!(bucket > current - BUCKETS && bucket <= current)) return;
    const known = this.sessions.get(session) ?? { newest: bucket, counts: new Uint32Array(BUCKETS) };
    // Taken out and put in again: the map's order is then that of the last sign of life.
    this.sessions.delete(session);
    this.sessions.set(session, known);
    if (bucket > known.newest) forward(known, bucket);
    if (bucket > known.newest - BUCKETS) known.counts[bucket % BUCKETS] = (known.counts[bucket % BUCKETS] ?? 0) + 1;
    if (this.sessions.size > MOST_SESSIONS) this.sessions.delete(this.sessions.keys().next().value ?? "");
    this.timer ??= setTimeout(() => this.tell(), TELL_MS);
  }

  /** Counts from old to new up to now, or undefined when nothing happened. */
  of(session: string, now = hostNow()): number[] | undefined {
    const known = this.sessions.get(session);
    if (known === undefined) return undefined;
    const current = Math.floor(now / BUCKET_MS);
    const series = Array.from({ length: BUCKETS }, (_, index) => {
      const bucket = current - BUCKETS + 1 + index;
      return bucket > known.newest || bucket <= known.newest - BUCKETS ? 0 : (known.counts[bucket % BUCKETS] ?? 0);
    });
    return series.some((count) => count > 0) ? series : undefined;
  }

  /** For how long it has been counting, at most for as long as it remembers. */
  watchedMs(now = hostNow()): number {
    return Math.min(BUCKETS * BUCKET_MS, this.watchedSince === undefined ? 0 : now - this.watchedSince);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Grows whenever something was counted. */
  readonly version = (): number => this.ticks;

  private tell(): void {
    this.timer = undefined;
    this.ticks += 1;
    for (const listener of [...this.listeners]) listener();
  }
}

/** Buckets between the newest and `bucket` were quiet. */
function forward(known: Counts, bucket: number): void {
  const steps = Math.min(BUCKETS, bucket - known.newest);
  for (let step = 0; step < steps; step += 1) known.counts[(bucket - step) % BUCKETS] = 0;
  known.newest = bucket;
}

/** The one of this page. */
export const activity = new Activity();
