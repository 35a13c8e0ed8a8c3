import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sampleSession } from "../testing/sample";
import { SessionNames } from "./names";

describe("what sessions are called", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function withHost(titles: Record<string, string>) {
    const ask = vi.fn((ids: readonly string[]) =>
      Promise.resolve({ sessions: ids.flatMap((id) => (titles[id] === undefined ? [] : [{ id, title: titles[id] }])) }),
    );
    return { ask, names: new SessionNames(ask) };
  }

  it("is asked for once, many in one request", async () => {
    const { ask, names } = withHost({ a: "First", b: "Second" });
    expect([names.of("a"), names.of("b"), names.of("a")]).toEqual([undefined, undefined, undefined]);
    await vi.runAllTimersAsync();
    expect([names.of("a"), names.of("b")]).toEqual(["First", "Second"]);
    await vi.runAllTimersAsync();
    expect(ask.mock.calls).toEqual([[["a", "b"]]]);
  });

  it("is asked for a hundred at a time", async () => {
    const { ask, names } = withHost({});
    for (let id = 0; id < 230; id += 1) names.of(`s${id}`);
    await vi.runAllTimersAsync();
    expect(ask.mock.calls.map(([ids]) => ids.length)).toEqual([100, 100, 30]);
  });

  it("is not asked for again for a session that is gone", async () => {
    const { ask, names } = withHost({});
    names.of("gone");
    await vi.runAllTimersAsync();
    expect(names.of("gone")).toBeUndefined();
    await vi.runAllTimersAsync();
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("is heard from the stream, and tells when it changed", () => {
    const { ask, names } = withHost({});
    const told = vi.fn();
    names.subscribe(told);
    names.hear([{ id: 1, type: "SessionStarted", session: sampleSession({ id: "a", title: "Heard" }) }]);
    names.hear([{ id: 2, type: "SessionUpdated", session: sampleSession({ id: "a", title: "Heard" }) }]);
    expect([names.of("a"), told.mock.calls.length, ask.mock.calls.length]).toEqual(["Heard", 1, 0]);
  });

  it("is asked for again after the host could not be reached", async () => {
    const ask = vi.fn().mockRejectedValueOnce(new Error("cut")).mockResolvedValueOnce({ sessions: [{ id: "a", title: "There" }] });
    const names = new SessionNames(ask);
    names.of("a");
    await vi.advanceTimersByTimeAsync(1_000);
    expect([names.of("a"), ask.mock.calls.length]).toEqual([undefined, 1]);
    await vi.runAllTimersAsync();
    expect(names.of("a")).toBe("There");
  });
});
