import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeHost, problem } from "../testing/host";
import { sampleSession } from "../testing/sample";
import { signInRequired } from "./client";
import { FetchLiveSource, type LiveBatch, SILENCE_MS } from "./live";

let host: FakeHost;
let live: FetchLiveSource;
let batches: LiveBatch[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  host = new FakeHost();
  live = new FetchLiveSource();
  batches = [];
  live.subscribe((batch) => batches.push(batch));
});

afterEach(() => {
  live.stop();
  signInRequired.set(false);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Long enough for a frame and a few turns of the microtask queue. */
async function settle(ms = 300): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function phase(): string {
  return live.status.get().phase;
}

describe("the live source", () => {
  it("is connecting, then live, and asks for a resync because the stream has just been opened", async () => {
    expect(phase()).toBe("connecting");
    live.start();
    await settle();
    expect(phase()).toBe("live");
    expect(batches).toEqual([{ events: [], resync: { missed: undefined } }]);
  });

  it("joins what arrives together into one batch", async () => {
    live.start();
    await settle();
    batches.length = 0;
    host.push({ id: 1, type: "SessionStarted", session: sampleSession() });
    host.push({ id: 2, type: "Heartbeat" });
    host.raw("data: not json\n\n");
    await settle();
    expect(batches).toHaveLength(1);
    expect(batches[0]?.events.map((event) => event.type)).toEqual(["SessionStarted", "Other"]);
  });

  it("comes back by itself and resumes after the last id it saw", async () => {
    live.start();
    await settle();
    host.push({ id: 41, type: "Heartbeat" });
    await settle();
    host.cut();
    await settle(10);
    expect(live.status.get()).toMatchObject({ phase: "offline", reason: "The host can't be reached" });
    await settle();
    expect(phase()).toBe("live");
    expect(host.to("events").map((url) => url.searchParams.get("last_event_id"))).toEqual([null, "41"]);
  });

  it("says how much was missed", async () => {
    live.start();
    await settle();
    batches.length = 0;
    host.push({ id: 9, type: "Gap", missed_from: 1, missed_to: 214, at_most: 214 });
    await settle();
    expect(batches).toEqual([{ events: [], resync: { missed: 214 } }]);
  });

  it("takes ids that run backwards for another store", async () => {
    live.start();
    await settle();
    host.push({ id: 900, type: "Heartbeat" });
    await settle();
    host.push({ id: 3, type: "Heartbeat" });
    await settle();
    expect(batches.at(-1)?.resync).toEqual({ missed: undefined });
  });

  it("waits as long as a busy host asks, and tries again after 429 and 503", async () => {
    host.refusals = [
      problem(503, "busy", "Too many readers", { "retry-after": "2" }),
      problem(429, "too_many_requests", "Slow down"),
    ];
    live.start();
    await settle(1_900);
    expect(live.status.get()).toMatchObject({ phase: "offline", reason: "Too many readers" });
    expect(host.to("events")).toHaveLength(1);
    await settle(200);
    expect(host.to("events")).toHaveLength(2);
    await settle(600);
    expect(phase()).toBe("live");
  });

  it("tries at once when it is told to", async () => {
    host.refusals = [problem(503, "busy", "Too many readers", { "retry-after": "5" })];
    live.start();
    await settle(50);
    live.retry();
    await settle(50);
    expect(phase()).toBe("live");
  });

  it("takes a silent connection for a dead one, but not a quiet one", async () => {
    live.start();
    await settle();
    await settle(SILENCE_MS - 5_000);
    host.raw(": keep-alive\n\n");
    await settle(SILENCE_MS - 5_000);
    expect(host.to("events")).toHaveLength(1);
    await settle(6_000);
    expect(host.to("events")).toHaveLength(2);
  });

  it("doesn't knock again before somebody signs in", async () => {
    host.refusals = [problem(401, "sign_in_required", "Sign in")];
    live.start();
    await settle(60_000);
    expect(host.to("events")).toHaveLength(1);
    expect(signInRequired.get()).toBe(true);
    signInRequired.set(false);
    await settle();
    expect(phase()).toBe("live");
  });

  it("is quiet for ever after it was stopped", async () => {
    live.start();
    await settle();
    live.stop();
    await settle(60_000);
    expect(host.to("events")).toHaveLength(1);
  });
});
