import { useState } from "react";
import { recall, remember } from "../../api/storage";

const LEAST = 200;
/** What stays for the tree, however wide the other columns are made. */
const LEAST_TREE = 560;

/** Beyond this a window has room that the usual widths would leave to the names alone. */
const WIDE = 1_920;

/** A usual width, with a share of what a window has beyond a wide one. */
export function usualWidth(least: number, share: number): number {
  return Math.round(least + Math.max(0, globalThis.innerWidth - WIDE) * share);
}

/** A width that the reader chose, kept between visits and never so wide that the tree disappears. */
export function useWidth(key: string, usual: number): [number, (width: number) => void] {
  const [width, setWidth] = useState(() => clamp(Number(recall(key) ?? usual), usual));
  return [
    width,
    (next) => {
      const fit = clamp(next, usual);
      setWidth(fit);
      remember(key, String(fit));
    },
  ];
}

function clamp(width: number, usual: number): number {
  const most = Math.max(LEAST, globalThis.innerWidth - LEAST_TREE);
  return Math.round(Math.min(most, Math.max(LEAST, Number.isFinite(width) ? width : usual)));
}
