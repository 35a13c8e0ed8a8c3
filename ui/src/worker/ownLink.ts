import { Hub } from "./hub";
import type { Link, ToHub, ToTab } from "./messages";

const ME = "me";

/** The last resort, where tabs can't agree: each holds a stream of its own. */
export class OwnLink implements Link {
  private hub: Hub | undefined;

  open(receive: (said: ToTab) => void): void {
    this.hub = new Hub({ send: (_tab, said) => receive(said), sendAll: (_tabs, said) => receive(said) });
  }

  send(said: ToHub): void {
    // A tab needn't be asked whether it is still there by itself.
    this.hub?.receive(ME, said);
  }

  replace(): void {
    // It is here as long as the tab is.
  }

  close(): void {
    this.hub?.close();
    this.hub = undefined;
  }
}
