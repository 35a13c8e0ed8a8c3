import { Pause, Play, Search, X } from "lucide-react";
import { useMemo, useState } from "react";
import { useLiveStatus } from "../../api/hooks";
import { EmptyState, SkeletonRows } from "../../components/States";
import { useAddress } from "../../components/useAddress";
import { useKeys } from "../../components/useKeys";
import { useNow } from "../../components/useNow";
import { useTitle } from "../../components/useTitle";
import { formatCount, plural } from "../../model/format";
import { revealed } from "../../model/reveal";
import { oneLine } from "../../model/text";
import { EventDetail } from "./EventDetail";
import { EventList } from "./EventList";
import { type FeedFilter, type FeedView, KEPT_EVENTS } from "./feedStore";
import { TypeChips } from "./TypeChips";
import { type Feed, useFeed } from "./useFeed";
import "./events.css";

/** Everything the host says, as it says it. */
export function EventsPage() {
  useTitle("Events");
  const [parameters, change] = useAddress();
  const [types, session, text] = [parameters.get("type") ?? "", parameters.get("session") ?? "", parameters.get("q") ?? ""];
  const filter = useMemo<FeedFilter>(
    () => ({ types: types.split(",").filter(Boolean), session: session === "" ? undefined : session, text: text.trim() }),
    [types, session, text],
  );
  const feed = useFeed(filter);
  const { store } = feed;
  // What was shown when the reader stopped it, or went down: nothing moves under the eyes.
  const [held, setHeld] = useState<(FeedView & { why: "pause" | "scroll"; filter: FeedFilter }) | undefined>();
  const holds = held?.filter === filter ? held : undefined;
  const live = store.view();
  const view = holds ?? live;
  const waiting = holds === undefined ? 0 : countSince(live, holds);
  const chosenId = Number(parameters.get("event") ?? NaN);

  const hold = (why: "pause" | "scroll"): void => setHeld((before) => (before?.filter === filter && before.why === "pause" ? before : { ...view, why, filter }));
  const go = (): void => setHeld(undefined);

  useKeys({
    p: () => (holds?.why === "pause" ? go() : hold("pause")),
    Escape: () => {
      if (parameters.has("event")) change({ event: "" });
      else if (text !== "") change({ q: "" });
    },
  });

  return (
    <main className={`events${Number.isFinite(chosenId) ? " has-detail" : ""}`}>
      <h1 className="only-read">Events</h1>
      <div className="events-bar">
        <div className="search-box">
          <Search size={14} aria-hidden />
          <input
            type="text"
            data-search
            value={text}
            onChange={(event) => change({ q: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === "Enter" || event.key === "Escape") document.querySelector<HTMLElement>(".event-list")?.focus();
            }}
            placeholder="Only events that hold this text"
            aria-label="Filter events by text"
            autoComplete="off"
            spellCheck={false}
          />
        </div>
        {session !== "" && (
          <button type="button" className="chip-only" title="Events of all sessions again" onClick={() => change({ session: "" })}>
            <span className="cut foreign" title={revealed(session)}>
              only {oneLine(feed.names.of(session) ?? "") || revealed(session)}
            </span>
            <X size={12} aria-hidden />
          </button>
        )}
        <button type="button" className="button events-pause" onClick={() => (holds?.why === "pause" ? go() : hold("pause"))}>
          {holds?.why === "pause" ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}
          {holds?.why === "pause" ? "Resume" : "Pause"}
        </button>
        <Counts feed={feed} />
      </div>
      <TypeChips types={store.types} chosen={filter.types} onChange={(next) => change({ type: next.join(",") })} />
      <div className="events-body">
        {view.length > 0 ? (
          <EventList
            view={view}
            names={feed.names}
            chosenId={chosenId}
            onChoose={(id) => {
              hold("pause");
              change({ event: String(id) });
            }}
            onAway={() => hold("scroll")}
            onTop={() => {
              if (holds?.why === "scroll") go();
            }}
          >
            {waiting > 0 && (
              <button type="button" className="newer" onClick={go}>
                {plural(waiting, "new event")}
              </button>
            )}
          </EventList>
        ) : feed.loading && store.kept === 0 ? (
          <SkeletonRows rows={12} height={24} />
        ) : (
          <Nothing kept={store.kept} onClear={() => change({ type: "", session: "", q: "", event: "" })} />
        )}
        {Number.isFinite(chosenId) && (
          <EventDetail
            event={store.find(chosenId) ?? view.list.find(({ id }) => id === chosenId)}
            onOnlySession={(id) => change({ session: id })}
            onClose={() => change({ event: "" })}
          />
        )}
      </div>
    </main>
  );
}

/** How much there is, how fast it comes, and that not everything is kept. */
function Counts({ feed: { store } }: { feed: Feed }) {
  const now = useNow();
  const { phase } = useLiveStatus();
  const rate = store.rate(now);
  return (
    <p className="events-counts" title={`The newest ${formatCount(KEPT_EVENTS)} events are kept here; all that the host keeps can be searched`}>
      {phase === "live" && `${rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))} a second · `}
      {formatCount(store.kept)} of at most {formatCount(KEPT_EVENTS)} kept
    </p>
  );
}

function Nothing({ kept, onClear }: { kept: number; onClear: () => void }) {
  if (kept === 0) {
    return (
      <EmptyState title="No event yet">
        <p className="muted">They appear here as they happen, from every session.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No event passes the filter">
      <p className="muted">{`${plural(kept, "event")} are kept here, none of them fits. New ones that fit appear by themselves.`}</p>
      <button type="button" className="button" onClick={onClear}>
        Clear the filter
      </button>
    </EmptyState>
  );
}

/** How many came after what is shown; the list may have been cut at its other end since. */
function countSince(live: FeedView, shown: FeedView): number {
  const last = shown.list[shown.length - 1]?.id ?? -1;
  let [low, high] = [0, live.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((live.list[middle]?.id ?? 0) <= last) low = middle + 1;
    else high = middle;
  }
  return live.length - low;
}
