import type { FeedEvent, Recent } from "../../api/feed";

/** As far back as the feed remembers, in events and in characters of them, whichever is less. */
export const KEPT_EVENTS = 20_000;
const KEPT_CHARS = 24_000_000;
/** What a full feed is cut down to: cutting at every event would copy the whole list for each of them. */
const CUT_TO = 0.9;
/** Nobody reads faster, and a host that says much must not make a page draw for it all the time. */
const TELL_MS = 100;
const RATE_MS = 5_000;

export interface FeedFilter {
  types: readonly string[];
  session: string | undefined;
  text: string;
}

/** A list as it was at some moment: it may grow behind `length`, and is never changed before it. */
export interface FeedView {
  list: readonly FeedEvent[];
  length: number;
}

/** The events of the feed, from old to new: what is kept, and what of it the filter lets through. */
export class FeedStore {
  private events: FeedEvent[] = [];
  private shown: FeedEvent[] = [];
  private filter: FeedFilter = { types: [], session: undefined, text: "" };
  private chars = 0;
  private counts = new Map<string, number>();
  private arrivals: { at: number; count: number }[] = [];
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private version = 0;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Grows whenever there is something else to draw. */
  readonly getVersion = (): number => this.version;

  get kept(): number {
    return this.events.length;
  }

  get lastId(): number | undefined {
    return this.events.at(-1)?.id;
  }

  /** Types that are kept, each with how many of it, by name. */
  get types(): [string, number][] {
    return [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  view(): FeedView {
    return { list: this.shown, length: this.shown.length };
  }

  find(id: number): FeedEvent | undefined {
    return this.events.find((event) => event.id === id);
  }

  /** Events a second, over the last seconds. */
  rate(now: number): number {
    this.arrivals = this.arrivals.filter(({ at }) => now - at < RATE_MS);
    return (this.arrivals.reduce((sum, { count }) => sum + count, 0) * 1000) / RATE_MS;
  }

  /** What has just happened. `now` is for the rate only. */
  add(events: readonly FeedEvent[], now: number): void {
    const last = this.lastId ?? -1;
    const news = events.filter(({ id }) => id > last);
    // Ids only grow within one store: these are of another one.
    if (news.length === 0 && events.length > 0 && !events.some(({ id }) => this.find(id) !== undefined)) {
      this.clear();
      this.add(events, now);
      return;
    }
    if (news.length === 0) return;
    for (const event of news) {
      this.events.push(event);
      this.count(event);
      if (passes(this.filter, event)) this.shown.push(event);
    }
    this.arrivals.push({ at: now, count: news.length });
    this.trim();
    this.tellSoon();
  }

  /** What happened before, or was missed; it may overlap with what is here. */
  addRecent({ events, after }: Recent, lastBefore: number | undefined): void {
    const lost = lastBefore !== undefined && lastBefore < after;
    const gap: FeedEvent[] = lost ? [missed(after)] : [];
    this.reset(merge(this.events, merge(events, gap)));
  }

  choose(filter: FeedFilter): void {
    this.filter = filter;
    this.shown = this.events.filter((event) => passes(filter, event));
    this.tell();
  }

  clear(): void {
    this.reset([]);
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private reset(events: FeedEvent[]): void {
    this.events = events;
    this.chars = 0;
    this.counts = new Map();
    for (const event of events) this.count(event);
    this.trim();
    this.choose(this.filter);
  }

  private count(event: FeedEvent): void {
    this.chars += event.json.length;
    this.counts.set(event.type, (this.counts.get(event.type) ?? 0) + 1);
  }

  private trim(): void {
    if (this.events.length <= KEPT_EVENTS && this.chars <= KEPT_CHARS) return;
    let from = 0;
    while (this.events.length - from > KEPT_EVENTS * CUT_TO || this.chars > KEPT_CHARS * CUT_TO) {
      const event = this.events[from];
      if (event === undefined) break;
      from += 1;
      this.chars -= event.json.length;
      const left = (this.counts.get(event.type) ?? 1) - 1;
      if (left > 0) this.counts.set(event.type, left);
      else this.counts.delete(event.type);
    }
    this.events = this.events.slice(from);
    // New lists, so that whoever holds an old one still sees what it held.
    const oldest = this.events[0]?.id ?? Infinity;
    this.shown = this.shown.filter(({ id }) => id >= oldest);
  }

  private tellSoon(): void {
    this.timer ??= setTimeout(() => this.tell(), TELL_MS);
  }

  private tell(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.version += 1;
    for (const listener of [...this.listeners]) listener();
  }
}

function passes({ types, session, text }: FeedFilter, event: FeedEvent): boolean {
  if (event.type === "Gap") return true;
  if (types.length > 0 && !types.includes(event.type)) return false;
  if (session !== undefined && event.session_id !== session) return false;
  return text === "" || event.json.toLowerCase().includes(text.toLowerCase());
}

/** Two lists in the order of their ids as one; what is in both is there once. */
function merge(a: readonly FeedEvent[], b: readonly FeedEvent[]): FeedEvent[] {
  const byId = new Map<number, FeedEvent>();
  for (const event of a) byId.set(event.id, event);
  for (const event of b) byId.set(event.id, event);
  return [...byId.values()].sort((one, other) => one.id - other.id);
}

function missed(after: number): FeedEvent {
  // Between two ids, so that it has a place of its own in the order.
  return { id: after + 0.5, type: "Gap", timestamp: "", text: "this page could not keep up; what happened here is not shown", tone: "warn", json: "{}" };
}
