import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLiveBatches } from "../../../api/hooks";
import { listWaits } from "../../../api/requests";
import type { LiveEvent, Session, Wait, WaitList } from "../../../api/types";
import type { WaitEnd } from "../../../model/waitEnd";
import { type Mark, type ShownWait, dismissed, marked, shownAfter } from "./shownWaits";

/** What begins or ends a wait. */
const NEWS = new Set(["WaitingOnSignal", "BeforeStep", "SignalReceived", "CancelRequested", "SessionUpdated", "SessionFinished"]);
/** So many ends are remembered until their cards ask for them. */
const MOST_ENDS = 100;

type End = WaitEnd & { at: string | undefined };

export interface Waits {
  shown: readonly ShownWait[];
  /** How many are asked now, shown or not; undefined while it isn't known. */
  total: number | undefined;
  more: number;
  /** What the stream told of the end of one. */
  endOf: (wait: Wait) => WaitEnd | undefined;
  /** Who asked for the session to end, if somebody did. */
  cancelledBy: string | undefined;
  mark: (key: string, mark: Mark) => void;
  dismiss: (key: string) => void;
}

/** What a session asks, and what it asked while the reader looked. */
export function useWaits(session: Session): Waits {
  const client = useQueryClient();
  const queryKey = ["waits", session.id];
  const { data } = useQuery({ queryKey, queryFn: ({ signal }) => listWaits(session.id, signal), refetchOnWindowFocus: true });
  const [seen, setSeen] = useState<WaitList>();
  const [shown, setShown] = useState<readonly ShownWait[]>([]);
  const [ends, setEnds] = useState<ReadonlyMap<string, End>>(new Map());
  const [cancelledBy, setCancelledBy] = useState<string>();
  if (data !== undefined && data !== seen) {
    setSeen(data);
    setShown(shownAfter(shown, data.waits));
  }
  useLiveBatches((batch) => {
    const own = batch.events.filter((event) => event.session_id === session.id && isNews(event));
    const told = own.flatMap(endIn);
    for (const event of own) if (event.type === "CancelRequested") setCancelledBy(event.by);
    if (told.length > 0) setEnds((before) => new Map([...before, ...told].slice(-MOST_ENDS)));
    if (own.length > 0 || batch.resync !== undefined) void client.invalidateQueries({ queryKey });
  });
  return {
    shown,
    total: data?.total,
    more: data === undefined ? 0 : data.total - data.waits.length,
    endOf: (wait) => {
      const end = ends.get(nameOf(wait));
      // Without an id it may have been told of one before.
      return wait.wait_id !== undefined || (end?.at ?? "") >= wait.since ? end : undefined;
    },
    cancelledBy,
    mark: (key, mark) => setShown((before) => marked(before, key, mark)),
    dismiss: (key) => setShown((before) => dismissed(before, key)),
  };
}

/** A wait that nobody answered ends with its span, and no event of its own. */
function isNews(event: LiveEvent): boolean {
  return NEWS.has(event.type) || (event.type === "SpanFinished" && event.span.kind === "human");
}

function endIn(event: LiveEvent): [string, End][] {
  if (event.type !== "SignalReceived") return [];
  const { decision, by, timestamp: at } = event;
  return [[nameOf(event), { decision, by, at }]];
}

function nameOf({ wait_id: id, signal_name: signal }: { wait_id?: string | undefined; signal_name: string }): string {
  return id ?? `signal ${signal}`;
}
