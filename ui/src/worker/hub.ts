import type { LiveBatch } from "../api/live";
import { Batcher, type Soon } from "../api/batcher";
import { signInRequired } from "../api/client";
import { EventStream } from "../api/stream";
import { whenGone } from "./locks";
import type { ToHub, ToTab } from "./messages";

/** How long the stream stays open when no tab wants it any more: long enough to look something up in another tab. */
export const RELEASE_AFTER_MS = 10_000;

/** How often a tab without a lock is asked whether it is still there. One that answers to neither of two is gone. */
export const PING_MS = 15_000;

interface Member {
  needs: boolean;
  feed: boolean;
  /** Asked this often since it last said anything; undefined where a lock tells when it is gone. */
  asked: number | undefined;
  leave: () => void;
}

export interface Audience {
  send(tab: string, said: ToTab): void;
  sendAll(tabs: Iterable<string>, said: ToTab): void;
  /** A tab is gone for good. */
  forget?(tab: string): void;
}

/**
 * Holds the one stream for the tabs of a browser: open while one of them wants it, and told to all of them. It runs in the
 * shared worker, in the leading tab, or in each tab for itself.
 */
export class Hub {
  private readonly stream = new EventStream((batch) => this.batcher.add(batch));
  private readonly batcher: Batcher;
  private readonly members = new Map<string, Member>();
  private readonly unsubscribe: (() => void)[];
  private release: ReturnType<typeof setTimeout> | undefined;
  /** A tab wants every event, so the stream brings them. */
  private feeding = false;
  private ping: ReturnType<typeof setInterval> | undefined;

  /** `soon` joins what arrives close together; without it every piece is passed on as it comes. */
  constructor(
    private readonly audience: Audience,
    soon?: Soon,
  ) {
    this.batcher = new Batcher((batch) => this.publish(batch), soon ?? atOnce);
    this.unsubscribe = [
      this.stream.status.subscribe(() => this.tellAll(this.statusNow())),
      signInRequired.subscribe(() => this.tellAll(this.statusNow())),
    ];
  }

  receive(tab: string, said: ToHub): void {
    if (said.type === "join") {
      this.join(tab, said);
      return;
    }
    const member = this.members.get(tab);
    if (member === undefined) {
      // It was taken for gone, or spoke before anybody was here.
      if (said.type !== "leave") this.audience.send(tab, { type: "call" });
      return;
    }
    if (member.asked !== undefined) member.asked = 0;
    switch (said.type) {
      case "need":
        member.needs = said.needs;
        if (said.feed === true && !member.feed && this.feeding) this.audience.send(tab, this.feedBegins());
        member.feed = said.feed === true;
        this.weigh();
        break;
      case "retry":
        this.stream.retry();
        break;
      case "signed-in":
        signInRequired.set(false);
        this.stream.retry();
        break;
      case "signed-out":
        this.stream.reopen();
        break;
      case "ping":
        this.audience.send(tab, { type: "pong" });
        break;
      case "leave":
        this.leave(tab);
        break;
    }
  }

  /** Ends the stream; nobody is told. */
  close(): void {
    for (const leave of this.unsubscribe) leave();
    for (const { leave } of this.members.values()) leave();
    this.members.clear();
    clearTimeout(this.release);
    clearInterval(this.ping);
    this.stream.stop();
  }

  private join(tab: string, { needs, feed = false, place, lock }: Extract<ToHub, { type: "join" }>): void {
    this.members.get(tab)?.leave();
    const leave = lock === undefined ? () => undefined : whenGone(lock, () => this.leave(tab));
    this.members.set(tab, { needs, feed, asked: lock === undefined ? 0 : undefined, leave });
    if (lock === undefined) this.ping ??= setInterval(() => this.askAll(), PING_MS);
    this.stream.continueAfter(place);
    this.weigh();
    // What was read before it came is not for it. What it shows may be older: it fetches that again.
    this.batcher.flush();
    this.audience.send(tab, this.statusNow());
    if (this.stream.status.get().phase === "live") {
      this.audience.send(tab, { type: "batch", batch: { events: [], resync: { missed: undefined } }, place: this.stream.place });
      if (feed && this.feeding) this.audience.send(tab, this.feedBegins());
    }
  }

  private leave(tab: string): void {
    const member = this.members.get(tab);
    if (member === undefined) return;
    this.members.delete(tab);
    member.leave();
    this.audience.forget?.(tab);
    this.weigh();
  }

  /** Opens the stream when a tab wants it, and closes it some time after the last one did. */
  private weigh(): void {
    this.feeding = [...this.members.values()].some((member) => member.needs && member.feed);
    this.stream.want(this.feeding);
    if ([...this.members.values()].some((member) => member.needs)) {
      clearTimeout(this.release);
      this.release = undefined;
      this.stream.start();
    } else {
      this.release ??= setTimeout(() => {
        this.release = undefined;
        this.stream.stop();
      }, RELEASE_AFTER_MS);
    }
  }

  private askAll(): void {
    for (const [tab, member] of [...this.members]) {
      if (member.asked === undefined) continue;
      if (member.asked >= 2) {
        this.leave(tab);
      } else {
        member.asked += 1;
        this.audience.send(tab, { type: "ping" });
      }
    }
  }

  private publish(batch: LiveBatch): void {
    const place = this.stream.place;
    if (batch.feed === undefined) {
      this.tellAll({ type: "batch", batch, place });
      return;
    }
    // Every event is much; it is told only to whoever looks at it.
    const rest: LiveBatch = { events: batch.events, ...(batch.resync && { resync: batch.resync }) };
    const quiet = rest.events.length === 0 && rest.resync === undefined;
    for (const [tab, member] of this.members) {
      if (member.feed) this.audience.send(tab, { type: "batch", batch, place });
      else if (!quiet) this.audience.send(tab, { type: "batch", batch: rest, place });
    }
  }

  /** From now on a tab is told of every event. */
  private feedBegins(): ToTab {
    return { type: "batch", batch: { events: [], feed: [] }, place: this.stream.place };
  }

  private tellAll(said: ToTab): void {
    // The events before a change of the status come before it.
    if (said.type === "status") this.batcher.flush();
    this.audience.sendAll(this.members.keys(), said);
  }

  private statusNow(): ToTab {
    return { type: "status", status: this.stream.status.get(), signIn: signInRequired.get() };
  }
}

function atOnce(flush: () => void): () => void {
  flush();
  return () => undefined;
}
