import { vi } from "vitest";

/** A wire between two ends that delivers in order, a turn later, and only what can be copied between threads. */
class Wire extends EventTarget {
  onmessage: ((event: MessageEvent) => void) | null = null;
  closed = false;

  deliver(message: unknown): void {
    const data = structuredClone(message);
    queueMicrotask(() => {
      if (!this.closed) this.onmessage?.(new MessageEvent("message", { data }));
    });
  }

  close(): void {
    this.closed = true;
  }
}

/** jsdom has no channels; those of Node.js do not keep to the tests' clock. */
export class FakePort extends Wire {
  other: FakePort | undefined;

  static pair(): [MessagePort, MessagePort] {
    const [one, two] = [new FakePort(), new FakePort()];
    one.other = two;
    two.other = one;
    return [one as unknown as MessagePort, two as unknown as MessagePort];
  }

  postMessage(message: unknown): void {
    if (!this.closed) this.other?.deliver(message);
  }
}

/** Reaches every other channel of its name. */
export class FakeChannel extends Wire {
  static readonly open = new Set<FakeChannel>();

  constructor(readonly name: string) {
    super();
    FakeChannel.open.add(this);
  }

  postMessage(message: unknown): void {
    for (const channel of FakeChannel.open) if (channel !== this && channel.name === this.name) channel.deliver(message);
  }

  override close(): void {
    super.close();
    FakeChannel.open.delete(this);
  }
}

interface Request {
  shared: boolean;
  grant: () => void;
}

interface Held {
  shared: boolean;
  depose: () => void;
}

/** Web Locks for one page, in the order in which they were asked for. */
export class FakeLocks {
  private readonly held = new Map<string, Held[]>();
  private readonly waiting = new Map<string, Request[]>();

  isHeld(name: string): boolean {
    return (this.held.get(name) ?? []).length > 0;
  }

  names(): string[] {
    return [...this.held].filter(([, held]) => held.length > 0).map(([name]) => name);
  }

  /** The browser takes a lock back, as when its holder's process ended. */
  crash(name: string): void {
    this.held.set(name, []);
    this.turn(name);
  }

  readonly request = (name: string, ...rest: unknown[]): Promise<unknown> => {
    const held = rest.at(-1) as () => unknown;
    const { mode, signal, steal } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
    return new Promise((resolve, reject) => {
      const stopped = (): DOMException => new DOMException("no longer", "AbortError");
      const one: Held = { shared: mode === "shared", depose: () => reject(stopped()) };
      const request: Request = {
        shared: one.shared,
        grant: () => {
          this.held.set(name, [...(this.held.get(name) ?? []), one]);
          void Promise.resolve()
            .then(held)
            .then((value) => {
              this.held.set(name, (this.held.get(name) ?? []).filter((other) => other !== one));
              resolve(value);
              this.turn(name);
            }, reject);
        },
      };
      if (steal) {
        for (const other of this.held.get(name) ?? []) other.depose();
        this.held.set(name, []);
        request.grant();
        return;
      }
      if (signal?.aborted) {
        reject(stopped());
        return;
      }
      signal?.addEventListener("abort", () => {
        const queue = this.waiting.get(name) ?? [];
        if (!queue.includes(request)) return;
        this.waiting.set(name, queue.filter((other) => other !== request));
        reject(stopped());
      });
      this.waiting.set(name, [...(this.waiting.get(name) ?? []), request]);
      this.turn(name);
    });
  };

  private turn(name: string): void {
    for (;;) {
      const [first, ...others] = this.waiting.get(name) ?? [];
      const held = this.held.get(name) ?? [];
      if (first === undefined || (held.length > 0 && !(first.shared && held.every(({ shared }) => shared)))) return;
      this.waiting.set(name, others);
      first.grant();
    }
  }
}

/** Gives the page locks and channels; the answer holds the locks. */
export function withLocks(): FakeLocks {
  const locks = new FakeLocks();
  Object.defineProperty(navigator, "locks", { configurable: true, value: locks });
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  return locks;
}

export function withoutLocks(): void {
  Reflect.deleteProperty(navigator, "locks");
  for (const channel of [...FakeChannel.open]) channel.close();
}

/** Shows or hides the page. */
export function setVisible(visible: boolean): void {
  Object.defineProperty(document, "visibilityState", { configurable: true, value: visible ? "visible" : "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
}
