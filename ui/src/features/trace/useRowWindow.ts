import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { Signal } from "../../api/signal";
import type { Row, TraceFrame } from "../../worker/trace/messages";
import { ROW_HEIGHT } from "./SpanRow";
import type { TraceStore } from "./traceStore";

/** Rows are drawn anew when so many have scrolled past: one at a time would be a render for every pixel or two. */
const STEP = 8;
/** Rows drawn beyond what is in sight, on either side. */
const MARGIN = 8;
/** Rows asked for beyond what is in sight, in screens: they are there when the reader arrives. */
const AHEAD = 2;

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
  const [sight] = useState(() => new Signal({ first: 0, visible: 40 }));
  const { first, visible } = useSyncExternalStore(sight.subscribe, sight.get);
  // As they were last told: to ask the box itself after rows were drawn would have it lay them out twice.
  const box = useRef({ top: 0, height: 0 });
  const asked = useRef({ from: 0, to: 100 });
  const anchor = useRef<{ key: string; index: number } | undefined>(undefined);
  const revealed = useRef(0);
  const latest = useRef(frame);

  const look = useCallback(() => {
    const at = Math.max(0, Math.floor(box.current.top / ROW_HEIGHT));
    const next = { first: at - (at % STEP), visible: Math.ceil(box.current.height / ROW_HEIGHT) + STEP };
    const now = sight.get();
    if (now.first !== next.first || now.visible !== next.visible) sight.set(next);
    const { from, to } = asked.current;
    // In time, so that they are there when the reader arrives.
    if ((from > 0 && next.first - next.visible < from) || next.first + 2 * next.visible > to) {
      asked.current = { from: Math.max(0, next.first - AHEAD * next.visible), to: next.first + (AHEAD + 1) * next.visible };
      store.send({ type: "look", ...asked.current });
    }
    const row = latest.current.rows[at - latest.current.from];
    if (row !== undefined && row.key !== anchor.current?.key) store.send({ type: "anchor", key: row.key });
    anchor.current = row && { key: row.key, index: at };
  }, [store, sight]);

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
      // Who looks at the very top wants to see what comes there.
      if (held.index > 0) to = top + (frame.anchor.index - held.index) * ROW_HEIGHT;
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

  const from = Math.max(frame.from, first - MARGIN);
  const to = first + visible + MARGIN;
  return {
    body,
    rows: frame.rows.slice(from - frame.from, Math.max(0, to - frame.from)),
    from,
    slots: visible + 2 * MARGIN,
    page: Math.max(1, visible - STEP - 2),
  };
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
