import type { Link, ToHub, ToTab } from "./messages";
import type { Taken } from "./ports";

/** To the shared worker of this mount. */
export class WorkerLink implements Link {
  private worker: SharedWorker | undefined;
  private receive: (said: ToTab) => void = () => undefined;
  private failed: () => void = () => undefined;

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
    // The script can't be had, or its policy forbids it.
    worker.onerror = () => this.failed();
    worker.port.onmessage = ({ data }: MessageEvent<ToTab>) => {
      this.receive(data);
      const taken: Taken = { type: "taken" };
      if (data.type === "batch") worker.port.postMessage(taken);
    };
  }

  close(): void {
    this.worker?.port.close();
    this.worker = undefined;
  }
}
