import { useInfiniteQuery } from "@tanstack/react-query";
import { hostNow } from "../../api/clock";
import { search } from "../../api/requests";
import { wireMoment } from "../../model/since";

export interface Asked {
  q: string;
  /** As typed or chosen; `24h` is another moment each time it is asked. */
  since: string | undefined;
  until: string | undefined;
  session: string | undefined;
}

/** Hits for a query, newest first, as far as somebody asked for more of them. */
export function useHits(asked: Asked) {
  return useInfiniteQuery({
    queryKey: ["search", asked],
    queryFn: ({ pageParam, signal }) => {
      const now = hostNow();
      const range = { since: wireMoment(asked.since, now), until: wireMoment(asked.until, now) };
      return search({ q: asked.q, session_id: asked.session, ...range }, pageParam, signal);
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    enabled: asked.q !== "",
    staleTime: 0,
  });
}
