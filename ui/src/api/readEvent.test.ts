import { describe, expect, it } from "vitest";
import { sampleSession, sampleSpan } from "../testing/sample";
import { readEvent } from "./readEvent";

function read(value: unknown): unknown {
  return readEvent(JSON.stringify(value));
}

describe("an event", () => {
  it("of a known type is read whole", () => {
    const session = sampleSession();
    expect(read({ id: 1, type: "SessionUpdated", timestamp: "t", session_id: "s1", session })).toEqual({
      id: 1,
      type: "SessionUpdated",
      timestamp: "t",
      session_id: "s1",
      session,
    });
    const span = sampleSpan(1);
    expect(read({ id: 2, type: "SpanStarted", session_id: "s1", span })).toMatchObject({ type: "SpanStarted", span });
    expect(read({ id: 3, type: "SessionMerged", session_id: "s1", into: "s2" })).toMatchObject({ into: "s2" });
    expect(read({ id: 3, type: "SessionRemoved", session_id: "s1" })).toEqual({
      id: 3,
      type: "SessionRemoved",
      session_id: "s1",
    });
    expect(read({ id: 4, type: "Gap", missed_from: 1, missed_to: 3, at_most: 3 })).toMatchObject({ at_most: 3 });
    const kinds = { span_started: 500, event: 12 };
    expect(read({ id: 5, type: "RecordsDropped", timestamp: "t", total: 512, kinds })).toEqual({
      id: 5,
      type: "RecordsDropped",
      timestamp: "t",
      total: 512,
    });
  });

  it("tells who decided what of a session that waited", () => {
    const signal = { id: 6, type: "SignalReceived", session_id: "s1", signal_name: "approve", wait_id: "00000000000000aa", decision: "denied", by: "ana" };
    expect(read(signal)).toEqual(signal);
    expect(read({ ...signal, by: 7, decision: undefined })).toEqual({ id: 6, type: "SignalReceived", session_id: "s1", signal_name: "approve", wait_id: "00000000000000aa" });
    expect(read({ id: 7, type: "CancelRequested", session_id: "s1", by: "ana" })).toEqual({ id: 7, type: "CancelRequested", session_id: "s1", by: "ana" });
    expect(read({ id: 8, type: "BeforeStep", session_id: "s1", wait_id: "a", state: { large: true } })).toEqual({ id: 8, type: "BeforeStep", session_id: "s1" });
    expect(read({ id: 9, type: "BreakpointSet", rule: {} })).toEqual({ id: 9, type: "BreakpointSet" });
  });

  it("of an unknown type is kept", () => {
    expect(read({ id: 5, type: "BudgetWarning", data: 1 })).toEqual({ id: 5, type: "Other", name: "BudgetWarning" });
  });

  it("whose body is not as promised harms nobody", () => {
    expect(read({ id: 6, type: "SessionUpdated", session: { id: 1 } })).toMatchObject({ type: "Other" });
    expect(read({ id: 7, type: "SpanStarted", session_id: "s1" })).toMatchObject({ type: "Other" });
    expect(read({ id: 8, type: "SessionMerged", session_id: "s1" })).toMatchObject({ type: "Other" });
    expect(read({ id: 8, type: "SessionRemoved" })).toMatchObject({ type: "Other" });
    expect(read({ id: 8, type: "SignalReceived", session_id: "s1" })).toMatchObject({ type: "Other" });
    expect(read({ id: 8, type: "CancelRequested" })).toMatchObject({ type: "Other" });
    expect(read({ id: 9, type: "RecordsDropped", total: "many" })).toMatchObject({ type: "Other" });
  });

  it.each(["", "nonsense", "null", "[]", '{"type":"x"}', '{"id":1}'])("is not made of %j", (text) => {
    expect(readEvent(text)).toBeUndefined();
  });
});
