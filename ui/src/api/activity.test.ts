import { describe, expect, it } from "vitest";
import { Activity, BUCKETS, BUCKET_MS } from "./activity";

const NOW = 1_000_000_000;

describe("the activity of a session", () => {
  it("is counted by the time of what happened, and the newest stands last", () => {
    const activity = new Activity();
    activity.add("a", NOW, NOW);
    activity.add("a", NOW, NOW);
    activity.add("a", NOW - 2 * BUCKET_MS, NOW);
    expect(activity.of("a", NOW)?.slice(-3)).toEqual([1, 0, 2]);
  });

  it("moves on with time and is forgotten in the end", () => {
    const activity = new Activity();
    activity.add("a", NOW, NOW);
    expect(activity.of("a", NOW + BUCKET_MS)?.slice(-2)).toEqual([1, 0]);
    expect(activity.of("a", NOW + BUCKETS * BUCKET_MS)).toBeUndefined();
  });

  it("does not draw what is long past or in the future", () => {
    const activity = new Activity();
    activity.add("a", NOW - BUCKETS * BUCKET_MS, NOW);
    activity.add("a", NOW + 5 * BUCKET_MS, NOW);
    activity.add("a", NaN, NOW);
    expect(activity.of("a", NOW)).toBeUndefined();
  });

  it("clears what lies between two signs of life", () => {
    const activity = new Activity();
    activity.add("a", NOW, NOW);
    const later = NOW + (BUCKETS - 1) * BUCKET_MS;
    activity.add("a", later, later);
    const last = later + 3 * BUCKET_MS;
    activity.add("a", last, last);
    expect(activity.of("a", last)?.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it("of many sessions keeps those that were seen last", () => {
    const activity = new Activity();
    for (let serial = 0; serial < 2_100; serial += 1) activity.add(`s${serial}`, NOW, NOW);
    expect(activity.of("s0", NOW)).toBeUndefined();
    expect(activity.of("s2099", NOW)).toBeDefined();
  });
});
