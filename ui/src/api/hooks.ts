import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { LiveBatch, LiveSource, LiveStatus } from "./live";

const LiveContext = createContext<LiveSource | undefined>(undefined);

export const LiveProvider = LiveContext.Provider;

export function useLive(): LiveSource {
  const live = useContext(LiveContext);
  if (live === undefined) throw new Error("no live source above this component");
  return live;
}

export function useLiveStatus(): LiveStatus {
  const { status } = useLive();
  return useSyncExternalStore(status.subscribe, status.get);
}

/** Calls `handle` with every batch, always its latest version, without subscribing anew on each render. */
export function useLiveBatches(handle: (batch: LiveBatch) => void): void {
  const live = useLive();
  const latest = useEffectEvent(handle);
  useEffect(() => live.subscribe((batch) => latest(batch)), [live]);
}
