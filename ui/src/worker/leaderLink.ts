import { Hub } from "./hub";
import { locks, serial } from "./locks";
import type { Link, ToHub, ToTab } from "./messages";

/** What goes over the channel: to the leader, to one tab, or to all. */
type Posted = { from: string; toHub: ToHub } | { to: string | undefined; toTab: ToTab };

/**
 * One tab leads: it holds the stream and passes everything on over a channel. Who leads is whoever has the lock; when it is
 * gone the browser gives the lock to the next, who calls the others together and goes on after the last id.
 */
export class LeaderLink implements Link {
  private readonly me = serial();
  private readonly closed = new AbortController();
  private channel: BroadcastChannel | undefined;
  private hub: Hub | undefined;
  private receive: (said: ToTab) => void = () => undefined;

  /** `name` is that of the lock and of the channel. */
  constructor(private readonly name: string) {}

  open(receive: (said: ToTab) => void): void {
    this.receive = receive;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }: MessageEvent<Posted>) => this.take(data);
    void this.lead({ signal: this.closed.signal });
  }

  send(said: ToHub): void {
    if (this.hub !== undefined) this.hub.receive(this.me, said);
    else this.post({ from: this.me, toHub: said });
  }

  /** The leader is there and does not answer, as a tab that its system has put to sleep: takes the lock from it. */
  replace(): void {
    if (this.hub === undefined) void this.lead({ steal: true });
  }

  close(): void {
    this.abdicate();
    this.closed.abort();
    this.channel?.close();
    this.channel = undefined;
  }

  private take(posted: Posted): void {
    if ("toHub" in posted) this.hub?.receive(posted.from, posted.toHub);
    else if (posted.to === undefined || posted.to === this.me) this.receive(posted.toTab);
  }

  private async lead(how: LockOptions): Promise<void> {
    try {
      await locks()?.request(this.name, how, () => this.reign());
    } catch {
      // Given up waiting, or deposed by a tab that got no answer.
    }
    this.abdicate();
    if (this.closed.signal.aborted || this.channel === undefined) return;
    void this.lead({ signal: this.closed.signal });
    this.receive({ type: "call" });
  }

  /** Holds the stream until this tab leaves. */
  private reign(): Promise<void> | undefined {
    if (this.closed.signal.aborted || this.hub !== undefined) return undefined;
    this.hub = new Hub({
      send: (tab, said) => {
        if (tab === this.me) this.receive(said);
        else this.post({ to: tab, toTab: said });
      },
      sendAll: (_tabs, said) => {
        this.post({ to: undefined, toTab: said });
        this.receive(said);
      },
    });
    this.receive({ type: "call" });
    this.post({ to: undefined, toTab: { type: "call" } });
    return new Promise((resolve) => this.closed.signal.addEventListener("abort", () => resolve()));
  }

  private abdicate(): void {
    this.hub?.close();
    this.hub = undefined;
  }

  private post(posted: Posted): void {
    this.channel?.postMessage(posted);
  }
}
