import { memo } from "react";
import { elapsedUntil } from "../../api/clock";
import type { Session } from "../../api/types";
import { useNow } from "../../components/useNow";
import { activityBars } from "../../model/activityBars";
import { plural } from "../../model/format";
import { isAlive } from "../../model/sessionControls";
import { formatElapsed, toMillis } from "../../model/time";

const WIDTH = 64;
const HEIGHT = 14;

/** How busy a session was from its beginning to its end or to now, as the host counted. */
export const ActivityLine = memo(function ActivityLine({ session }: { session: Session }) {
  const alive = isAlive(session);
  const now = useNow(alive);
  const until = alive || session.ended_at == null ? elapsedUntil(now) : toMillis(session.ended_at);
  const drawn = activityBars(session.activity, until);
  if (drawn === undefined) return null;
  const { bars, total, most, partMs, lengthMs } = drawn;
  const label = `${plural(total, "span")} begun in ${formatElapsed(lengthMs)}, at most ${most} within ${formatElapsed(partMs)}`;
  const path = bars.map(({ from, length, height }) => {
    const width = Math.max(1.5, length * WIDTH - 0.5);
    const tall = Math.max(1, height * HEIGHT);
    return `M${round(Math.min(from * WIDTH, WIDTH - width))} ${HEIGHT}h${round(width)}v${-round(tall)}h${-round(width)}z`;
  });
  return (
    <svg className="activity" role="img" aria-label={label} width={WIDTH} height={HEIGHT}>
      <title>{label}</title>
      <path d={path.join("")} fill="currentColor" />
    </svg>
  );
});

function round(length: number): number {
  return Math.round(length * 10) / 10;
}
