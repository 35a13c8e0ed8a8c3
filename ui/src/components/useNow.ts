import { useSyncExternalStore } from "react";
import { hostNow } from "../api/clock";

/**
 * One clock for the whole page: everything that ticks, ticks together, once a second, and nothing runs while nothing on
 * screen needs it.
 */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = hostNow();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = hostNow();
    timer = setInterval(() => {
      now = hostNow();
      for (const each of [...listeners]) each();
    }, 1_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function current(): number {
  // Between two ticks everybody must see the same moment, or React would render for ever.
  if (timer === undefined) now = Math.floor(hostNow() / 1_000) * 1_000;
  return now;
}

function never(): () => void {
  return () => undefined;
}

/** Host time in milliseconds, renewed every second while `ticking`. */
export function useNow(ticking = true): number {
  return useSyncExternalStore(ticking ? subscribe : never, current);
}
