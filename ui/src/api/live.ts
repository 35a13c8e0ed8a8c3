import { backoff } from "../model/backoff";
import { SseParser } from "../model/sse";
import { apiUrl } from "./base";
import { Batcher } from "./batcher";
import { holdElapsed, hostNow } from "./clock";
import { ApiError, checked, signInRequired } from "./client";
import { WANTED_TYPES, readEvent } from "./readEvent";
import { Signal } from "./signal";
import type { LiveEvent } from "./types";

/** The host sends a comment every 15 s; this long without a byte means that the connection is dead, not quiet. */
export const SILENCE_MS = 40_000;

export interface LiveStatus {
  phase: "connecting" | "live" | "offline";
  /** When the last byte arrived, keep-alives included, by the host's clock. */
  lastByteAt: number | undefined;
  /** Why it is offline, in words. */
  reason?: string;
}

export interface LiveBatch {
  events: LiveEvent[];
  /**
   * What is shown may have missed something and must be fetched again: the stream has just been opened (whatever happened
   * between the fetch and the opening is in neither), or a gap was announced. `missed` is how many events, for a gap.
   */
  resync?: { missed: number | undefined };
}

/** Where live events come from. One connection now; a shared worker for all tabs can stand behind the same door. */
export interface LiveSource {
  readonly status: Signal<LiveStatus>;
  subscribe(listener: (batch: LiveBatch) => void): () => void;
  start(): void;
  stop(): void;
  /** Tries at once instead of waiting for the next attempt. */
  retry(): void;
}

/**
 * The event stream of this tab, read with fetch and not with EventSource. EventSource gives up for ever on any answer but
 * 200, hides the status (a 401 must bring the sign-in form, a 429 or 503 only a pause) and hides the keep-alive comments,
 * by which alone a half-open connection can be told from a quiet host.
 */
export class FetchLiveSource implements LiveSource {
  readonly status = new Signal<LiveStatus>({ phase: "connecting", lastByteAt: undefined });
  private readonly listeners = new Set<(batch: LiveBatch) => void>();
  private readonly batcher = new Batcher((batch) => this.deliver(batch));
  private lastId: number | undefined;
  private running: AbortController | undefined;
  private wake: (() => void) | undefined;

  subscribe(listener: (batch: LiveBatch) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    if (this.running !== undefined) return;
    this.running = new AbortController();
    void this.run(this.running.signal);
  }

  stop(): void {
    this.running?.abort();
    this.running = undefined;
    this.wake?.();
  }

  retry(): void {
    this.wake?.();
  }

  private async run(stopped: AbortSignal): Promise<void> {
    for (let attempt = 0; !stopped.aborted; attempt += 1) {
      let wish: number | undefined;
      try {
        await this.read(stopped, () => (attempt = 0));
        this.offline("The host closed the stream");
      } catch (error) {
        // `stop()` aborts the read, and nobody is left to tell.
        if (this.running?.signal !== stopped) return;
        if (error instanceof ApiError) wish = error.retryAfterMs;
        this.offline(error instanceof ApiError ? error.message : "The host can't be reached");
      }
      // A token is asked for: trying again before somebody signs in can only fail.
      if (signInRequired.get()) await this.untilSignedIn(stopped);
      else await this.pause(Math.max(backoff(attempt, Math.random()), Math.min(wish ?? 0, 5_000)));
    }
  }

  private async read(stopped: AbortSignal, opened: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const url = apiUrl("events", { types: WANTED_TYPES.join(","), last_event_id: this.lastId });
      const signal = AbortSignal.any([stopped, silence.signal]);
      const headers = { accept: "text/event-stream" };
      const response = await checked(await fetch(url, { headers, signal, cache: "no-store", credentials: "same-origin" }));
      if (response.body === null) throw new Error("no body");
      opened();
      this.live();
      this.batcher.add({ events: [], resync: { missed: undefined } });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new SseParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        this.live();
        this.take(parser.push(value).messages.map((message) => message.data));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private take(texts: readonly string[]): void {
    for (const text of texts) {
      const event = readEvent(text);
      if (event === undefined) continue;
      // Ids only grow within one store. A smaller one is another store: the old place in it means nothing any more.
      const restarted = this.lastId !== undefined && event.id < this.lastId;
      this.lastId = event.id;
      if (event.type === "Gap") this.batcher.add({ events: [], resync: { missed: event.at_most } });
      else this.batcher.add({ events: [event], ...(restarted && { resync: { missed: undefined } }) });
    }
  }

  private deliver(batch: LiveBatch): void {
    for (const listener of [...this.listeners]) listener(batch);
  }

  /** The age of the data is shown in seconds, so a busy stream need not announce every chunk. */
  private live(): void {
    holdElapsed(undefined);
    const { phase, lastByteAt } = this.status.get();
    if (phase === "live" && lastByteAt !== undefined && hostNow() - lastByteAt < 1_000) return;
    this.status.set({ phase: "live", lastByteAt: hostNow() });
  }

  private offline(reason: string): void {
    const { lastByteAt } = this.status.get();
    holdElapsed(lastByteAt);
    this.status.set({ phase: "offline", lastByteAt, reason });
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
      this.wake = done;
    });
  }

  private async untilSignedIn(stopped: AbortSignal): Promise<void> {
    while (signInRequired.get() && !stopped.aborted) {
      await new Promise<void>((resolve) => {
        const leave = signInRequired.subscribe(done);
        function done(): void {
          leave();
          resolve();
        }
        this.wake = done;
      });
    }
  }
}
