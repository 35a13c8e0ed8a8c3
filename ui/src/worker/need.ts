import { Signal } from "../api/signal";

/**
 * Set while this tab must hear of events that nobody looks at, as for notifications: the stream then stays open although
 * every tab is hidden.
 */
export const wantedWhileHidden = new Signal(false);

/** Whether this tab wants the stream now. */
export function needsStream(): boolean {
  return document.visibilityState === "visible" || wantedWhileHidden.get();
}

/** Calls back whenever that may have changed. */
export function onNeedChange(changed: () => void, until: AbortSignal): void {
  document.addEventListener("visibilitychange", changed, { signal: until });
  until.addEventListener("abort", wantedWhileHidden.subscribe(changed), { once: true });
}
