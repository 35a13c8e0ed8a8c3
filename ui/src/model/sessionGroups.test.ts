import { describe, expect, it } from "vitest";
import { sampleSession } from "../testing/sample";
import { flatEntries, groupSessions } from "./sessionGroups";

const one = (id: string, parent?: string) => sampleSession({ id, ...(parent !== undefined && { parent_session_id: parent }) });
const shape = (entries: ReturnType<typeof groupSessions>) => entries.map(({ session, depth }) => `${"  ".repeat(depth)}${session.id}`);

describe("grouped sessions", () => {
  it("stand below the one that started them, at any depth and in any order", () => {
    const rows = [one("grandchild", "child"), one("other"), one("child", "top"), one("top")];
    expect(shape(groupSessions(rows, new Set()))).toEqual(["other", "top", "  child", "    grandchild"]);
  });

  it("disappear with a folded parent, which says how many they are", () => {
    const entries = groupSessions([one("top"), one("a", "top"), one("b", "top"), one("c", "a")], new Set(["top"]));
    expect(entries).toMatchObject([{ session: { id: "top" }, children: 2, open: false }]);
  });

  it("keep their place when the parent isn't in the list", () => {
    expect(shape(groupSessions([one("a", "gone"), one("b")], new Set()))).toEqual(["a", "b"]);
  });

  it("that name each other as parents, or themselves, are all still there", () => {
    const shown = groupSessions([one("a", "b"), one("b", "a"), one("self", "self")], new Set());
    expect(shown.map(({ session }) => session.id).sort()).toEqual(["a", "b", "self"]);
  });

  it("are as they came without grouping", () => {
    expect(flatEntries([one("child", "top"), one("top")]).map(({ depth, open }) => [depth, open])).toEqual([[0, false], [0, false]]);
  });
});
