import { type RefObject, useLayoutEffect, useMemo, useState } from "react";
import { prefixSums, rowAt } from "../model/rowOffsets";

interface Props {
  scroller: RefObject<HTMLElement | null>;
  count: number;
  /** The height of a row, known without drawing it. A new function says that heights may have changed. */
  heightOf: (index: number) => number;
  /** What a sticky head covers of the scroller, in pixels. */
  head?: number;
  initialOffset?: () => number;
}

export interface VirtualRows {
  total: number;
  first: number;
  /** One after the last row to draw. */
  end: number;
  startOf: (index: number) => number;
  scrollTo: (index: number) => void;
}

/** Rows drawn beyond what is seen, so that a frame of scrolling shows no hole. */
const AROUND = 10;

/**
 * Which rows of a long list are to be drawn. Heights are added up and not measured: a list of 100,000 rows costs one pass over
 * its numbers when it changes, and nothing while it scrolls.
 */
export function useVirtualRows({ scroller, count, heightOf, head = 0, initialOffset }: Props): VirtualRows {
  const offsets = useMemo(() => prefixSums(count, heightOf), [count, heightOf]);
  const [view, setView] = useState(() => ({ top: initialOffset?.() ?? 0, height: 0 }));

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => {
      const next = { top: element.scrollTop, height: element.clientHeight };
      setView((before) => (before.top === next.top && before.height === next.height ? before : next));
    };
    if (view.top > 0) element.scrollTo({ top: view.top });
    look();
    element.addEventListener("scroll", look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      sizes.disconnect();
    };
    // The first place is taken once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [scroller]);

  function scrollTo(index: number): void {
    const element = scroller.current;
    const [from, to] = [offsets[index], offsets[index + 1]];
    if (element === null || from === undefined || to === undefined) return;
    const room = element.clientHeight - head;
    if (from < element.scrollTop) element.scrollTo({ top: from });
    else if (to > element.scrollTop + room) element.scrollTo({ top: to - room });
  }

  return {
    total: offsets[count] ?? 0,
    first: Math.max(0, rowAt(offsets, view.top) - AROUND),
    end: Math.min(count, rowAt(offsets, view.top + view.height) + 1 + AROUND),
    startOf: (index) => offsets[index] ?? 0,
    scrollTo,
  };
}
