import type { LiveBatch } from "../api/live";
import type { Audience } from "./hub";
import { Hub } from "./hub";
import type { ToHub, ToTab } from "./messages";

/** A batch was taken in. Said by the link, so that what a tab has not taken in can be bounded. */
export interface Taken {
  type: "taken";
}

/** The lock the worker holds for as long as it lives. It may end with the process of any of its tabs, and says no word. */
export interface Alive {
  type: "alive";
  lock: string;
}

/**
 * So many batches may wait in front of a tab. One that is further behind (a page the browser has frozen, a debugger at
 * rest) gets nothing more until it has caught up, and then fetches what it shows again.
 */
export const MAX_AHEAD = 256;

/** What happens within this time is told together: no tab draws more often. */
export const JOIN_MS = 16;

interface Tab {
  port: MessagePort;
  ahead: number;
  behind: boolean;
}

/** The tabs at the ports of the shared worker, and the hub they share. */
export class Ports implements Audience {
  private readonly tabs = new Map<string, Tab>();
  private readonly hub = new Hub(this, shortly);
  private serial = 0;

  /** `lock` is the name of the one that is held here, undefined where there are no locks. */
  constructor(private readonly lock: Promise<string | undefined>) {}

  /** A tab has connected. */
  add(port: MessagePort): void {
    this.serial += 1;
    const name = String(this.serial);
    const tab: Tab = { port, ahead: 0, behind: false };
    port.onmessage = ({ data }: MessageEvent<ToHub | Taken>) => {
      // One that was taken for gone and speaks again is there again.
      this.tabs.set(name, tab);
      if (data.type === "taken") this.taken(tab);
      else this.hub.receive(name, data);
    };
    void this.lock.then((lock) => {
      const alive = lock === undefined ? undefined : ({ type: "alive", lock } satisfies Alive);
      if (alive !== undefined) port.postMessage(alive);
    });
  }

  send(name: string, said: ToTab): void {
    const tab = this.tabs.get(name);
    if (tab === undefined) return;
    if (said.type === "batch") {
      tab.behind ||= tab.ahead >= MAX_AHEAD;
      if (tab.behind) return;
      tab.ahead += 1;
    }
    tab.port.postMessage(said);
  }

  sendAll(names: Iterable<string>, said: ToTab): void {
    for (const name of names) this.send(name, said);
  }

  forget(name: string): void {
    this.tabs.delete(name);
  }

  private taken(tab: Tab): void {
    tab.ahead -= 1;
    if (!tab.behind || tab.ahead > 0) return;
    tab.behind = false;
    tab.ahead = 1;
    const batch: LiveBatch = { events: [], resync: { missed: undefined }, cut: true };
    const missed: ToTab = { type: "batch", batch, place: undefined };
    tab.port.postMessage(missed);
  }
}

function shortly(flush: () => void): () => void {
  const timer = setTimeout(flush, JOIN_MS);
  return () => clearTimeout(timer);
}
