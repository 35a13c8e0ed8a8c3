import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Batcher } from "./batcher";
import type { LiveBatch } from "./live";

let batches: LiveBatch[];
let batcher: Batcher;

beforeEach(() => {
  vi.useFakeTimers();
  batches = [];
  batcher = new Batcher((batch) => batches.push(batch));
});

afterEach(() => {
  vi.useRealTimers();
});

const one = { id: 1, type: "Other", name: "a" } as const;
const two = { id: 2, type: "Other", name: "b" } as const;

it("joins what arrives within a frame", () => {
  batcher.add({ events: [one] });
  batcher.add({ events: [two], resync: { missed: undefined } });
  expect(batches).toEqual([]);
  vi.advanceTimersByTime(300);
  expect(batches).toEqual([{ events: [one, two], resync: { missed: undefined } }]);
});

it("adds up what was missed", () => {
  batcher.add({ events: [], resync: { missed: undefined } });
  batcher.add({ events: [], resync: { missed: 3 } });
  batcher.add({ events: [], resync: { missed: 4 } });
  batcher.add({ events: [], resync: { missed: undefined } });
  batcher.flush();
  expect(batches).toEqual([{ events: [], resync: { missed: 7 } }]);
});

it("leaves the batches it was given as they were", () => {
  const given: LiveBatch = { events: [one] };
  batcher.add(given);
  batcher.add({ events: [two] });
  batcher.flush();
  expect(given.events).toEqual([one]);
});
