import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signInRequired } from "../api/client";
import type { LiveBatch } from "../api/live";
import { FakeChannel, type FakeLocks, FakePort, setVisible, withLocks, withoutLocks } from "../testing/browser";
import { FakeHost, problem } from "../testing/host";
import { RELEASE_AFTER_MS } from "./hub";
import { LeaderLink } from "./leaderLink";
import { hold } from "./locks";
import type { Link } from "./messages";
import { OwnLink } from "./ownLink";
import { MAX_AHEAD, Ports } from "./ports";
import { CHECK_MS, TabLive } from "./tabLive";
import { WorkerLink } from "./workerLink";

interface Tab {
  live: TabLive;
  batches: LiveBatch[];
}

let host: FakeHost;
let tabs: Tab[];
let locks: FakeLocks;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  locks = withLocks();
  host = new FakeHost();
  tabs = [];
  setVisible(true);
});

afterEach(async () => {
  for (const { live } of tabs) live.stop();
  await settle();
  withoutLocks();
  signInRequired.set(false);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function settle(ms = 300): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function open(...links: (() => Link)[]): Tab {
  const live = new TabLive("x", links);
  const tab: Tab = { live, batches: [] };
  live.subscribe((batch) => tab.batches.push(batch));
  tabs.push(tab);
  live.start();
  return tab;
}

function heard(tab: Tab): number[] {
  return tab.batches.flatMap(({ events }) => events.map(({ id }) => id));
}

function resyncs(tab: Tab): number {
  return tab.batches.filter(({ resync }) => resync !== undefined).length;
}

function places(): (string | null)[] {
  return host.to("events").map((url) => url.searchParams.get("last_event_id"));
}

/** What `new SharedWorker` gives: a port to the one worker there is. */
function connector(ports: Ports): () => SharedWorker {
  return () => {
    const [mine, theirs] = FakePort.pair();
    ports.add(theirs);
    return { port: mine, onerror: null } as unknown as SharedWorker;
  };
}

let workers = 0;

/** What a shared worker starts with. */
function newPorts(): Ports {
  workers += 1;
  return new Ports(hold(`worker-${workers}`, new AbortController().signal));
}

const leader = (): Link => new LeaderLink("x:leader");
const own = (): Link => new OwnLink();

function oneWorker(): () => Link {
  const connect = connector(newPorts());
  return () => new WorkerLink(connect);
}

describe.each([
  ["a shared worker", oneWorker],
  ["a leading tab", () => leader],
])("over %s", (_name, way) => {
  it("tabs share one stream and all hear the same", async () => {
    const link = way();
    const [a, b, c] = [open(link), open(link), open(link)];
    await settle();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    expect(places()).toEqual([null]);
    for (const tab of [a, b, c]) {
      expect(heard(tab)).toEqual([7]);
      expect(tab.live.status.get().phase).toBe("live");
    }
  });

  it("a tab that joins later fetches what it shows again", async () => {
    const link = way();
    const first = open(link);
    await settle();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    const before = resyncs(first);
    const late = open(link);
    await settle();
    expect(resyncs(late)).toBeGreaterThan(0);
    expect(resyncs(first)).toBe(before);
    expect(heard(late)).toEqual([]);
    expect(late.live.status.get().phase).toBe("live");
  });

  it("the stream is released while all are hidden, and goes on after the last id", async () => {
    const link = way();
    const [a, b] = [open(link), open(link)];
    await settle();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    setVisible(false);
    await settle(RELEASE_AFTER_MS + 100);
    expect(host.streaming).toBe(false);
    expect(b.live.status.get().phase).toBe("paused");
    const phases: string[] = [];
    a.live.status.subscribe(() => phases.push(a.live.status.get().phase));
    setVisible(true);
    await settle();
    expect(phases.slice(0, 2)).toEqual(["connecting", "live"]);
    expect(places()).toEqual([null, "7"]);
  });

  it("one tab signs in for all", async () => {
    host.refusals = [problem(401, "sign_in_required", "Sign in")];
    const link = way();
    const [, b] = [open(link), open(link)];
    await settle();
    expect(signInRequired.get()).toBe(true);
    expect(b.live.status.get().phase).toBe("offline");
    signInRequired.set(false);
    await settle();
    expect(b.live.status.get().phase).toBe("live");
    expect(signInRequired.get()).toBe(false);
  });

  it("any tab can ask for another attempt", async () => {
    host.refusals = [problem(429, "slow_down", "Slow down", { "retry-after": "60" })];
    const link = way();
    const [a, b] = [open(link), open(link)];
    await settle();
    expect(a.live.status.get()).toMatchObject({ phase: "offline", reason: "Slow down" });
    b.live.retry();
    await settle();
    expect(a.live.status.get().phase).toBe("live");
  });

  it("a tab that is stopped hears nothing more, and the last one ends the stream", async () => {
    const link = way();
    const [a, b] = [open(link), open(link)];
    await settle();
    b.live.stop();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    expect(heard(b)).toEqual([]);
    expect(heard(a)).toEqual([7]);
    a.live.stop();
    await settle(RELEASE_AFTER_MS + 100);
    expect(host.streaming).toBe(false);
    expect(locks.names().filter((held) => !held.startsWith("worker"))).toEqual([]);
  });

  it("a page that comes back out of the browser's cache joins again", async () => {
    const tab = open(way());
    await settle();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    dispatchEvent(new Event("pagehide"));
    await settle(RELEASE_AFTER_MS + 100);
    expect(host.streaming).toBe(false);
    dispatchEvent(new Event("pageshow"));
    await settle();
    host.push({ id: 8, type: "Heartbeat" });
    await settle();
    expect(heard(tab)).toEqual([7, 8]);
    expect(places()).toEqual([null, "7"]);
  });
});

describe("a leading tab", () => {
  it("hands over when it is closed, and nothing is lost", async () => {
    const [first, second, third] = [open(leader), open(leader), open(leader)];
    await settle();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    first.live.stop();
    await settle();
    expect(host.streaming).toBe(true);
    host.push({ id: 8, type: "Heartbeat" });
    await settle();
    expect(places()).toEqual([null, "7"]);
    for (const tab of [second, third]) {
      expect(heard(tab)).toEqual([7, 8]);
      expect(tab.live.status.get().phase).toBe("live");
    }
  });

  it("is deposed when it does not answer, and follows when it wakes up", async () => {
    const [asleep, awake] = [open(leader), open(leader)];
    await settle();
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    // A tab that the system put to sleep holds its lock and answers nothing.
    const [channel] = FakeChannel.open;
    const deliver = channel?.deliver.bind(channel);
    if (channel === undefined || deliver === undefined) throw new Error("nobody leads");
    channel.deliver = () => undefined;
    await settle(CHECK_MS * 4);
    channel.deliver = deliver;
    await settle();
    expect(places().at(-1)).toBe("7");
    host.push({ id: 8, type: "Heartbeat" });
    await settle();
    expect(heard(awake)).toEqual([7, 8]);
    expect(heard(asleep)).toEqual([7, 8]);
  });
});

describe("a shared worker", () => {
  it("that does not start is done without", async () => {
    const worker = { port: FakePort.pair()[0], onerror: null as (() => void) | null };
    const tab = open(() => new WorkerLink(() => worker as unknown as SharedWorker), own);
    await settle();
    worker.onerror?.();
    await settle();
    expect(tab.live.status.get().phase).toBe("live");
  });

  it("that never answers is done without", async () => {
    const tab = open(() => new WorkerLink(() => ({ port: FakePort.pair()[0] }) as unknown as SharedWorker), own);
    await settle(CHECK_MS * 3 + 100);
    expect(tab.live.status.get().phase).toBe("live");
  });

  it("that ends again and again is done without", async () => {
    const connect = connector(newPorts());
    locks.crash(`worker-${workers}`);
    const tab = open(() => new WorkerLink(connect), own);
    await settle();
    expect(tab.live.status.get().phase).toBe("live");
    expect(locks.names()).toHaveLength(1);
  });

  it.each([
    ["at once where a lock tells that it is gone", 300],
    ["after a while where there are no locks", CHECK_MS * 3 + 100],
  ])("that died is started again %s, and goes on after the last id", async (where, within) => {
    if (where.includes("no locks")) withoutLocks();
    let connect = connector(newPorts());
    const wires: MessagePort[] = [];
    const link = (): Link =>
      new WorkerLink(() => {
        const worker = connect();
        wires.push(worker.port);
        return worker;
      });
    const [one, two] = [open(link, own), open(link, own)];
    await settle(1_100);
    host.push({ id: 7, type: "Heartbeat" });
    await settle();
    for (const wire of wires as unknown as FakePort[]) wire.other?.close();
    const held = `worker-${workers}`;
    connect = connector(newPorts());
    locks.crash(held);
    await settle(within);
    expect(places().at(-1)).toBe("7");
    host.push({ id: 8, type: "Heartbeat" });
    await settle();
    expect(heard(one)).toEqual([7, 8]);
    expect(heard(two)).toEqual([7, 8]);
  });

  it("does not pile up batches before a tab that takes nothing in: it fetches again when it has caught up", async () => {
    const ports = newPorts();
    const [mine, theirs] = FakePort.pair();
    ports.add(theirs);
    const got: unknown[] = [];
    mine.onmessage = ({ data }: MessageEvent<{ type: string }>) => got.push(data);
    mine.postMessage({ type: "join", needs: true, place: undefined, lock: undefined });
    await settle();
    for (let id = 1; id <= MAX_AHEAD * 2; id += 1) {
      host.push({ id, type: "Heartbeat" });
      await settle(20);
    }
    const batches = (): object[] => got.filter((said): said is object => (said as { type: string }).type === "batch");
    expect(batches()).toHaveLength(MAX_AHEAD);
    for (let taken = 0; taken < MAX_AHEAD; taken += 1) mine.postMessage({ type: "taken" });
    await settle();
    expect(batches()).toHaveLength(MAX_AHEAD + 1);
    expect(batches().at(-1)).toMatchObject({ batch: { events: [], resync: {} } });
    host.push({ id: 9_999, type: "Heartbeat" });
    await settle();
    expect(batches().at(-1)).toMatchObject({ place: 9_999 });
    mine.postMessage({ type: "leave" });
    await settle(RELEASE_AFTER_MS + 100);
  });
});

describe("a tab for itself", () => {
  it("has a stream of its own, released while it is hidden", async () => {
    withoutLocks();
    const [a, b] = [open(own), open(own)];
    await settle();
    expect(places()).toEqual([null, null]);
    expect([a, b].map((tab) => tab.live.status.get().phase)).toEqual(["live", "live"]);
    setVisible(false);
    await settle(RELEASE_AFTER_MS + 100);
    expect(host.streaming).toBe(false);
    setVisible(true);
    await settle();
    expect(a.live.status.get().phase).toBe("live");
  });
});
