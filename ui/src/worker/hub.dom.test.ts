import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signInRequired } from "../api/client";
import { type FakeLocks, withLocks, withoutLocks } from "../testing/browser";
import { FakeHost, problem } from "../testing/host";
import { Hub, PING_MS, RELEASE_AFTER_MS } from "./hub";
import { hold } from "./locks";
import type { ToHub, ToTab } from "./messages";

let host: FakeHost;
let hub: Hub;
let told: Record<string, ToTab[]>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  host = new FakeHost();
  told = {};
  const send = (tab: string, said: ToTab): void => void (told[tab] ??= []).push(said);
  hub = new Hub({
    send,
    sendAll: (tabs, said) => {
      for (const tab of tabs) send(tab, said);
    },
  });
});

afterEach(() => {
  hub.close();
  withoutLocks();
  signInRequired.set(false);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function settle(ms = 10): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function join(tab: string, how: Partial<Extract<ToHub, { type: "join" }>> = {}): void {
  hub.receive(tab, { type: "join", needs: true, place: undefined, lock: undefined, ...how });
}

function phases(tab: string): string[] {
  return (told[tab] ?? []).flatMap((said) => (said.type === "status" ? [said.status.phase] : []));
}

/** Ids of the events a tab was told of, `resync` where it had to fetch again. */
function heard(tab: string): (number | "resync")[] {
  return (told[tab] ?? []).flatMap((said) =>
    said.type === "batch" ? [...(said.batch.resync ? ["resync" as const] : []), ...said.batch.events.map(({ id }) => id)] : [],
  );
}

/** The places from which streams were asked for. */
function places(): (string | null)[] {
  return host.to("events").map((url) => url.searchParams.get("last_event_id"));
}

describe("the hub", () => {
  it("opens one stream for all, when the first tab wants it", async () => {
    join("a", { needs: false });
    await settle();
    expect(places()).toEqual([]);
    join("b");
    join("c");
    await settle();
    host.push({ id: 4, type: "Heartbeat" });
    await settle();
    expect(places()).toEqual([null]);
    for (const tab of ["a", "b", "c"]) {
      expect(heard(tab)).toEqual(["resync", 4]);
      expect(phases(tab).at(-1)).toBe("live");
    }
  });

  it("ends the stream of who signs out, and all tabs hear that somebody must sign in", async () => {
    join("a");
    join("b");
    await settle();
    host.push({ id: 4, type: "Heartbeat" });
    await settle();
    host.refusals = [problem(401, "sign_in_required", "Sign in")];
    hub.receive("a", { type: "signed-out" });
    await settle();
    expect(host.streaming).toBe(false);
    expect(told.b?.at(-1)).toMatchObject({ type: "status", signIn: true });
    hub.receive("b", { type: "signed-in" });
    await settle();
    expect(places().at(-1)).toBe("4");
    expect(phases("a").at(-1)).toBe("live");
  });

  it("goes on with the stream where who signs out is let in all the same", async () => {
    join("a");
    await settle();
    hub.receive("a", { type: "signed-out" });
    await settle();
    expect(host.streaming).toBe(true);
    expect(told.a?.some((said) => said.type === "status" && said.signIn)).toBe(false);
  });

  it("lets a tab that joins late fetch again, and nobody else", async () => {
    join("a");
    await settle();
    host.push({ id: 4, type: "Heartbeat" });
    await settle();
    join("b");
    host.push({ id: 5, type: "Heartbeat" });
    await settle();
    expect(heard("a")).toEqual(["resync", 4, 5]);
    expect(heard("b")).toEqual(["resync", 5]);
    expect(phases("b")).toEqual(["live"]);
  });

  it("is released some time after the last tab was hidden, and goes on after the last id", async () => {
    join("a");
    join("b");
    await settle();
    host.push({ id: 4, type: "Heartbeat" });
    await settle();
    hub.receive("a", { type: "need", needs: false });
    await settle(RELEASE_AFTER_MS * 2);
    expect(host.streaming).toBe(true);
    hub.receive("b", { type: "need", needs: false });
    await settle(RELEASE_AFTER_MS - 100);
    expect(host.streaming).toBe(true);
    await settle(200);
    expect(host.streaming).toBe(false);
    expect(phases("a").at(-1)).toBe("paused");
    hub.receive("a", { type: "need", needs: true });
    await settle();
    expect(phases("a").slice(-2)).toEqual(["connecting", "live"]);
    expect(places()).toEqual([null, "4"]);
  });

  it("stays open when a tab is shown again in time", async () => {
    join("a");
    await settle();
    for (let round = 0; round < 5; round += 1) {
      hub.receive("a", { type: "need", needs: false });
      await settle(RELEASE_AFTER_MS - 1_000);
      hub.receive("a", { type: "need", needs: true });
      host.raw(": keep-alive\n\n");
      await settle(1_000);
    }
    expect(places()).toEqual([null]);
    expect(host.streaming).toBe(true);
  });

  it("goes on where a tab has read to, when it is new itself", async () => {
    join("a", { place: 41 });
    join("b", { place: 12 });
    await settle();
    expect(places()).toEqual(["41"]);
  });

  it("forgets a tab that leaves, and one whose lock is free", async () => {
    const locks: FakeLocks = withLocks();
    void hold("tab-a", new AbortController().signal);
    void hold("tab-b", new AbortController().signal);
    await settle();
    join("a", { lock: "tab-a" });
    join("b", { lock: "tab-b" });
    await settle(PING_MS * 10);
    expect(host.streaming).toBe(true);
    expect(told.a?.some(({ type }) => type === "ping")).toBe(false);
    hub.receive("a", { type: "leave" });
    await settle(RELEASE_AFTER_MS * 2);
    expect(host.streaming).toBe(true);
    locks.crash("tab-b");
    await settle(RELEASE_AFTER_MS + 100);
    expect(host.streaming).toBe(false);
    expect(locks.names()).toEqual(["tab-a"]);
  });

  it("asks tabs without a lock, and forgets one that does not answer", async () => {
    join("a");
    join("dead");
    for (let round = 0; round < 4; round += 1) {
      await settle(PING_MS);
      if (told.a?.at(-1)?.type === "ping") hub.receive("a", { type: "pong" });
    }
    const before = told.dead?.length;
    host.push({ id: 4, type: "Heartbeat" });
    await settle();
    expect(heard("a")).toContain(4);
    expect(told.dead).toHaveLength(before ?? 0);
    expect(host.streaming).toBe(true);
  });

  it("calls a tab it doesn't know, which joins again", async () => {
    hub.receive("a", { type: "pong" });
    expect(told.a).toEqual([{ type: "call" }]);
    hub.receive("a", { type: "leave" });
    expect(told.a).toHaveLength(1);
    join("a");
    await settle();
    expect(heard("a")).toEqual(["resync"]);
  });

  it("says that somebody must sign in, and tries at once when a tab has", async () => {
    host.refusals = [problem(401, "sign_in_required", "Sign in")];
    join("a");
    join("b");
    await settle(PING_MS - 1_000);
    expect(places()).toHaveLength(1);
    expect(told.b?.at(-1)).toMatchObject({ type: "status", signIn: true, status: { phase: "offline" } });
    hub.receive("a", { type: "signed-in" });
    await settle();
    expect(told.b).toContainEqual(expect.objectContaining({ type: "status", signIn: false }));
    expect(phases("b").at(-1)).toBe("live");
  });

  it("tries at once when any tab is told to", async () => {
    host.refusals = [problem(503, "busy", "Busy", { "retry-after": "60" })];
    join("a");
    await settle();
    hub.receive("a", { type: "retry" });
    await settle();
    expect(phases("a").at(-1)).toBe("live");
  });

  it("passes gaps and drops on", async () => {
    join("a");
    await settle();
    host.push({ id: 9, type: "Gap", missed_from: 1, missed_to: 9, at_most: 9 });
    host.push({ id: 10, type: "RecordsDropped", total: 3, kinds: { event: 3 } });
    await settle();
    expect(told.a?.at(-2)).toMatchObject({ type: "batch", batch: { resync: { missed: 9 } } });
    expect(told.a?.at(-1)).toMatchObject({ batch: { events: [{ type: "RecordsDropped", total: 3 }] }, place: 10 });
  });

  it("tells every event only to the tabs that look at them", async () => {
    join("a");
    join("b", { feed: true });
    await settle();
    told = {};
    host.push({ id: 7, type: "Log", message: "hello" });
    await settle();
    const feed = (tab: string) => (told[tab] ?? []).flatMap((said) => (said.type === "batch" ? (said.batch.feed ?? []) : [])).map(({ id }) => id);
    expect(feed("b")).toEqual([7]);
    expect(feed("a")).toEqual([]);
    expect(host.to("events").at(-1)?.searchParams.has("types")).toBe(false);

    hub.receive("b", { type: "need", needs: true, feed: false });
    await settle();
    expect(host.to("events").at(-1)?.searchParams.has("types")).toBe(true);
  });
});
