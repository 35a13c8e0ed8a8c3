import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakePort, withLocks, withoutLocks } from "../testing/browser";
import { FakeHost } from "../testing/host";
import { openLive } from "./open";

let host: FakeHost;

beforeEach(() => {
  vi.useFakeTimers();
  host = new FakeHost();
});

afterEach(() => {
  withoutLocks();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a shared worker is taken where there is one, under a name of this mount", async () => {
  withLocks();
  const asked: unknown[] = [];
  vi.stubGlobal("SharedWorker", function worker(url: URL, options: WorkerOptions) {
    asked.push(url.pathname.replace(/^.*\//, ""), options);
    return { port: FakePort.pair()[0] };
  });
  const live = openLive();
  live.start();
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([expect.stringMatching(/^shared/), { type: "module", name: "agent-inspector:/_inspector/:" }]);
  expect(host.to("events")).toHaveLength(0);
  live.stop();
});

it("else a leading tab, where tabs can lock and call each other", async () => {
  const locks = withLocks();
  const live = openLive();
  live.start();
  await vi.advanceTimersByTimeAsync(100);
  expect(locks.names()).toContain("agent-inspector:/_inspector/::leader");
  expect(host.to("events")).toHaveLength(1);
  live.stop();
});

it("else each tab reads for itself", async () => {
  const live = openLive();
  live.start();
  await vi.advanceTimersByTimeAsync(100);
  expect(host.to("events")).toHaveLength(1);
  live.stop();
});
