import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { useLiveBatches } from "../../api/hooks";
import { getSession } from "../../api/requests";
import type { Session } from "../../api/types";
import { isAlive, withControls } from "../../model/sessionControls";
import type { Shape, TraceFrame } from "../../worker/trace/messages";
import { TraceStore, errorOf } from "./traceStore";

export interface Trace {
  store: TraceStore;
  frame: TraceFrame;
  shape: Shape | undefined;
  session: Session | undefined;
  error: Error | undefined;
  retry: () => void;
}

/** One session with its trace. `onMerged` is told when the id turned out to be another session's. */
export function useTrace(id: string, onMerged: (into: string) => void): Trace {
  const client = useQueryClient();
  const [store] = useState(() => new TraceStore(id));
  const frame = useSyncExternalStore(store.frame.subscribe, store.frame.get);
  const shape = useSyncExternalStore(store.shape.subscribe, store.shape.get);
  const session = useQuery({ queryKey: ["session", id], queryFn: ({ signal }) => getSession(id, signal), staleTime: 0 });

  useLiveBatches((batch) => {
    store.live(batch);
    let latest: Session | undefined;
    for (const event of batch.events) {
      if ("session" in event && event.session.id === id) latest = event.session;
      if (event.type === "SessionMerged" && event.session_id === id) onMerged(event.into);
    }
    const { data: known } = session;
    if (latest !== undefined) client.setQueryData(["session", id], withControls(latest, known));
    // What can be done with it may be another thing now.
    const turned = latest !== undefined && known !== undefined && latest.status !== known.status && isAlive(latest);
    if (batch.resync !== undefined || turned) void session.refetch();
  });

  return {
    store,
    frame,
    shape,
    session: session.data,
    error: session.error ?? (frame.spans === 0 ? errorOf(frame.failure) : undefined),
    retry: () => {
      void session.refetch();
      store.send({ type: "load", all: false });
    },
  };
}
