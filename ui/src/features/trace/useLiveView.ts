import { useCallback, useMemo, useState } from "react";
import { hostNow } from "../../api/clock";
import type { TraceStore } from "./traceStore";

export interface LiveView {
  /** The view stands still, whatever comes. */
  held: boolean;
  /** When it was stopped, by the host's clock. */
  heldAt: number;
  /** The newest running span is kept in sight. */
  follow: boolean;
  toggleHeld: () => void;
  toggleFollow: () => void;
  /** The reader looks at something and must not be moved. */
  leaveAlone: () => void;
}

/** How what comes reaches the reader. Nothing of this touches the collection: what is held back waits with the keeper. */
export function useLiveView(store: TraceStore): LiveView {
  const [held, setHeld] = useState(false);
  const [heldAt, setHeldAt] = useState(0);
  const [follow, setFollow] = useState(false);
  const leaveAlone = useCallback(() => setFollow(false), []);
  return useMemo(
    () => ({
      held,
      heldAt,
      follow: follow && !held,
      leaveAlone,
      toggleHeld: () => {
        setHeldAt(hostNow());
        setHeld(!held);
        store.send({ type: "hold", held: !held });
      },
      toggleFollow: () => setFollow(!follow),
    }),
    [store, held, heldAt, follow, leaveAlone],
  );
}
