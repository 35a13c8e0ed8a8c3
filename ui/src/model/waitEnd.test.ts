import { describe, expect, it } from "vitest";
import { endOfSpan, endWords, personWords } from "./waitEnd";

describe("the end of a wait", () => {
  it("says who decided what", () => {
    expect(endWords({ decision: "answered", by: "ana" })).toBe("Answered by ana.");
    expect(endWords({ decision: "denied", by: "local" })).toBe("Denied by somebody at the host’s machine.");
    expect(endWords({ decision: "edit", by: "token" })).toBe("Continued with a changed state by somebody with the token.");
  });

  it("blames nobody where nobody decided", () => {
    expect(endWords({ decision: "timed_out", by: undefined })).toBe("Nobody answered in time.");
    expect(endWords({ decision: "dropped", by: undefined })).toBe("The program that asked waits no longer.");
    expect(endWords({ decision: "cancelled", by: undefined })).toBe("The session was cancelled.");
    expect(endWords({ decision: "cancelled", by: "ana" })).toBe("The session was cancelled by ana.");
    expect(endWords(undefined)).toBe("This is no longer asked.");
  });

  it("repeats words it does not know, and names that hide something, as one short line of text", () => {
    expect(endWords({ decision: "postponed\nuntil\u202e Monday", by: undefined })).toBe("Ended by somebody: postponed until‹RLO› Monday.");
    expect(personWords("a\u200bna".padEnd(500, "a"))).toHaveLength(80);
    expect(personWords("constructor")).toBe("constructor");
  });

  it("stands in the span, once it is over", () => {
    expect(endOfSpan({ "inspector.wait.signal": "approve" })).toBeUndefined();
    expect(endOfSpan({ "inspector.wait.outcome": "denied", "inspector.wait.by": "ana" })).toEqual({ decision: "denied", by: "ana" });
    expect(endOfSpan({ "inspector.wait.outcome": "timed_out", "inspector.wait.by": 7 })).toEqual({ decision: "timed_out", by: undefined });
  });
});
