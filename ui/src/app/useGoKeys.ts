import { useEffect, useEffectEvent } from "react";
import { isForScreen } from "../components/typing";

/** So long a `g` waits for the letter that says where to. */
const WAIT_MS = 1_000;

/**
 * Two keys one after the other: `g`, and a letter for the screen. It looks at keys before the screens do, because the letter alone
 * may mean something else to them.
 */
export function useGoKeys(places: Record<string, () => void>): void {
  const go = useEffectEvent((key: string): boolean => {
    const place = Object.hasOwn(places, key) ? places[key] : undefined;
    place?.();
    return place !== undefined;
  });
  useEffect(() => {
    let pressedAt = -Infinity;
    const listener = (event: KeyboardEvent): void => {
      const free = isForScreen(event);
      const waits = event.timeStamp - pressedAt < WAIT_MS;
      pressedAt = free && event.key === "g" ? event.timeStamp : -Infinity;
      if (!free || !waits || !go(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    document.addEventListener("keydown", listener, { capture: true });
    return () => document.removeEventListener("keydown", listener, { capture: true });
  }, []);
}
