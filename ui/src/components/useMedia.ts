import { useSyncExternalStore } from "react";

/** Below this the columns of a screen become one. */
export const NARROW = "(max-width: 767.5px)";

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}
