import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Session } from "../../api/types";
import { useDensity } from "../../components/density";
import { listKeys, useKeys } from "../../components/useKeys";
import { NARROW, useMedia } from "../../components/useMedia";
import { useSteadyRows } from "../../components/useSteadyRows";
import { useVirtualRows } from "../../components/useVirtualRows";
import { plural } from "../../model/format";
import { flatEntries, groupSessions } from "../../model/sessionGroups";
import { newerFirst } from "../../model/sessionPages";
import { SessionRow } from "./SessionRow";
import { rowHeight } from "./trouble";

/** How far from the end the next page is asked for. */
const AHEAD_ROWS = 40;
const HEAD_HEIGHT = 28;
const PAGE_ROWS = 20;

const COLUMNS: readonly [name: string, label: string, number: boolean][] = [
  ["status", "Status", false],
  ["title", "Title", false],
  ["agent", "Agent", false],
  ["engine", "Engine", false],
  ["activity", "Activity", false],
  ["started", "Started", true],
  ["duration", "Duration", true],
  ["spans", "Spans", true],
  ["llm", "LLM", true],
  ["tools", "Tools", true],
  ["errors", "Errors", true],
  ["tokens", "Tokens", true],
  ["cost", "Cost", true],
];

interface Place {
  offset: number;
  activeId: string | undefined;
  anchor: Session | undefined;
  folded: ReadonlySet<string>;
}

/** Where the reader was, per filter, so that coming back from a session is coming back to the same place. */
const places = new Map<string, Place>();

interface Props {
  rows: readonly Session[];
  complete: boolean;
  place: string;
  /** Children stand below the session that started them. */
  grouped: boolean;
  onMore: () => void;
  onOpen: (session: Session) => void;
}

export function SessionTable({ rows: all, complete, place, grouped, onMore, onOpen }: Props) {
  const narrow = useMedia(NARROW);
  const density = useDensity();
  const body = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState(() => places.get(place)?.activeId);
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => places.get(place)?.folded ?? new Set());
  // The newest row when the reader left the top. What is newer waits behind a counter, so nothing moves under the eyes.
  const [anchor, setAnchor] = useState<Session | undefined>(() => places.get(place)?.anchor);

  const waiting = anchor === undefined ? 0 : newerThan(all, anchor);
  const entries = useMemo(() => {
    const rows = waiting === 0 ? all : all.slice(waiting);
    return grouped ? groupSessions(rows, folded) : flatEntries(rows);
  }, [all, waiting, grouped, folded]);

  const heightOf = useCallback(
    (index: number) => (entries[index] === undefined ? 0 : rowHeight(entries[index].session, narrow, density)),
    [entries, narrow, density],
  );
  const { total, first, end, startOf, scrollTo } = useVirtualRows({
    scroller: body,
    count: entries.length,
    heightOf,
    head: narrow ? 0 : HEAD_HEIGHT,
    initialOffset: () => places.get(place)?.offset ?? 0,
  });

  useSteadyRows(body);

  useEffect(() => {
    if (!complete && end >= entries.length - AHEAD_ROWS) onMore();
  }, [complete, end, entries.length, onMore]);

  useEffect(() => {
    places.set(place, { offset: body.current?.scrollTop ?? 0, activeId, anchor, folded });
  }, [place, activeId, anchor, folded]);

  function onScroll(): void {
    const offset = body.current?.scrollTop ?? 0;
    if (offset < 4) setAnchor(undefined);
    else if (anchor === undefined) setAnchor(all[0]);
    places.set(place, { offset, activeId, anchor, folded });
  }

  function showNew(): void {
    setAnchor(undefined);
    if (body.current !== null) body.current.scrollTop = 0;
  }

  function go(index: number): void {
    const entry = entries[index];
    if (entry === undefined) return;
    setActiveId(entry.session.id);
    scrollTo(index);
    body.current?.focus({ preventScroll: true });
  }

  const fold = useCallback((id: string) => {
    setFolded((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);

  const at = (): number => entries.findIndex(({ session }) => session.id === activeId);

  /** To the right is into the group, to the left out of it. */
  function sideways(into: boolean): void {
    const index = at();
    const entry = entries[index];
    if (entry === undefined) return;
    if (entry.children > 0 && entry.open !== into) fold(entry.session.id);
    else if (into && entry.open) go(index + 1);
    else if (!into && entry.depth > 0) go(entries.findLastIndex(({ depth }, before) => before < index && depth < entry.depth));
  }

  useKeys({
    // What moves the rows looks at the element only when a key is pressed.
    // eslint-disable-next-line react-hooks/refs
    ...listKeys(at, entries.length, PAGE_ROWS, go),
    ...(grouped && { ArrowRight: () => sideways(true), ArrowLeft: () => sideways(false) }),
    Enter: () => {
      const entry = entries[at()];
      if (entry !== undefined) onOpen(entry.session);
    },
  });

  const shown = entries.slice(first, end);
  return (
    <div className="session-table">
      <div
        ref={body}
        role={grouped ? "treegrid" : "grid"}
        aria-label="Sessions"
        aria-rowcount={complete ? entries.length + 1 : -1}
        aria-colcount={COLUMNS.length}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a grid that moves by active descendant has the focus itself
        tabIndex={0}
        aria-activedescendant={shown.some(({ session }) => session.id === activeId) ? `session-${activeId}` : undefined}
        className="session-grid"
        onScroll={onScroll}
      >
        <div role="row" aria-rowindex={1} className="session-head">
          {COLUMNS.map(([name, label, number]) => (
            <span key={name} role="columnheader" className={`cell-${name}${number ? " number" : ""}`}>
              {label}
            </span>
          ))}
        </div>
        <div role="presentation" className="session-rows" style={{ height: total }}>
          {shown.map((entry, offset) => (
            <SessionRow
              key={entry.session.id}
              entry={entry}
              index={first + offset}
              top={startOf(first + offset)}
              height={heightOf(first + offset)}
              active={entry.session.id === activeId}
              grouped={grouped}
              onOpen={onOpen}
              onFold={fold}
            />
          ))}
        </div>
      </div>
      {waiting > 0 && (
        <button type="button" className="newer" onClick={showNew}>
          {plural(waiting, "new session")}
        </button>
      )}
    </div>
  );
}

/** How many rows stand above the anchor's place. The rows are sorted, and news is at the top: this stops early. */
function newerThan(rows: readonly Session[], anchor: Session): number {
  const index = rows.findIndex((row) => newerFirst(row, anchor) >= 0);
  return index < 0 ? 0 : index;
}
