import { describe, expect, it } from "vitest";
import type { LiveEvent, Session, SessionList } from "../api/types";
import { at, sampleSession } from "../testing/sample";
import { parseFilter } from "./sessionFilter";
import { PageRows, applyToPages } from "./sessionPages";

const all = parseFilter("");

function page(seconds: number[], next?: string): SessionList {
  return { sessions: seconds.map(session), degraded: [], ...(next !== undefined && { next_cursor: next }) };
}

function session(second: number): Session {
  return sampleSession({ id: `s${second}`, started_at: at(second) });
}

function updated(change: Partial<Session>): LiveEvent {
  return { id: 1, type: "SessionUpdated", session: sampleSession(change) };
}

function ids(pages: readonly SessionList[]): string[][] {
  return pages.map((each) => each.sessions.map((row) => row.id));
}

describe("live events on fetched pages", () => {
  const pages = [page([9, 8], "a"), page([5, 4], "b")];

  it("update a row in place", () => {
    const next = applyToPages(pages, [updated({ id: "s8", started_at: at(8), title: "New" })], all);
    expect(next[0]?.sessions[1]?.title).toBe("New");
    expect(next[1]).toBe(pages[1]);
  });

  it("put a new session at the top", () => {
    expect(ids(applyToPages(pages, [updated({ id: "new", started_at: at(20) })], all))).toEqual([
      ["new", "s9", "s8"],
      ["s5", "s4"],
    ]);
  });

  it("put a backfilled session where it belongs", () => {
    expect(ids(applyToPages(pages, [updated({ id: "old", started_at: at(6) })], all))[1]).toEqual(["old", "s5", "s4"]);
  });

  it("leave a session below the last row to its own page", () => {
    expect(applyToPages(pages, [updated({ id: "old", started_at: at(1) })], all)).toBe(pages);
  });

  it("append it when there are no more pages", () => {
    expect(ids(applyToPages([page([9])], [updated({ id: "old", started_at: at(1) })], all))).toEqual([["s9", "old"]]);
    expect(ids(applyToPages([page([])], [updated({ id: "old", started_at: at(1) })], all))).toEqual([["old"]]);
  });

  it("take the last of several about one session", () => {
    const next = applyToPages(
      pages,
      [updated({ id: "s9", started_at: at(9), title: "A" }), updated({ id: "s9", started_at: at(9), title: "B" })],
      all,
    );
    expect(next[0]?.sessions[0]?.title).toBe("B");
  });

  it("move a session whose start became known", () => {
    expect(ids(applyToPages(pages, [updated({ id: "s9", started_at: at(4.5) })], all))).toEqual([
      ["s8"],
      ["s5", "s9", "s4"],
    ]);
  });

  it("remove what was merged into another, and what left the filter", () => {
    const merged: LiveEvent = { id: 1, type: "SessionMerged", session_id: "s9", into: "s8" };
    expect(ids(applyToPages(pages, [merged], all))[0]).toEqual(["s8"]);
    const removed: LiveEvent = { id: 2, type: "SessionRemoved", session_id: "s8" };
    expect(ids(applyToPages(pages, [removed], all))[0]).toEqual(["s9"]);
    const anew = updated({ id: "s8", started_at: at(8), title: "Anew" });
    expect(applyToPages(pages, [removed, anew], all)[0]?.sessions[1]?.title).toBe("Anew");
    const running = parseFilter("status:running");
    const done = updated({ id: "s8", started_at: at(8), status: "completed" });
    expect(ids(applyToPages(pages, [done], running))[0]).toEqual(["s9"]);
  });

  it("change nothing when they are about something else", () => {
    expect(applyToPages(pages, [{ id: 1, type: "Other", name: "Log" }], all)).toBe(pages);
    expect(applyToPages([], [updated({})], all)).toEqual([]);
  });

  it("ignore older news than the row holds", () => {
    const fresh = [{ ...page([9]), sessions: [sampleSession({ id: "s9", started_at: at(9), updated_at: at(50) })] }];
    const stale = updated({ id: "s9", started_at: at(9), updated_at: at(40), title: "Old" });
    expect(applyToPages(fresh, [stale], all)[0]?.sessions[0]?.title).toBe("Refactor the parser");
  });
});

describe("the rows of all pages", () => {
  const read = (rows: readonly Session[]): string[] => rows.map((row) => row.id);

  it("hold a session that moved between two fetches once", () => {
    expect(read(new PageRows().of([page([3, 2]), page([2, 1])]))).toEqual(["s3", "s2", "s1"]);
  });

  it("go on with a page that was fetched, without a look at those before it", () => {
    const rows = new PageRows();
    const first = page([9, 8]);
    const before = rows.of([first]);
    Object.defineProperty(first, "sessions", { get: () => expect.unreachable("the first page was read again") });
    expect(read(rows.of([first, page([8, 7])]))).toEqual(["s9", "s8", "s7"]);
    expect(read(before)).toEqual(["s9", "s8"]);
  });

  it("begin anew when a page before changed or is gone", () => {
    const rows = new PageRows();
    const last = page([5, 4]);
    rows.of([page([9, 8]), last]);
    expect(read(rows.of([page([10, 8]), last]))).toEqual(["s10", "s8", "s5", "s4"]);
    expect(read(rows.of([last]))).toEqual(["s5", "s4"]);
  });

  it("are the same list for the same pages", () => {
    const rows = new PageRows();
    const pages = [page([2]), page([1])];
    expect(rows.of(pages)).toBe(rows.of(pages));
  });
});
