import { describe, expect, it } from "vitest";
import { eventWords } from "./eventWords";

describe("the words of an event", () => {
  it.each([
    [{ type: "Log", level: "warn", message: "two\nhours old" }, "warn: two hours old", "warn"],
    [{ type: "ProgressUpdate", message: "asking", percent: 33.4 }, "33 % asking", undefined],
    [{ type: "Custom", name: "task_queued", data: { task: 7 } }, 'task_queued {"task":7}', undefined],
    [{ type: "WaitingOnSignal", signal_name: "permission", prompt: "Delete?" }, "waits for permission: Delete?", "wait"],
    [{ type: "Gap", at_most: 12 }, "up to 12 events were missed", "warn"],
    [{ type: "SessionFinished", session: { title: "Nightly", status: "failed", error: "429" } }, "Nightly · failed · 429", "bad"],
    [{ type: "SessionPinned", by: "otto", from: "192.0.2.7" }, "pinned by otto from 192.0.2.7", undefined],
    [{ type: "SessionUnpinned", by: "token", from: "proxy" }, "unpinned by somebody with the token through a proxy", undefined],
    [{ type: "SessionRemoved", by: "local", from: "127.0.0.1" }, "removed by somebody at the host’s machine", undefined],
    [{ type: "SessionRemoved" }, "removed", undefined],
    [{ type: "CancelRequested", by: "ana", from: "unknown" }, "asked to end by ana", undefined],
    [{ type: "SignalReceived", signal_name: "go", decision: "denied", by: "ana", from: "::1" }, "got go: denied by ana from ::1", undefined],
    [{ type: "BreakpointSet", breakpoint: { id: 3, by: "ana", from: "192.0.2.7" } }, "breakpoint 3 set by ana from 192.0.2.7", undefined],
    [{ type: "BreakpointRemoved", breakpoint_id: 3, by: "ana" }, "breakpoint 3 removed by ana", undefined],
    [{ type: "BeforeStep", checkpoint: "plan", agent: "janitor", tool: "rm", state: { a: 1 } }, "stopped at plan · janitor · rm", "wait"],
    [{ type: "SpanStarted", span: { kind: "tool", name: "bash" } }, "tool bash", undefined],
  ])("of %j are %s", (event, text, tone) => expect(eventWords(event)).toEqual({ text, tone }));

  it("of a finished span say how long it took and what went wrong", () => {
    const span = { kind: "tool", name: "bash", status: "error", error: "exit 1", start_time: "2026-11-21T00:00:00.000000000Z", end_time: "2026-11-21T00:00:02.500000000Z" };
    expect(eventWords({ type: "SpanFinished", span })).toEqual({ text: "tool bash · 2.5 s · exit 1", tone: "bad" });
  });

  it("of a type from the future are its fields", () => {
    expect(eventWords({ id: 4, type: "BudgetWarning", timestamp: "t", left: 3, of: "x" }).text).toBe("left: 3, of: x");
  });

  it("whose fields are not as promised harm nobody", () => {
    expect(eventWords({ type: "SpanFinished", span: null }).text).toBe("span: null");
    expect(eventWords({ type: "Log", message: 7 }).text).toBe("message: 7");
    expect(eventWords({ type: "constructor" }).text).toBe("");
  });

  it("stay short whatever came", () => expect(eventWords({ type: "Custom", name: "x".repeat(5_000) }).text.length).toBeLessThanOrEqual(300));
});
