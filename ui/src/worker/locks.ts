/**
 * Web Locks, where they exist: in secure contexts only. A lock is given back by the browser when its holder is gone, however
 * it went, which no message can promise.
 */
export function locks(): LockManager | undefined {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
}

/** Holds a lock that nobody else holds, until `until` is aborted. Answers its name once it is held. */
export function hold(name: string, until: AbortSignal): Promise<string | undefined> {
  const manager = locks();
  if (manager === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const held = (): Promise<void> => {
      resolve(name);
      return new Promise((release) => {
        if (until.aborted) release();
        else until.addEventListener("abort", () => release(), { once: true });
      });
    };
    // A browser may refuse locks to a page without storage; it is then asked whether it lives.
    manager.request(name, held).catch(() => resolve(undefined));
  });
}

/** Calls back once the holder of a lock is gone. The answer stops waiting. */
export function whenGone(name: string, gone: () => void): () => void {
  const waiting = new AbortController();
  locks()
    ?.request(name, { mode: "shared", signal: waiting.signal }, gone)
    .catch(() => {
      // Nobody waits any more.
    });
  return () => waiting.abort();
}

/** A name nobody else has. `crypto.randomUUID` is kept from insecure contexts. */
export function serial(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
