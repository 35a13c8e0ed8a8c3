import { type ReactNode, memo, useCallback, useRef, useSyncExternalStore } from "react";
import type { FeedEvent } from "../../api/feed";
import type { SessionNames } from "../../api/names";
import { useDensity } from "../../components/density";
import { listKeys, useKeys } from "../../components/useKeys";
import { NARROW, useMedia } from "../../components/useMedia";
import { useVirtualRows } from "../../components/useVirtualRows";
import { revealed } from "../../model/reveal";
import { formatClock, formatExact, toMillis } from "../../model/time";
import { oneLine } from "../../model/text";
import type { FeedView } from "./feedStore";

const HEIGHTS = { comfortable: 28, compact: 22 };
const NARROW_HEIGHT = 46;
const PAGE_ROWS = 20;

interface Props {
  view: FeedView;
  names: SessionNames;
  chosenId: number;
  children: ReactNode;
  onChoose: (id: number) => void;
  /** The reader left the top, where what is new appears, or came back to it. */
  onAway: () => void;
  onTop: () => void;
}

/** The newest event first. Rows stand in the flow and not each at a place of its own: a new one then touches no other. */
export function EventList({ view, names, chosenId, children, onChoose, onAway, onTop }: Props) {
  const narrow = useMedia(NARROW);
  const density = useDensity();
  const body = useRef<HTMLDivElement>(null);
  useSyncExternalStore(names.subscribe, names.getVersion);
  const height = narrow ? NARROW_HEIGHT : HEIGHTS[density];
  const heightOf = useCallback(() => height, [height]);
  const { length } = view;
  const at = (index: number): FeedEvent | undefined => view.list[length - 1 - index];
  const { total, first, end, startOf, scrollTo } = useVirtualRows({ scroller: body, count: length, heightOf });

  const indexOfChosen = (): number => {
    for (let index = 0; index < length; index += 1) if (at(index)?.id === chosenId) return index;
    return -1;
  };
  useKeys(
    listKeys(indexOfChosen, length, PAGE_ROWS, (index) => {
      const event = at(index);
      if (event === undefined) return;
      onChoose(event.id);
      scrollTo(index);
    }),
  );

  const rows = [];
  let chosenIsDrawn = false;
  for (let index = first; index < end; index += 1) {
    const event = at(index);
    if (event !== undefined) {
      chosenIsDrawn ||= event.id === chosenId;
      const name = event.session_id === undefined ? undefined : names.of(event.session_id);
      rows.push(<EventRow key={event.id} event={event} session={name} height={height} chosen={event.id === chosenId} onChoose={onChoose} />);
    }
  }
  return (
    <div className="event-frame">
      {children}
      <div
        ref={body}
        className="event-list"
        role="listbox"
        aria-label="Events, the newest first"
        tabIndex={0}
        aria-activedescendant={chosenIsDrawn ? `event-${chosenId}` : undefined}
        onScroll={() => ((body.current?.scrollTop ?? 0) < 4 ? onTop() : onAway())}
      >
        <div role="presentation" style={{ height: total }}>
          <div role="presentation" style={{ transform: `translateY(${startOf(first)}px)` }}>
            {rows}
          </div>
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  event: FeedEvent;
  /** The title of its session, when that is known. */
  session: string | undefined;
  height: number;
  chosen: boolean;
  onChoose: (id: number) => void;
}

const EventRow = memo(
  function EventRow({ event, session, height, chosen, onChoose }: RowProps) {
    const time = toMillis(event.timestamp);
    return (
      // The list has the focus and the keys; a row answers to the pointer only.
      // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
      <div
        role="option"
        id={`event-${event.id}`}
        aria-selected={chosen}
        className={`event-row${event.tone === undefined ? "" : ` is-${event.tone}`}${event.type === "Gap" ? " is-gap" : ""}`}
        style={{ height }}
        onClick={() => onChoose(event.id)}
      >
        <span className="event-time" title={event.timestamp === "" ? undefined : formatExact(time)}>
          {event.timestamp === "" ? "" : formatClock(time).replace(/\s.*$/, "")}
        </span>
        <span className="event-type cut foreign">{revealed(event.type)}</span>
        <span className="event-text cut foreign">{event.text}</span>
        <span className="event-session cut foreign" title={revealed(event.session_id ?? "")}>
          {oneLine(session ?? "") || revealed(event.session_id ?? "")}
        </span>
      </div>
    );
  },
  // What to do with a choice may be another function each time; it is the same choice.
  (before, after) => before.event === after.event && before.session === after.session && before.height === after.height && before.chosen === after.chosen,
);
