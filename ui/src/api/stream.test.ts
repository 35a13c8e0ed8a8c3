import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeHost, problem } from "../testing/host";
import { sampleSession } from "../testing/sample";
import { signInRequired } from "./client";
import type { LiveBatch } from "./live";
import { EventStream, LONGEST_WISH_MS, SILENCE_MS, STEADY_MS } from "./stream";

let host: FakeHost;
let live: EventStream;
let batches: LiveBatch[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  host = new FakeHost();
  batches = [];
  live = new EventStream((batch) => batches.push(batch));
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

describe("the event stream", () => {
  it("is connecting, then live, and asks for a resync because it has just been opened", async () => {
    expect(phase()).toBe("paused");
    live.start();
    expect(phase()).toBe("connecting");
    await settle();
    expect(phase()).toBe("live");
    expect(batches).toEqual([{ events: [], resync: { missed: undefined } }]);
  });

  it("keeps what it does not know and skips what is no event", async () => {
    live.start();
    await settle();
    batches.length = 0;
    host.push({ id: 1, type: "SessionStarted", session: sampleSession() });
    host.push({ id: 2, type: "Heartbeat" });
    host.raw("data: not json\n\n");
    await settle();
    expect(batches.flatMap(({ events }) => events.map((event) => event.type))).toEqual(["SessionStarted", "Other"]);
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

  it("resumes after the place the host told it, also when no event came", async () => {
    live.start();
    await settle();
    host.raw("retry: 2000\nid: 70\n\n");
    await settle();
    host.cut();
    await settle();
    host.raw(": keep-alive\nid: 93\n\n");
    await settle();
    host.cut();
    await settle(600);
    expect(host.to("events").map((url) => url.searchParams.get("last_event_id"))).toEqual([null, "70", "93"]);
    expect(live.place).toBe(93);
  });

  it("goes on where somebody else has read to, unless it knows a place itself", async () => {
    live.continueAfter(12);
    live.continueAfter(5);
    live.start();
    await settle();
    expect(host.to("events")[0]?.searchParams.get("last_event_id")).toBe("12");
  });

  it("brings every event when somebody looks at them, from exactly where it stands", async () => {
    live.start();
    await settle();
    host.push({ id: 41, type: "SessionStarted", session: sampleSession() });
    await settle();
    live.want(true);
    await settle();
    expect(phase()).toBe("live");
    expect(host.to("events").map((url) => [url.searchParams.get("last_event_id"), url.searchParams.has("types")])).toEqual([
      [null, true],
      ["41", false],
    ]);
    batches.length = 0;
    host.push({ id: 42, type: "Log", level: "info", message: "hello" });
    await settle();
    expect(batches).toMatchObject([{ events: [], feed: [{ id: 42, type: "Log", text: "info: hello" }] }]);
    live.want(false);
    await settle();
    expect(host.to("events").at(-1)?.searchParams.has("types")).toBe(true);
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

  it("honours a wish for more patience, as seconds or as a moment, up to a bound", async () => {
    host.refusals = [
      problem(429, "too_many_requests", "Slow down", { "retry-after": "60" }),
      problem(503, "busy", "Busy", { "retry-after": new Date(Date.now() + 90_000).toUTCString() }),
      problem(503, "busy", "Busy", { "retry-after": "86400" }),
    ];
    live.start();
    await settle(59_000);
    expect(host.to("events")).toHaveLength(1);
    await settle(2_000);
    expect(host.to("events")).toHaveLength(2);
    await settle(26_000);
    expect(host.to("events")).toHaveLength(2);
    await settle(5_000);
    expect(host.to("events")).toHaveLength(3);
    await settle(LONGEST_WISH_MS - 5_000);
    expect(host.to("events")).toHaveLength(3);
    await settle(10_000);
    expect(phase()).toBe("live");
  });

  it("comes back after any other refusal, ever more slowly", async () => {
    host.refusals = [500, 502, 403, 404].map((status) => problem(status, "x", `Answer ${status}`));
    live.start();
    await settle(10);
    expect(live.status.get()).toMatchObject({ phase: "offline", reason: "Answer 500" });
    await settle(250 + 500 + 1_000);
    expect(host.to("events")).toHaveLength(4);
    expect(phase()).toBe("offline");
    await settle(2_000);
    expect(phase()).toBe("live");
  });

  it("does not storm a host that opens and closes at once", async () => {
    live.start();
    await settle(10);
    for (let round = 0; round < 100; round += 1) {
      host.cut();
      await settle(100);
    }
    // In ten seconds: at 0, 0.25, 0.75, 1.75, 3.75 and 8.75 seconds, give or take a round.
    expect(host.to("events").length).toBeLessThanOrEqual(6);
    await settle(STEADY_MS + 5_000);
    const before = host.to("events").length;
    host.cut();
    await settle(260);
    expect(host.to("events")).toHaveLength(before + 1);
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

  it("is quiet while it is stopped, and goes on after the last id when it is started again", async () => {
    live.start();
    await settle();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    live.stop();
    expect(phase()).toBe("paused");
    await settle(60_000);
    expect(host.to("events")).toHaveLength(1);
    expect(host.streaming).toBe(false);
    live.start();
    live.start();
    expect(phase()).toBe("connecting");
    await settle();
    expect(phase()).toBe("live");
    expect(host.to("events").map((url) => url.searchParams.get("last_event_id"))).toEqual([null, "7"]);
  });
});
