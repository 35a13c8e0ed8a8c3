import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { useLiveBatches } from "../../api/hooks";
import { countSessions } from "../../api/requests";
import type { StatusCounts } from "../../api/types";
import type { SessionFilter } from "../../model/sessionFilter";
import { toQuery } from "./toQuery";

/** Not more often than anybody reads numbers. */
const ANEW_AFTER_MS = 2_000;
/** Words are looked for in every session: what took long is asked again after so many times as long. */
const REST = 20;

export interface Counted {
  counts: StatusCounts;
  /** There may be more: not everybody who knows sessions says how many. */
  atLeast: boolean;
}

/** How many sessions of each status the rest of the filter lets through, on the host and not only in the list. */
export function useStatusCounts(filter: SessionFilter): Counted | undefined {
  // Which statuses are shown changes nothing: the same question, the same answer.
  const rest = useMemo(() => ({ ...filter, status: [] }), [filter]);
  const { data, refetch } = useQuery({
    queryKey: ["session-counts", rest],
    queryFn: async ({ signal }) => {
      const began = performance.now();
      const list = await countSessions(toQuery(rest), signal);
      return { ...list, tookMs: performance.now() - began };
    },
    staleTime: 0,
    retry: false,
  });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useLiveBatches(({ events, resync }) => {
    // An update may be one of status: which statuses were, only the host knows.
    if (resync === undefined && !events.some(({ type }) => type.startsWith("Session"))) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void refetch();
    }, Math.max(ANEW_AFTER_MS, REST * (data?.tookMs ?? 0)));
  });
  return data?.counts == null ? undefined : { counts: data.counts, atLeast: data.counts_at_least === true };
}
