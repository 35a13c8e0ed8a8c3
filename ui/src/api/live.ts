import type { FeedEvent } from "./feed";
import type { Signal } from "./signal";
import type { LiveEvent } from "./types";

export interface LiveStatus {
  /** `paused`: no tab can be seen, so nobody reads. It ends when one is shown, and is no fault. */
  phase: "paused" | "connecting" | "live" | "offline";
  /** When the last byte arrived, keep-alives included, by the host's clock. */
  lastByteAt: number | undefined;
  /** Why it is offline, in words. */
  reason?: string;
  /** The host's word for it, where it gave one. */
  code?: string;
}

export interface LiveBatch {
  events: LiveEvent[];
  /**
   * What is shown may have missed something and must be fetched again: the stream has just been opened or joined (whatever
   * happened between the fetch and that is in neither), or a gap was announced. `missed` is how many events, for a gap.
   */
  resync?: { missed: number | undefined };
  /** Every event as it came, of whatever type: for tabs that asked for them, from when on they are told. */
  feed?: FeedEvent[];
  /** This tab was too far behind and was not told of everything. */
  cut?: true;
}

/** Where live events come from, whoever holds the connection. */
export interface LiveSource {
  readonly status: Signal<LiveStatus>;
  subscribe(listener: (batch: LiveBatch) => void): () => void;
  start(): void;
  stop(): void;
  /** Tries at once instead of waiting for the next attempt. */
  retry(): void;
  /** Asks for every event in `feed`, not only those that screens act on. The answer ends it. */
  wantFeed(): () => void;
}

/** Two batches as one, in this order. The first one is added to. */
export function joined(first: LiveBatch, second: LiveBatch): LiveBatch {
  for (const event of second.events) first.events.push(event);
  if (second.resync !== undefined) {
    const before = first.resync?.missed;
    const missed = before === undefined ? second.resync.missed : before + (second.resync.missed ?? 0);
    first.resync = { missed };
  }
  if (first.feed === undefined) {
    if (second.feed !== undefined) first.feed = [...second.feed];
  } else {
    for (const event of second.feed ?? []) first.feed.push(event);
  }
  if (second.cut) first.cut = true;
  return first;
}
