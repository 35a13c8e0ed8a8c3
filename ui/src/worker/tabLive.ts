import { Batcher } from "../api/batcher";
import { signInRequired, signedIn as signedInHere } from "../api/client";
import { holdElapsed } from "../api/clock";
import type { LiveBatch, LiveSource, LiveStatus } from "../api/live";
import { Signal } from "../api/signal";
import { hold, serial } from "./locks";
import type { Link, ToHub, ToTab } from "./messages";
import { needsStream, onNeedChange } from "./need";

/** How often a tab that is seen asks whether the one who holds the stream is still there. */
export const CHECK_MS = 10_000;

/** So many questions without an answer mean that nobody is. More than one: a computer that slept asks before it listens. */
const UNANSWERED = 2;

/**
 * The live source of a tab. It joins whoever holds the stream, over the first link that works in this browser, and says
 * whether it wants it. What arrives is joined frame by frame.
 */
export class TabLive implements LiveSource {
  readonly status = new Signal<LiveStatus>({ phase: "connecting", lastByteAt: undefined });
  private readonly listeners = new Set<(batch: LiveBatch) => void>();
  private readonly batcher = new Batcher((batch) => this.deliver(batch));
  private readonly links: (() => Link)[];
  private started: AbortController | undefined;
  /** Aborted when the tab leaves: stopped, or in the back-forward cache. */
  private joined: AbortController | undefined;
  private link: Link | undefined;
  private lock: string | undefined;
  private place: number | undefined;
  private heard = false;
  private unanswered = 0;
  /** How many look at every event. */
  private feeders = 0;

  /** `links` in the order in which they are tried; `name` is unique to this mount and build of the page. */
  constructor(
    private readonly name: string,
    links: readonly (() => Link)[],
  ) {
    this.links = [...links];
  }

  subscribe(listener: (batch: LiveBatch) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    if (this.started !== undefined) return;
    this.started = new AbortController();
    const { signal } = this.started;
    // A page in the back-forward cache runs nothing and answers nobody. It joins again when it comes back.
    addEventListener("pagehide", () => this.leave(), { signal });
    addEventListener("pageshow", () => void this.join(), { signal });
    void this.join();
  }

  stop(): void {
    this.started?.abort();
    this.started = undefined;
    this.leave();
  }

  retry(): void {
    this.send({ type: "retry" });
  }

  wantFeed(): () => void {
    this.feeders += 1;
    if (this.feeders === 1) this.sendNeed();
    let wanted = true;
    return () => {
      if (!wanted) return;
      wanted = false;
      this.feeders -= 1;
      if (this.feeders === 0) this.sendNeed();
    };
  }

  private sendNeed(): void {
    this.send({ type: "need", needs: needsStream(), feed: this.feeders > 0 });
  }

  private async join(): Promise<void> {
    if (this.joined !== undefined) return;
    this.joined = new AbortController();
    const { signal } = this.joined;
    this.lock = await hold(`${this.name}:tab:${serial()}`, signal);
    if (signal.aborted) return;
    onNeedChange(() => this.sendNeed(), signal);
    const signedIn = signInRequired.subscribe(() => {
      if (!signInRequired.get()) this.send({ type: "signed-in" });
    });
    signal.addEventListener("abort", signedIn);
    const signedOut = signedInHere.subscribe(() => {
      if (!signedInHere.get()) this.send({ type: "signed-out" });
    });
    signal.addEventListener("abort", signedOut);
    const check = setInterval(() => this.check(), CHECK_MS);
    signal.addEventListener("abort", () => clearInterval(check));
    this.open();
  }

  private leave(): void {
    this.joined?.abort();
    this.joined = undefined;
    this.send({ type: "leave" });
    this.link?.close();
    this.link = undefined;
  }

  private open(): void {
    const link = this.links[0]?.();
    if (link === undefined) throw new Error("no way to the event stream is left");
    this.link = link;
    this.heard = false;
    this.unanswered = 0;
    link.open(
      (said) => {
        if (this.link === link) this.receive(said);
      },
      () => {
        if (this.link === link) this.next();
      },
    );
    this.announce();
  }

  /** This link does not work here: takes the next one, for good. */
  private next(): void {
    this.link?.close();
    if (this.links.length > 1) this.links.shift();
    this.open();
  }

  private check(): void {
    if (!needsStream()) {
      this.unanswered = 0;
    } else if (this.unanswered < UNANSWERED) {
      this.unanswered += 1;
      this.send({ type: "ping" });
    } else if (this.heard) {
      this.heard = false;
      this.unanswered = 0;
      this.link?.replace();
      this.announce();
    } else {
      this.next();
    }
  }

  private announce(): void {
    this.send({ type: "join", needs: needsStream(), feed: this.feeders > 0, place: this.place, lock: this.lock });
  }

  private send(said: ToHub): void {
    this.link?.send(said);
  }

  private receive(said: ToTab): void {
    this.heard = true;
    this.unanswered = 0;
    switch (said.type) {
      case "call":
        this.announce();
        break;
      case "status":
        this.show(said.status, said.signIn);
        break;
      case "batch":
        this.place = said.place ?? this.place;
        this.batcher.add(said.batch);
        break;
      case "ping":
        this.send({ type: "pong" });
        break;
    }
  }

  private show(status: LiveStatus, signIn: boolean): void {
    const opened = status.phase === "live" && this.status.get().phase !== "live";
    holdElapsed(status.phase === "offline" ? status.lastByteAt : undefined);
    this.status.set(status);
    if (signIn) signInRequired.set(true);
    // The host lets this browser in, whichever tab signed in.
    else if (opened) signInRequired.set(false);
  }

  private deliver(batch: LiveBatch): void {
    for (const listener of [...this.listeners]) listener(batch);
  }
}
