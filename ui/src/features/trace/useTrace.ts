import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useLiveBatches } from "../../api/hooks";
import { getSession } from "../../api/requests";
import type { Session } from "../../api/types";
import { TraceStore, type TraceSnapshot } from "./traceStore";

export interface Trace {
  store: TraceStore;
  snapshot: TraceSnapshot;
  session: Session | undefined;
  error: Error | undefined;
  retry: () => void;
}

/** One session with its spans. `onMerged` is told when the id turned out to be another session's. */
export function useTrace(id: string, onMerged: (into: string) => void): Trace {
  const client = useQueryClient();
  const [store] = useState(() => new TraceStore(id));
  const snapshot = useSyncExternalStore(store.snapshot.subscribe, store.snapshot.get);
  const session = useQuery({ queryKey: ["session", id], queryFn: ({ signal }) => getSession(id, signal), staleTime: 0 });

  useEffect(() => {
    void store.load();
    return () => store.stop();
  }, [store]);

  useLiveBatches((batch) => {
    store.live(batch);
    let latest: Session | undefined;
    for (const event of batch.events) {
      if ("session" in event && event.session.id === id) latest = event.session;
      if (event.type === "SessionMerged" && event.session_id === id) onMerged(event.into);
    }
    if (latest !== undefined) client.setQueryData(["session", id], latest);
    if (batch.resync !== undefined) void session.refetch();
  });

  return {
    store,
    snapshot,
    session: session.data,
    error: session.error ?? (snapshot.order.length === 0 ? snapshot.error : undefined),
    retry: () => {
      void session.refetch();
      void store.load();
    },
  };
}
