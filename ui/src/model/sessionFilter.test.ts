import { describe, expect, it } from "vitest";
import { sampleSession } from "../testing/sample";
import { isEmptyFilter, matches, parseFilter, toggleStatus, withoutField } from "./sessionFilter";

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

  it("takes the session that started them", () => {
    expect(parseFilter("parent:root-1 refund")).toMatchObject({ parent: "root-1", text: "refund" });
    const children = parseFilter("parent:root-1");
    expect(isEmptyFilter(children)).toBe(false);
    expect(matches(children, sampleSession({ parent_session_id: "root-1" }))).toBe(true);
    expect(matches(children, sampleSession())).toBe(false);
    expect(withoutField("parent:root-1 refund", "parent")).toBe("refund");
  });

  it("keeps quoted words together", () => {
    expect(parseFilter('agent:"code reviewer" "two words"')).toMatchObject({ agent: "code reviewer", text: "two words" });
    expect(parseFilter('agent:"open').agent).toBe("open");
  });

  it("doesn't understand what is no status", () => expect(parseFilter("status:purple").text).toBe("status:purple"));

  it("takes moments and pins as they were typed, and leaves what is none as text", () => {
    expect(parseFilter("since:24h until:2026-11-21 pinned:yes")).toMatchObject({ since: "24h", until: "2026-11-21", pinned: true, text: "" });
    expect(parseFilter("since:purple pinned:maybe").text).toBe("since:purple pinned:maybe");
  });

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

it("one part of the box can be taken away", () => {
  const query = 'status:failed since:1h refund "two words" since:purple';
  expect(withoutField(query, "status")).toBe('since:1h refund "two words" since:purple');
  expect(withoutField(query, "since")).toBe('status:failed refund "two words" since:purple');
  expect(withoutField(query, "text")).toBe("status:failed since:1h");
});

it("a live session belongs into the range of time in which it began", () => {
  const now = Date.parse("2026-11-21T01:00:00Z");
  const session = sampleSession({ started_at: "2026-11-21T00:00:00.000000000Z" });
  const within = (query: string): boolean => matches(parseFilter(query), session, now);
  expect([within("since:2h"), within("since:30m"), within("until:30m"), within("until:2h")]).toEqual([true, false, true, false]);
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
    ["limited rate", true],
    ["pinned:no", true],
    ["pinned:yes", false],
    ["unrelated", false],
  ])("under the filter %j: %s", (query, expected) => expect(matches(parseFilter(query), session)).toBe(expected));
});
