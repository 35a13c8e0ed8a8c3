import type { Activity } from "../api/types";
import { toMillis } from "./time";

/** A part of the time of a session in which spans began; all of it between 0 and 1. */
export interface ActivityBar {
  from: number;
  length: number;
  height: number;
}

export interface ActivityBars {
  bars: ActivityBar[];
  /** Spans that began. */
  total: number;
  /** The most in one part, and how long each part is. */
  most: number;
  partMs: number;
  /** How long the whole is. */
  lengthMs: number;
}

/** A single span must not look like a storm. */
const LEAST_SCALE = 4;

/**
 * How busy a session was from its first span to `until`, in milliseconds. Nothing where nobody counted: a flat line would be
 * a claim.
 */
export function activityBars(activity: Activity | null | undefined, until: number): ActivityBars | undefined {
  if (activity == null || activity.counts.length === 0 || !(activity.bucket_ms > 0)) return undefined;
  const { counts, bucket_ms: partMs } = activity;
  const from = toMillis(activity.from);
  const lengthMs = Math.max(counts.length * partMs, until - from);
  const most = Math.max(...counts);
  const scale = Math.max(LEAST_SCALE, most);
  const bars = counts.flatMap((count, index) =>
    count === 0 ? [] : [{ from: (index * partMs) / lengthMs, length: partMs / lengthMs, height: count / scale }],
  );
  return { bars, total: counts.reduce((sum, count) => sum + count, 0), most, partMs, lengthMs };
}
