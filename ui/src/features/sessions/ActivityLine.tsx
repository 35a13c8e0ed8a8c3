import { memo, useSyncExternalStore } from "react";
import { BUCKETS, activity } from "../../api/activity";
import { useNow } from "../../components/useNow";
import { plural } from "../../model/format";
import { formatElapsed } from "../../model/time";

const STEP = 2;
const HEIGHT = 14;
/** A single event must not look like a storm. */
const LEAST_SCALE = 4;

/** How busy a session was while this page watched. Without a count nothing is drawn: a flat line would be a claim. */
export const ActivityLine = memo(function ActivityLine({ id }: { id: string }) {
  useSyncExternalStore(activity.subscribe, activity.version);
  useNow();
  const series = activity.of(id);
  if (series === undefined) return null;
  const total = series.reduce((sum, count) => sum + count, 0);
  const label = `${plural(total, "span")} begun or ended in the last ${formatElapsed(activity.watchedMs())}`;
  const scale = HEIGHT / Math.max(LEAST_SCALE, ...series);
  const bars = series.map((count, index) => (count === 0 ? "" : `M${index * STEP + 1} ${HEIGHT}v${-Math.max(1, count * scale)}`));
  return (
    <svg className="activity" role="img" aria-label={label} width={BUCKETS * STEP} height={HEIGHT}>
      <title>{label}</title>
      <path d={bars.join("")} stroke="currentColor" strokeWidth={STEP - 0.5} />
    </svg>
  );
});
