import { useState } from "react";
import { recall, remember } from "../../api/storage";

const LEAST = 200;
/** What stays for the tree, however wide the other columns are made. */
const LEAST_TREE = 560;

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
