import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLiveBatches } from "../../api/hooks";
import { listSessions } from "../../api/requests";
import type { LiveEvent, Session, SessionList } from "../../api/types";
import type { SessionFilter } from "../../model/sessionFilter";
import { PageRows, applyToPages } from "../../model/sessionPages";
import { freshenRows } from "./freshenRows";
import { toQuery } from "./toQuery";

/** Up to this many pages are simply fetched again. */
const WHOLE_PAGES = 4;

type Pages = InfiniteData<SessionList, string | undefined>;

export interface Sessions {
  rows: readonly Session[];
  degraded: SessionList["degraded"];
  /** All pages are here, so the number of rows is the number of sessions. */
  complete: boolean;
  pending: boolean;
  error: Error | null;
  loadMore: () => void;
  reload: () => void;
}

/** The list for a filter: pages as far as they were scrolled, kept current by the stream. */
export function useSessions(filter: SessionFilter): Sessions {
  const client = useQueryClient();
  const queryKey = useMemo(() => ["sessions", filter] as const, [filter]);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => listSessions(toQuery(filter), pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const { data, isFetching, isFetchingNextPage, hasNextPage, fetchNextPage, refetch } = query;

  function apply(events: readonly LiveEvent[]): void {
    client.setQueryData<Pages>(queryKey, (known) => {
      if (known === undefined) return undefined;
      const pages = applyToPages(known.pages, events, filter);
      return pages === known.pages ? known : { ...known, pages: [...pages] };
    });
  }

  const [pageRows] = useState(() => new PageRows());
  const rows = useMemo(() => pageRows.of(data?.pages ?? []), [pageRows, data]);

  /** Fetches again what is shown. A list that was scrolled far is not fetched whole for that: see `freshenRows`. */
  async function resync(): Promise<void> {
    if ((data?.pages.length ?? 0) <= WHOLE_PAGES) await refetch();
    else apply(await freshenRows(rows, toQuery(filter)));
  }

  // What arrives while a page is on its way may be younger than that page, which would undo it: it is applied again after.
  const during = useRef<LiveEvent[]>([]);
  const again = useRef(false);
  useLiveBatches((batch) => {
    if (batch.events.length > 0) apply(batch.events);
    if (isFetching) {
      during.current.push(...batch.events.filter((event) => event.type.startsWith("Session")));
      again.current ||= batch.resync !== undefined;
    } else if (batch.resync !== undefined) {
      void resync();
    }
  });
  useEffect(() => {
    if (isFetching) return;
    const missed = during.current;
    during.current = [];
    if (missed.length > 0) apply(missed);
    if (again.current) {
      again.current = false;
      void resync();
    }
    // Runs when a fetch ends, and only then.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isFetching]);

  return {
    rows,
    degraded: data?.pages[0]?.degraded ?? [],
    complete: data !== undefined && !hasNextPage,
    pending: query.isPending,
    error: query.error,
    loadMore: () => {
      if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    reload: () => void refetch(),
  };
}
