import { useEffect, useEffectEvent } from "react";
import type { Mark } from "./shownWaits";
import type { Sending } from "./useSending";

/** Tells how far the reader's answer came, so that its card is not taken away with it. */
export function useMark(begun: boolean, { at }: Sending, onMark: (mark: Mark) => void): void {
  const mark: Mark = at === "sending" || at === "accepted" ? at : begun || at === "refused" ? "begun" : "untouched";
  const tell = useEffectEvent(onMark);
  useEffect(() => tell(mark), [mark]);
}
