import { backoff } from "../model/backoff";
import { SseParser } from "../model/sse";
import { apiUrl } from "./base";
import { hostNow } from "./clock";
import { ApiError, checked, signInRequired } from "./client";
import { readFeedEvent } from "./feed";
import type { LiveBatch, LiveStatus } from "./live";
import { WANTED_TYPES, readEvent } from "./readEvent";
import { Signal } from "./signal";

/** The host sends a comment every 15 s; this long without a byte means that the connection is dead, not quiet. */
export const SILENCE_MS = 40_000;

/** A host that asks for more patience with `Retry-After` is asked again after this nevertheless. */
export const LONGEST_WISH_MS = 300_000;

/** A stream that held this long was a good one: the next failure is a new one, and the waits begin anew. */
export const STEADY_MS = 5_000;

/** While the stream is busy, the moment of the last byte is told this often: it is shown in seconds. */
const TELL_AGE_MS = 1_000;

/**
 * The connection: the event stream of the host, read with fetch and not with EventSource. EventSource gives up for ever on
 * any answer but 200, hides the status (a 401 must bring the sign-in form, a 429 or 503 only a pause) and hides the
 * keep-alive comments, by which alone a half-open connection can be told from a quiet host.
 *
 * It needs no page: it runs in a worker as well. It comes back by itself after any failure, and goes on after the last id.
 */
export class EventStream {
  readonly status = new Signal<LiveStatus>({ phase: "paused", lastByteAt: undefined });
  private at: number | undefined;
  private running: AbortController | undefined;
  private wake: (() => void) | undefined;
  private everything = false;
  /** Aborted when the same stream is to be asked for something else. */
  private asked = new AbortController();

  constructor(private readonly deliver: (batch: LiveBatch) => void) {}

  /** The id after which the stream goes on when it is opened again. */
  get place(): number | undefined {
    return this.at;
  }

  /** Goes on after what somebody else has read. Whoever knows a place already keeps it. */
  continueAfter(place: number | undefined): void {
    this.at ??= place;
  }

  start(): void {
    if (this.running !== undefined) return;
    this.running = new AbortController();
    this.status.set({ phase: "connecting", lastByteAt: this.status.get().lastByteAt });
    void this.run(this.running.signal);
  }

  stop(): void {
    if (this.running === undefined) return;
    this.running.abort();
    this.running = undefined;
    this.wake?.();
    this.status.set({ phase: "paused", lastByteAt: this.status.get().lastByteAt });
  }

  retry(): void {
    this.wake?.();
  }

  /** Whether every event is wanted as it comes. A stream that is open is opened anew, exactly where it stands. */
  want(everything: boolean): void {
    if (this.everything === everything) return;
    this.everything = everything;
    this.reopen();
  }

  /** Asks for the same stream anew, exactly where it stands: it may be another reader's now, or nobody's. */
  reopen(): void {
    this.asked.abort();
  }

  private async run(stopped: AbortSignal): Promise<void> {
    for (let attempt = 0; !stopped.aborted; attempt += 1) {
      let wish = 0;
      let openedAt: number | undefined;
      const asked = new AbortController();
      this.asked = asked;
      try {
        await this.read(stopped, asked.signal, () => (openedAt = Date.now()));
        if (this.running?.signal !== stopped) return;
        this.offline("The host closed the stream");
      } catch (error) {
        // `stop()` aborts the read, and nobody is left to tell.
        if (this.running?.signal !== stopped) return;
        if (asked.signal.aborted) {
          attempt = -1;
          continue;
        }
        if (error instanceof ApiError) wish = Math.min(error.retryAfterMs ?? 0, LONGEST_WISH_MS);
        if (error instanceof ApiError) this.offline(error.message, error.code);
        else this.offline("The host can't be reached");
      }
      if (openedAt !== undefined && Date.now() - openedAt >= STEADY_MS) attempt = 0;
      // A token is asked for: trying again before somebody signs in can only fail.
      if (signInRequired.get()) await this.untilSignedIn(stopped);
      else await this.pause(Math.max(backoff(attempt, Math.random()), wish));
    }
  }

  private async read(stopped: AbortSignal, askedAnew: AbortSignal, opened: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const types = this.everything ? undefined : WANTED_TYPES.join(",");
      const url = apiUrl("events", { types, last_event_id: this.at });
      const signal = AbortSignal.any([stopped, askedAnew, silence.signal]);
      const headers = { accept: "text/event-stream" };
      const response = await checked(await fetch(url, { headers, signal, cache: "no-store", credentials: "same-origin" }));
      if (response.body === null) throw new Error("no body");
      opened();
      // Whoever signed in, in whichever tab: the host lets this browser in.
      signInRequired.set(false);
      this.live();
      this.deliver({ events: [], resync: { missed: undefined }, ...(this.everything && { feed: [] }) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new SseParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stopped.aborted) return;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        this.live();
        this.take(parser, value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private take(parser: SseParser, text: string): void {
    const batch: LiveBatch = { events: [], ...(this.everything && { feed: [] }) };
    for (const message of parser.push(text).messages) {
      const shown = this.everything ? readFeedEvent(message.data) : undefined;
      if (shown !== undefined) batch.feed?.push(shown);
      const event = readEvent(message.data);
      if (event === undefined) continue;
      // Ids only grow within one store. A smaller one is another store: the old place in it means nothing any more.
      if (this.at !== undefined && event.id < this.at) batch.resync ??= { missed: undefined };
      this.at = event.id;
      if (event.type === "Gap") batch.resync = { missed: (batch.resync?.missed ?? 0) + event.at_most };
      // In the feed it has its place already; screens don't act on it.
      else if (!this.everything || event.type !== "Other") batch.events.push(event);
    }
    // The place also moves without an event: past those that were not asked for.
    const place = parser.lastId === undefined ? NaN : Number(parser.lastId);
    if (Number.isSafeInteger(place)) this.at = place;
    const said = batch.events.length > 0 || (batch.feed ?? []).length > 0;
    if (said || batch.resync !== undefined) this.deliver(batch);
  }

  private live(): void {
    const { phase, lastByteAt } = this.status.get();
    if (phase === "live" && lastByteAt !== undefined && hostNow() - lastByteAt < TELL_AGE_MS) return;
    this.status.set({ phase: "live", lastByteAt: hostNow() });
  }

  private offline(reason: string, code?: string): void {
    this.status.set({ phase: "offline", lastByteAt: this.status.get().lastByteAt, reason, ...(code !== undefined && { code }) });
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
