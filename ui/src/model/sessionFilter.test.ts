import { describe, expect, it } from "vitest";
import { sampleSession } from "../testing/sample";
import { isEmptyFilter, matches, parseFilter, toggleStatus } from "./sessionFilter";

describe("the search box", () => {
  it("reads fields and leaves the rest as text", () => {
    expect(parseFilter("status:paused engine:codex refund  policy")).toEqual({
      status: ["paused"],
      engine: ["codex"],
      text: "refund policy",
    });
  });

  it("repeats status and engine, and takes agent and tag", () => {
    expect(parseFilter("status:failed status:paused agent:coder tag:nightly")).toEqual({
      status: ["failed", "paused"],
      engine: [],
      agent: "coder",
      tag: "nightly",
      text: "",
    });
  });

  it("keeps quoted words together", () => {
    expect(parseFilter('agent:"code reviewer" "two words"')).toMatchObject({ agent: "code reviewer", text: "two words" });
    expect(parseFilter('agent:"open').agent).toBe("open");
  });

  it("doesn't understand what is no status", () => expect(parseFilter("status:purple").text).toBe("status:purple"));

  it("is empty when it is blank", () => {
    expect(isEmptyFilter(parseFilter("  "))).toBe(true);
    expect(isEmptyFilter(parseFilter("x"))).toBe(false);
  });
});

it("a chip adds its status and takes it away again", () => {
  expect(toggleStatus("refund", "failed")).toBe("status:failed refund");
  expect(toggleStatus("status:failed refund", "failed")).toBe("refund");
  expect(toggleStatus("", "failed")).toBe("status:failed");
});

describe("a live session", () => {
  const session = sampleSession({ title: "Refund policy", tags: ["nightly"], error: "Rate limited" });
  it.each([
    ["", true],
    ["status:running", true],
    ["status:failed", false],
    ["engine:tokio agent:coder tag:nightly", true],
    ["engine:codex", false],
    ["agent:other", false],
    ["tag:weekly", false],
    ["REFUND", true],
    ["rate limited", true],
    ["unrelated", false],
  ])("under the filter %j: %s", (query, expected) => expect(matches(parseFilter(query), session)).toBe(expected));
});
