import type { FromTrace, ToTrace } from "./messages";
import type { TraceKeeper } from "./traceKeeper";

/** The page's end of the line to whoever keeps a trace. */
export interface TraceLine {
  send(said: ToTrace): void;
  close(): void;
}

/**
 * Starts someone to keep a trace: a worker of its own, so that no trace however long makes the page wait; where there are
 * none, or their script can't be had, the page's own thread, which does the same and is merely slower.
 *
 * Why whole rows and not columns of numbers cross the line: a frame holds about a hundred rows, which are copied in a fraction
 * of a millisecond, while the trace itself never crosses at all.
 */
export function openTrace(receive: (said: FromTrace) => void): TraceLine {
  return "Worker" in globalThis ? new WorkerLine(receive) : ownLine(receive);
}

interface Started {
  worker: Worker;
  failed: boolean;
}

let spare: Started | undefined;

/** Starts a worker before it is known what for: its script then comes while that of the screen does. */
export function prepareTrace(): void {
  if ("Worker" in globalThis) spare ??= start();
}

function start(): Started {
  const started: Started = { worker: new Worker(new URL("./traceWorker.ts", import.meta.url), { type: "module" }), failed: false };
  started.worker.onerror = () => {
    started.failed = true;
  };
  return started;
}

class WorkerLine implements TraceLine {
  private worker: Worker | undefined;
  private own: TraceLine | undefined;
  private readonly sent: ToTrace[] = [];
  private heard = false;

  constructor(private readonly receive: (said: FromTrace) => void) {
    const { worker, failed } = spare ?? start();
    spare = undefined;
    this.worker = worker;
    if (failed) this.fallBack();
    worker.onmessage = ({ data }: MessageEvent<FromTrace>) => {
      this.heard = true;
      this.sent.length = 0;
      receive(data);
    };
    worker.onerror = () => this.fallBack();
  }

  send(said: ToTrace): void {
    if (this.own !== undefined) {
      this.own.send(said);
      return;
    }
    if (!this.heard) this.sent.push(said);
    this.worker?.postMessage(said);
  }

  close(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.own?.close();
  }

  /** The script can't be had, or its policy forbids it: what was said so far is said to the page's own thread. */
  private fallBack(): void {
    if (this.heard || this.worker === undefined) return;
    this.close();
    this.own = ownLine(this.receive);
    for (const said of this.sent.splice(0)) this.own.send(said);
  }
}

/** Fetched only where it is needed: every other browser has it in the worker's script. */
function ownLine(receive: (said: FromTrace) => void): TraceLine {
  let open = true;
  let keeper: TraceKeeper | undefined;
  const sent: ToTrace[] = [];
  void import("./traceKeeper").then(({ TraceKeeper }) => {
    if (!open) return;
    // Later, as a worker would, so that nobody is called back while still speaking.
    keeper = new TraceKeeper((said) => queueMicrotask(() => {
      if (open) receive(said);
    }));
    for (const said of sent.splice(0)) keeper.hear(said);
  });
  return {
    send: (said) => {
      if (keeper === undefined) sent.push(said);
      else keeper.hear(said);
    },
    close: () => {
      open = false;
      keeper?.stop();
    },
  };
}
