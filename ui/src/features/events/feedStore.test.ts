import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FeedEvent } from "../../api/feed";
import { FeedStore, KEPT_EVENTS } from "./feedStore";

function event(id: number, change: Partial<FeedEvent> = {}): FeedEvent {
  return { id, type: "Log", timestamp: "2026-11-21T00:00:00.000000000Z", session_id: "a", text: `e${id}`, tone: undefined, json: `{"id":${id}}`, ...change };
}

function ids(store: FeedStore): number[] {
  const { list, length } = store.view();
  return list.slice(0, length).map(({ id }) => id);
}

let store: FeedStore;

beforeEach(() => {
  vi.useFakeTimers();
  store = new FeedStore();
});

afterEach(() => {
  store.close();
  vi.useRealTimers();
});

describe("the feed", () => {
  it("keeps events in their order, each once", () => {
    store.add([event(5), event(6)], 0);
    store.add([event(6), event(7)], 0);
    expect(ids(store)).toEqual([5, 6, 7]);
  });

  it("is completed with what happened before", () => {
    store.add([event(5)], 0);
    store.addRecent({ events: [event(3), event(4), event(5)], after: 2 }, undefined);
    expect(ids(store)).toEqual([3, 4, 5]);
  });

  it("says where it misses something that cannot be had any more", () => {
    store.add([event(5)], 0);
    store.addRecent({ events: [event(900)], after: 899 }, 5);
    expect(store.view().list.map(({ type }) => type)).toEqual(["Log", "Gap", "Log"]);
  });

  it("shows only what the filter lets through, also of what comes later", () => {
    store.add([event(1, { type: "Custom" }), event(2)], 0);
    store.choose({ types: ["Custom"], session: undefined, text: "" });
    store.add([event(3, { type: "Custom" }), event(4)], 0);
    expect(ids(store)).toEqual([1, 3]);
    store.choose({ types: [], session: undefined, text: '"ID":4' });
    expect(ids(store)).toEqual([4]);
    store.choose({ types: [], session: "b", text: "" });
    expect(ids(store)).toEqual([]);
    expect(store.types).toEqual([["Custom", 2], ["Log", 2]]);
  });

  it("shows a gap whatever the filter is", () => {
    store.choose({ types: ["Custom"], session: "a", text: "x" });
    store.add([event(1, { type: "Gap" })], 0);
    expect(ids(store)).toEqual([1]);
  });

  it("forgets the oldest, and leaves a list that somebody holds as it was", () => {
    store.add(Array.from({ length: KEPT_EVENTS }, (_, index) => event(index)), 0);
    const held = store.view();
    store.add(Array.from({ length: KEPT_EVENTS / 2 }, (_, index) => event(KEPT_EVENTS + index)), 0);
    expect(store.kept).toBeLessThanOrEqual(KEPT_EVENTS);
    expect(ids(store).at(-1)).toBe(KEPT_EVENTS * 1.5 - 1);
    expect(held.list[0]?.id).toBe(0);
    expect(store.types).toEqual([["Log", store.kept]]);
  });

  it("begins anew with another store, whose ids are smaller", () => {
    store.add([event(900)], 0);
    store.add([event(3)], 0);
    expect(ids(store)).toEqual([3]);
  });

  it("counts how fast events come", () => {
    store.add([event(1), event(2)], 1_000);
    store.add([event(3)], 2_000);
    expect(store.rate(2_000)).toBeCloseTo(0.6);
    expect(store.rate(9_000)).toBe(0);
  });

  it("tells of many events together", () => {
    const told = vi.fn();
    store.subscribe(told);
    for (let id = 1; id <= 50; id += 1) store.add([event(id)], 0);
    vi.advanceTimersByTime(150);
    expect(told).toHaveBeenCalledTimes(1);
  });
});
