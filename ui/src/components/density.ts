import { useSyncExternalStore } from "react";
import { Signal } from "../api/signal";
import { recall, remember } from "../api/storage";

/** How close the rows of every list stand: 32 or 24 pixels. */
export type Density = "comfortable" | "compact";

const KEY = "density";

const density = new Signal<Density>(recall(KEY) === "compact" ? "compact" : "comfortable");

/** Lists place their rows by numbers and draw them by style sheets; both must hear of a change. */
export function applyDensity(): void {
  document.documentElement.dataset.density = density.get();
}

export function chooseDensity(next: Density): void {
  density.set(next);
  applyDensity();
  remember(KEY, next === "comfortable" ? null : next);
}

export function useDensity(): Density {
  return useSyncExternalStore(density.subscribe, density.get);
}
