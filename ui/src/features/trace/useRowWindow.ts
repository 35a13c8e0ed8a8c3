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
  /** How many fit on the screen. */
  page: number;
}

/**
 * The rows in sight, out of many that are somewhere else. All have one height, so where a row lies is a multiplication.
 * Nothing jumps: when rows come or go above, the scroll moves with what the reader looks at. With `follow` it moves with the
 * newest running span instead. `stands` says that the box is on the screen.
 */
export function useRowWindow(store: TraceStore, frame: TraceFrame, headHeight: number, follow: boolean, stands: boolean): RowWindow {
  const body = useRef<HTMLDivElement>(null);
  const [sight] = useState(() => new Signal({ first: 0, visible: 40 }));
  const { first, visible } = useSyncExternalStore(sight.subscribe, sight.get);
  const asked = useRef({ from: 0, to: 100 });
  const anchor = useRef<{ key: string; index: number } | undefined>(undefined);
  const revealed = useRef(0);
  const latest = useRef(frame);

  const look = useCallback(() => {
    const box = body.current;
    if (box === null) return;
    const at = Math.max(0, Math.floor(box.scrollTop / ROW_HEIGHT));
    const next = { first: at - (at % STEP), visible: Math.ceil(box.clientHeight / ROW_HEIGHT) + STEP };
    const now = sight.get();
    if (now.first !== next.first || now.visible !== next.visible) sight.set(next);
    ask(next.first, next.visible);
    const row = latest.current.rows[at - latest.current.from];
    if (row !== undefined && row.key !== anchor.current?.key) store.send({ type: "anchor", key: row.key });
    anchor.current = row && { key: row.key, index: at };

    /** In time, so that they are there when the reader arrives. */
    function ask(top: number, height: number): void {
      const window = asked.current;
      if ((window.from === 0 || top - height >= window.from) && top + 2 * height <= window.to) return;
      asked.current = { from: Math.max(0, top - AHEAD * height), to: top + (AHEAD + 1) * height };
      store.send({ type: "look", ...asked.current });
    }
  }, [store, sight]);

  useEffect(() => {
    const box = body.current;
    if (box === null || !stands) return;
    box.addEventListener("scroll", look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(box);
    return () => {
      box.removeEventListener("scroll", look);
      resized.disconnect();
    };
  }, [look, stands]);

  useLayoutEffect(() => {
    latest.current = frame;
    const box = body.current;
    if (box === null) return;
    const { current: held } = anchor;
    if (held !== undefined && frame.anchor?.key === held.key && frame.anchor.index !== held.index) {
      // Who looks at the very top wants to see what comes there.
      if (held.index > 0) box.scrollTo({ top: box.scrollTop + (frame.anchor.index - held.index) * ROW_HEIGHT });
      anchor.current = frame.anchor;
    }
    if (frame.reveals !== revealed.current && frame.chosen !== undefined && frame.chosen.index >= 0) {
      revealed.current = frame.reveals;
      show(box, frame.chosen.index, headHeight);
    } else if (follow && frame.newest >= 0) {
      show(box, frame.newest, headHeight);
    }
    look();
  }, [frame, headHeight, follow, look]);

  const from = Math.max(frame.from, first - MARGIN);
  const to = first + visible + MARGIN;
  return { body, rows: frame.rows.slice(from - frame.from, Math.max(0, to - frame.from)), from, page: Math.max(1, visible - STEP - 2) };
}

/** A neighbour comes into sight at the edge; what is far away comes with what is around it. */
function show(box: HTMLElement, index: number, headHeight: number): void {
  const height = box.clientHeight - headHeight;
  const top = index * ROW_HEIGHT;
  const above = top - box.scrollTop;
  if (above >= 0 && above + ROW_HEIGHT <= height) return;
  const near = above > -3 * ROW_HEIGHT && above < height + 3 * ROW_HEIGHT;
  box.scrollTo({ top: !near ? top - (height - ROW_HEIGHT) / 2 : above < 0 ? top : top + ROW_HEIGHT - height });
}
