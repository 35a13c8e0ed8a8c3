import { hostNow } from "../../api/clock";
import type { SessionQuery } from "../../api/types";
import type { SessionFilter } from "../../model/sessionFilter";
import { wireMoment } from "../../model/since";

/** Moments are told as they are now: `24h` moves on with time. */
export function toQuery(filter: SessionFilter): SessionQuery {
  const { status, engine, agent, tag, parent, pinned, text } = filter;
  const since = wireMoment(filter.since, hostNow());
  const until = wireMoment(filter.until, hostNow());
  return {
    status,
    engine,
    ...(agent && { agent }),
    ...(tag && { tag }),
    ...(parent && { parent }),
    ...(pinned !== undefined && { pinned }),
    ...(since && { since }),
    ...(until && { until }),
    ...(text && { text }),
  };
}
