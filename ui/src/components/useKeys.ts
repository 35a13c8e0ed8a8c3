import { useEffect, useEffectEvent } from "react";
import { isForScreen } from "./typing";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

/**
 * Keys for the whole screen. Ctrl, Alt and Meta always belong to the browser; while somebody types, and while a dialog
 * stands over the page, all keys do. Enter and Space stay with a focused control that means something by them.
 */
export function useKeys(keys: Keys): void {
  const handle = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || !isForScreen(event)) return;
    if ((event.key === "Enter" || event.key === " ") && isControl(event.target)) return;
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => handle(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}

/**
 * The keys that move through a list of `length` rows. `at` tells the current row, -1 without one, and is asked only when a
 * key is pressed, because finding it may mean a walk through all rows.
 */
export function listKeys(at: () => number, length: number, page: number, go: (index: number) => void): Keys {
  const to = (next: (index: number) => number) => (): void => {
    go(Math.min(length - 1, Math.max(0, next(at()))));
  };
  const down = to((index) => index + 1);
  const up = to((index) => index - 1);
  return {
    ArrowDown: down,
    ArrowUp: up,
    j: down,
    k: up,
    PageDown: to((index) => index + page),
    PageUp: to((index) => index - page),
    Home: to(() => 0),
    End: to(() => length - 1),
  };
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, summary, [role=separator]") !== null;
}
