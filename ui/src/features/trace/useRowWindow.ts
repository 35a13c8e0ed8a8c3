import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { Signal } from "../../api/signal";
import { type Row, type TraceFrame, shifted } from "../../worker/trace/messages";
import { ROW_HEIGHT } from "./SpanRow";
import type { TraceStore } from "./traceStore";

/** Rows are drawn anew when so many have scrolled past: one at a time would be a render for every pixel or two. */
const STEP = 8;
/** Rows drawn beyond what is in sight, on either side. */
const MARGIN = 8;
/** Rows asked for beyond what is in sight, in screens: to where the reader goes, and to where the reader comes from. */
const AHEAD = 2;
const BEHIND = 1;

export interface RowWindow {
  /** The box that scrolls. */
  body: RefObject<HTMLDivElement | null>;
  rows: readonly Row[];
  /** Place of the first of them among all rows. */
  from: number;
  /** As many elements as rows can be drawn at once; a row that leaves gives its own to one that comes. */
  slots: number;
  /** How many fit on the screen. */
  page: number;
}

/**
 * The rows in sight, out of many that are somewhere else. All have one height, so where a row lies is a multiplication.
 * Nothing jumps: when rows come or go above, the scroll moves with what the reader looks at. With `follow` it moves with the
 * newest running span instead.
 */
export function useRowWindow(store: TraceStore, frame: TraceFrame, headHeight: number, follow: boolean): RowWindow {
  const body = useRef<HTMLDivElement>(null);
  const [sight] = useState(() => new Signal<Sight>({ first: 0, visible: 40 }));
  const { first, visible } = useSyncExternalStore(sight.subscribe, sight.get);
  // As they were last told: to ask the box itself after rows were drawn would have it lay them out twice.
  const box = useRef({ top: 0, height: 0 });
  const asked = useRef({ from: 0, to: 100 });
  const anchor = useRef<{ key: string; index: number } | undefined>(undefined);
  const revealed = useRef(0);
  const latest = useRef(frame);

  /** What is drawn stays until rows of the new place are here: to take all rows out and put others in costs the most. */
  const settle = useCallback(
    (frame: TraceFrame, top: number) => {
      const next = sightAt(top, box.current.height);
      const now = sight.get();
      if (now.first === next.first && now.visible === next.visible) return;
      const isHere = next.first < frame.from + frame.rows.length && next.first + next.visible > frame.from;
      if (isHere || frame.rows.length === 0 || now.visible !== next.visible) sight.set(next);
    },
    [sight],
  );

  const look = useCallback(() => {
    const { top, height } = box.current;
    const next = sightAt(top, height);
    settle(latest.current, top);
    const wish = wishFor(next, asked.current);
    if (wish !== undefined) {
      asked.current = wish;
      store.send({ type: "look", ...wish });
    }
    const at = rowAt(top);
    const row = latest.current.rows[at - latest.current.from];
    if (row !== undefined && row.key !== anchor.current?.key) store.send({ type: "anchor", key: row.key });
    anchor.current = row && { key: row.key, index: at };
  }, [store, settle]);

  // Before the page draws a frame, so that it draws the rows once and at the place to which they will be scrolled.
  useEffect(
    () =>
      store.frame.subscribe(() => {
        const next = store.frame.get();
        settle(next, box.current.top + moved(anchor.current, next) * ROW_HEIGHT);
      }),
    [store, settle],
  );

  useEffect(() => {
    const element = body.current;
    if (element === null) return;
    const scrolled = (): void => {
      box.current.top = element.scrollTop;
      look();
    };
    const measure = (): void => {
      box.current.height = element.clientHeight;
      scrolled();
    };
    measure();
    element.addEventListener("scroll", scrolled, { passive: true });
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    return () => {
      element.removeEventListener("scroll", scrolled);
      resized.disconnect();
    };
  }, [look]);

  useLayoutEffect(() => {
    latest.current = frame;
    const { top, height } = box.current;
    const { current: held } = anchor;
    let to: number | undefined;
    if (held !== undefined && frame.anchor?.key === held.key && frame.anchor.index !== held.index) {
      const by = moved(held, frame);
      if (by !== 0) {
        to = top + by * ROW_HEIGHT;
        // Who keeps the trace moves what it answers with in the same way.
        asked.current = shifted(asked.current, by);
      }
      anchor.current = frame.anchor;
    }
    // Before the box was measured nobody knows what is in sight.
    if (height > 0 && frame.reveals !== revealed.current && frame.chosen !== undefined && frame.chosen.index >= 0) {
      revealed.current = frame.reveals;
      to = shown(frame.chosen.index, to ?? top, height - headHeight);
    } else if (follow && frame.newest >= 0) {
      to = shown(frame.newest, to ?? top, height - headHeight);
    }
    if (to !== undefined && to !== top) {
      body.current?.scrollTo({ top: to });
      box.current.top = to;
    }
    look();
  }, [frame, headHeight, follow, look, visible]);

  // Always as many as there are slots, where there are so many: a row that is out of sight costs less than an element made anew.
  const slots = visible + 2 * MARGIN;
  const from = Math.max(frame.from, Math.min(first - MARGIN, frame.from + frame.rows.length - slots));
  return {
    body,
    rows: frame.rows.slice(from - frame.from, from - frame.from + slots),
    from,
    slots,
    page: Math.max(1, visible - STEP - 2),
  };
}

interface Sight {
  first: number;
  visible: number;
}

function rowAt(top: number): number {
  return Math.max(0, Math.floor(top / ROW_HEIGHT));
}

function sightAt(top: number, height: number): Sight {
  const at = rowAt(top);
  return { first: at - (at % STEP), visible: Math.ceil(height / ROW_HEIGHT) + STEP };
}

/**
 * Which rows to ask for, in time so that they are there when the reader arrives. Who jumps or flings is past them before they
 * can be drawn: only what is in sight is asked for then.
 */
export function wishFor({ first, visible }: Sight, asked: { from: number; to: number }): { from: number; to: number } | undefined {
  const up = asked.from > 0 && first - visible / 2 < asked.from;
  const down = first + 1.5 * visible > asked.to;
  if (!up && !down) return undefined;
  if (first + visible <= asked.from || first >= asked.to) {
    return { from: Math.max(0, first - MARGIN), to: first + visible + MARGIN };
  }
  const [above, below] = up ? [AHEAD, BEHIND] : [BEHIND, AHEAD];
  return { from: Math.max(0, first - above * visible), to: first + (1 + below) * visible };
}

/** By how many rows that moved which the reader looks at. Who looks at the very top wants to see what comes there. */
function moved(held: { key: string; index: number } | undefined, { anchor }: TraceFrame): number {
  return held === undefined || held.index === 0 || anchor?.key !== held.key ? 0 : anchor.index - held.index;
}

/**
 * Where to scroll so that a row is in sight. A neighbour comes into sight at the edge; what is far away comes with what is
 * around it.
 */
function shown(index: number, scroll: number, height: number): number {
  const top = index * ROW_HEIGHT;
  const above = top - scroll;
  if (above >= 0 && above + ROW_HEIGHT <= height) return scroll;
  const near = above > -3 * ROW_HEIGHT && above < height + 3 * ROW_HEIGHT;
  if (!near) return Math.max(0, top - (height - ROW_HEIGHT) / 2);
  return above < 0 ? top : top + ROW_HEIGHT - height;
}
