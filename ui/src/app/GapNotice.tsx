import { useEffect, useState } from "react";
import { useLiveBatches } from "../api/hooks";
import { Banner } from "../components/States";
import { plural } from "../model/format";

const SHOWN_MS = 10_000;

/** Loss is said aloud, and what was done about it: every screen fetches what it shows again on a gap. */
export function GapNotice() {
  const [missed, setMissed] = useState<number | undefined>();
  useLiveBatches((batch) => {
    if (batch.resync?.missed !== undefined) setMissed((before) => (before ?? 0) + (batch.resync?.missed ?? 0));
  });
  useEffect(() => {
    if (missed === undefined) return;
    const timer = setTimeout(() => setMissed(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [missed]);
  if (missed === undefined) return null;
  return (
    <Banner tone="warn">
      {missed > 0 ? `Up to ${plural(missed, "event")} missed, reloaded` : "Some events were missed, reloaded"}
    </Banner>
  );
}
