import { whenGone } from "./locks";
import type { Link, ToHub, ToTab } from "./messages";
import type { Alive, Taken } from "./ports";

/** A worker that ends this soon after it was joined is no use. */
const SHORTEST_LIFE_MS = 1_000;

/** To the shared worker of this mount. */
export class WorkerLink implements Link {
  private worker: SharedWorker | undefined;
  private receive: (said: ToTab) => void = () => undefined;
  private failed: () => void = () => undefined;
  private joinedAt = 0;
  private stopWaiting: () => void = () => undefined;

  constructor(private readonly connect: () => SharedWorker) {}

  open(receive: (said: ToTab) => void, failed: () => void): void {
    this.receive = receive;
    this.failed = failed;
    this.replace();
  }

  send(said: ToHub): void {
    this.worker?.port.postMessage(said);
  }

  replace(): void {
    this.close();
    const worker = this.connect();
    this.worker = worker;
    this.joinedAt = Date.now();
    // The script can't be had, or its policy forbids it.
    worker.onerror = () => this.failed();
    worker.port.onmessage = ({ data }: MessageEvent<ToTab | Alive>) => {
      if (data.type === "alive") {
        this.stopWaiting = whenGone(data.lock, () => this.again());
        return;
      }
      this.receive(data);
      const taken: Taken = { type: "taken" };
      if (data.type === "batch") worker.port.postMessage(taken);
    };
  }

  /** The worker is gone: a new one is started, and knows nobody. */
  private again(): void {
    if (Date.now() - this.joinedAt < SHORTEST_LIFE_MS) {
      this.failed();
      return;
    }
    this.replace();
    this.receive({ type: "call" });
  }

  close(): void {
    this.stopWaiting();
    this.worker?.port.close();
    this.worker = undefined;
  }
}
