import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Session } from "../../api/types";
import { listKeys, useKeys } from "../../components/useKeys";
import { NARROW, useMedia } from "../../components/useMedia";
import { newerFirst } from "../../model/sessionPages";
import { plural } from "../../model/format";
import { SessionRow, rowHeight } from "./SessionRow";

/** How far from the end the next page is asked for. */
const AHEAD_ROWS = 40;
const HEAD_HEIGHT = 28;

const COLUMNS: [string, string, boolean][] = [
  ["status", "Status", false],
  ["title", "Title", false],
  ["agent", "Agent", false],
  ["engine", "Engine", false],
  ["started", "Started", true],
  ["duration", "Duration", true],
  ["llm", "LLM", true],
  ["tools", "Tools", true],
  ["tokens", "Tokens", true],
  ["cost", "Cost", true],
];

/** Where the reader was, per filter, so that coming back from a session is coming back to the same place. */
const places = new Map<string, { offset: number; activeId: string | undefined; anchor: Session | undefined }>();

interface Props {
  rows: Session[];
  complete: boolean;
  place: string;
  onMore: () => void;
  onOpen: (session: Session) => void;
}

export function SessionTable({ rows: all, complete, place, onMore, onOpen }: Props) {
  const narrow = useMedia(NARROW);
  const body = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState(() => places.get(place)?.activeId);
  // The newest row when the reader left the top. What is newer waits behind a counter, so nothing moves under the eyes.
  const [anchor, setAnchor] = useState<Session | undefined>(() => places.get(place)?.anchor);

  const waiting = anchor === undefined ? 0 : newerThan(all, anchor);
  const rows = waiting === 0 ? all : all.slice(waiting);

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: (index) => (rows[index] ? rowHeight(rows[index], narrow) : 0),
    // A new function for each new list makes the virtualizer ask for all heights again: a row may have met trouble.
    getItemKey: useCallback((index: number) => `${rows[index]?.id ?? index}${narrow ? ":n" : ""}`, [rows, narrow]),
    initialOffset: () => places.get(place)?.offset ?? 0,
    overscan: 10,
    // The sticky head covers the first of these pixels when a row is scrolled to.
    scrollPaddingEnd: narrow ? 0 : HEAD_HEIGHT,
  });
  const items = virtualizer.getVirtualItems();

  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (!complete && last >= rows.length - AHEAD_ROWS) onMore();
  }, [complete, last, rows.length, onMore]);

  useEffect(() => {
    places.set(place, { offset: body.current?.scrollTop ?? 0, activeId, anchor });
  }, [place, activeId, anchor]);

  function onScroll(): void {
    const offset = body.current?.scrollTop ?? 0;
    if (offset < 4) setAnchor(undefined);
    else if (anchor === undefined) setAnchor(rows[0]);
    places.set(place, { offset, activeId, anchor });
  }

  function showNew(): void {
    setAnchor(undefined);
    virtualizer.scrollToOffset(0);
  }

  function go(index: number): void {
    const row = rows[index];
    if (row === undefined) return;
    setActiveId(row.id);
    virtualizer.scrollToIndex(index);
    body.current?.focus({ preventScroll: true });
  }

  function open(): void {
    const row = rows.find((each) => each.id === activeId);
    if (row !== undefined) onOpen(row);
  }

  const page = Math.max(1, items.length - 20);
  useKeys({
    ...listKeys(() => rows.findIndex((row) => row.id === activeId), rows.length, page, go),
    Enter: open,
  });

  return (
    <div className="session-table">
      <div
        ref={body}
        role="grid"
        aria-label="Sessions"
        aria-rowcount={complete ? rows.length + 1 : -1}
        aria-colcount={COLUMNS.length}
        aria-activedescendant={items.some((item) => rows[item.index]?.id === activeId) ? `session-${activeId}` : undefined}
        tabIndex={0}
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
        <div role="presentation" className="session-rows" style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const session = rows[item.index];
            return (
              session && (
                <SessionRow
                  key={session.id}
                  session={session}
                  index={item.index}
                  top={item.start}
                  active={session.id === activeId}
                  narrow={narrow}
                  onOpen={onOpen}
                />
              )
            );
          })}
        </div>
      </div>
      {waiting > 0 && (
        <button type="button" className="session-new" onClick={showNew}>
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
