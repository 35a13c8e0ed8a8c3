import { useState } from "react";
import { recall, remember } from "../../api/storage";

const KEY = "panel-width";
const DEFAULT_WIDTH = 480;
const LEAST = 280;

/** The reader's width for the inspector, kept between visits and never so wide that the tree disappears. */
export function usePanelWidth(): [number, (width: number) => void] {
  const [width, setWidth] = useState(() => clamp(Number(recall(KEY) ?? DEFAULT_WIDTH)));
  return [
    width,
    (next) => {
      const fit = clamp(next);
      setWidth(fit);
      remember(KEY, String(fit));
    },
  ];
}

function clamp(width: number): number {
  const most = Math.max(LEAST, globalThis.innerWidth - 360);
  return Math.round(Math.min(most, Math.max(LEAST, Number.isFinite(width) ? width : DEFAULT_WIDTH)));
}
