import { useEffect, useState } from "react";
import { useLiveBatches } from "../api/hooks";
import type { LiveBatch } from "../api/live";
import { Banner } from "../components/States";
import { plural } from "../model/format";

const SHOWN_MS = 10_000;

/** Loss is said aloud: what this page missed, and what the inspector itself could not take. */
export function LossNotices() {
  return (
    <>
      <GapNotice />
      <DropNotice />
    </>
  );
}

/** Says also what was done about it: every screen fetches what it shows again on a gap. */
function GapNotice() {
  const missed = useTally((batch) => batch.resync?.missed);
  if (missed === undefined) return null;
  return (
    <Banner tone="warn">
      {missed > 0 ? `Up to ${plural(missed, "event")} missed, reloaded` : "Some events were missed, reloaded"}
    </Banner>
  );
}

/** Nothing can be done about these any more: they were never captured. */
function DropNotice() {
  const dropped = useTally((batch) => {
    const said = batch.events.filter((event) => event.type === "RecordsDropped");
    return said.length === 0 ? undefined : said.reduce((sum, { total }) => sum + total, 0);
  });
  if (dropped === undefined) return null;
  const were = dropped === 1 ? "was" : "were";
  return <Banner tone="warn">{`The inspector could not keep up: ${plural(dropped, "record")} ${were} not captured`}</Banner>;
}

/** Adds up what batches say, until nothing was added for a while; undefined when nothing was said. */
function useTally(count: (batch: LiveBatch) => number | undefined): number | undefined {
  const [tally, setTally] = useState<number | undefined>();
  useLiveBatches((batch) => {
    const more = count(batch);
    if (more !== undefined) setTally((before) => (before ?? 0) + more);
  });
  useEffect(() => {
    if (tally === undefined) return;
    const timer = setTimeout(() => setTally(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [tally]);
  return tally;
}
