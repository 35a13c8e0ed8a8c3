import { getSessions, MOST_IDS } from "./requests";
import type { LiveEvent } from "./types";

/** Names beyond these are forgotten, the one that was put in first before the others. */
const MOST_NAMES = 5_000;
/** What is scrolled past together is asked for together. */
const ASK_AFTER_MS = 80;
/** A host that does not answer is left alone for so long. */
const RETRY_MS = 5_000;

type Ask = (ids: readonly string[]) => Promise<{ sessions: readonly { id: string; title: string }[] }>;

/** What sessions are called, for events that know only their ids: asked for once, many in one request. */
export class SessionNames {
  private readonly names = new Map<string, string>();
  private readonly wanted = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private version = 0;

  constructor(private readonly ask: Ask = getSessions) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Grows whenever there is another name. */
  readonly getVersion = (): number => this.version;

  /** The title of a session, or undefined while it is unknown; then it is asked for. */
  of(id: string): string | undefined {
    const name = this.names.get(id);
    if (name === undefined && !this.wanted.has(id)) {
      this.wanted.add(id);
      this.timer ??= setTimeout(() => void this.askNow(), ASK_AFTER_MS);
    }
    return name === "" ? undefined : name;
  }

  /** The stream tells of sessions by itself. */
  hear(events: readonly LiveEvent[]): void {
    let news = false;
    for (const event of events) if ("session" in event) news = this.put(event.session.id, event.session.title) || news;
    if (news) this.tell();
  }

  private put(id: string, title: string): boolean {
    if (this.names.get(id) === title) return false;
    this.names.set(id, title);
    if (this.names.size > MOST_NAMES) this.names.delete(this.names.keys().next().value ?? "");
    return true;
  }

  private async askNow(): Promise<void> {
    for (const id of this.wanted) if (this.names.has(id)) this.wanted.delete(id);
    const ids = [...this.wanted].slice(0, MOST_IDS);
    if (ids.length === 0) {
      this.timer = undefined;
      return;
    }
    // The timer that rang stays until the answer is here, so that nobody else asks meanwhile.
    try {
      const { sessions } = await this.ask(ids);
      const titles = new Map(sessions.map(({ id, title }) => [id, title]));
      for (const id of ids) {
        this.wanted.delete(id);
        // One that is gone has no name, and is not asked for again.
        this.put(id, titles.get(id) ?? "");
      }
      this.timer = this.wanted.size > 0 ? setTimeout(() => void this.askNow(), ASK_AFTER_MS) : undefined;
      this.tell();
    } catch {
      // Their ids stand there until then.
      this.timer = setTimeout(() => void this.askNow(), RETRY_MS);
    }
  }

  private tell(): void {
    this.version += 1;
    for (const listener of [...this.listeners]) listener();
  }
}
