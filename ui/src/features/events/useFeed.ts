import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { hostNow } from "../../api/clock";
import { recentEvents } from "../../api/feed";
import { useLive, useLiveBatches } from "../../api/hooks";
import { SessionNames } from "../../api/names";
import { type FeedFilter, FeedStore } from "./feedStore";

/** So much of the past is asked for when the screen opens. */
const RECENT = 1_000;

export interface Feed {
  store: FeedStore;
  /** What the sessions of the events are called. */
  names: SessionNames;
  /** Grows whenever there is something else to draw. */
  version: number;
  /** The past is still on its way. */
  loading: boolean;
}

/** The live feed, for as long as its screen is open: nothing of it is kept for a screen that nobody looks at. */
export function useFeed(filter: FeedFilter): Feed {
  const live = useLive();
  const [store] = useState(() => new FeedStore());
  const [names] = useState(() => new SessionNames());
  const [loading, setLoading] = useState(true);
  const version = useSyncExternalStore(store.subscribe, store.getVersion);
  const gone = useRef<AbortController>(new AbortController());
  const begun = useRef(false);

  useEffect(() => {
    const here = new AbortController();
    gone.current = here;
    begun.current = false;
    const leave = live.wantFeed();
    return () => {
      leave();
      here.abort();
      store.close();
    };
  }, [live, store]);

  useEffect(() => store.choose(filter), [store, filter]);

  function fill(lastBefore: number | undefined): void {
    const { signal } = gone.current;
    recentEvents(RECENT, signal)
      .then((recent) => {
        if (!signal.aborted) store.addRecent(recent, lastBefore);
      })
      .catch(() => {
        // The feed itself goes on, and the connection says what is wrong.
      })
      .finally(() => {
        if (!signal.aborted) setLoading(false);
      });
  }

  useLiveBatches((batch) => {
    names.hear(batch.events);
    if (batch.cut) fill(store.lastId);
    if (batch.feed === undefined) return;
    store.add(batch.feed, hostNow());
    // Asked only now: whatever happens from here on comes by itself, so that nothing falls between.
    if (!begun.current) fill(undefined);
    begun.current = true;
  });

  return { store, names, version, loading };
}
