import { describe, expect, it } from "vitest";
import { anyJson, changedJson } from "../testing/anyJson";
import { jsonOf, parseJson } from "./json";
import { type Difference, countDifferences, diffJson, diffText, differenceRows } from "./jsonDiff";

const diff = (before: unknown, after: unknown) => diffJson(jsonOf(before), jsonOf(after));

/** One side of a difference, put together again from its parts. */
function side(part: Difference, which: "before" | "after"): unknown {
  const node = part[which];
  if (node === undefined) throw new Error("it is not on this side");
  if (part.inside.length === 0) return plain(node);
  const parts = part.inside.filter((each) => each[which] !== undefined);
  if (node.kind === "array") return parts.map((each) => side(each, which));
  return Object.fromEntries(parts.map((each) => [String(each.name), side(each, which)]));
}

function plain(node: NonNullable<Difference["before"]>): unknown {
  if (node.kind === "array") return node.items.map(plain);
  if (node.kind === "object") return Object.fromEntries(node.items.map((item, index) => [node.names[index], plain(item)]));
  return node.kind === "string" ? node.text : (JSON.parse(node.text) as unknown);
}

function drawn(before: unknown, after: unknown): string[] {
  return differenceRows(diff(before, after), new Set()).map(({ depth, difference, folded }) =>
    " ".repeat(depth) + (folded > 0 ? `… ${folded}` : `${difference.change} ${difference.name ?? "$"}`),
  );
}

describe("two versions of a value", () => {
  it("are the same when only the order of names changed", () => {
    expect(diff({ a: 1, b: [2] }, { b: [2], a: 1 }).change).toBe("same");
  });

  it("differ by what was added, removed and changed", () => {
    expect(drawn({ keep: 1, gone: 2, status: "pending" }, { keep: 1, status: "done", result: "42" })).toEqual([
      "changed $",
      " … 1",
      " removed gone",
      " changed status",
      " added result",
    ]);
    expect(countDifferences(diff({ gone: 1, status: 1 }, { status: 2, result: { a: 1, b: 2 } }))).toEqual({
      added: 1,
      removed: 1,
      changed: 1,
    });
  });

  it("find a list's items again by their ids", () => {
    const before = [{ step_id: "a", status: 1 }, { step_id: "b", status: 1 }, { step_id: "c", status: 1 }];
    const after = [{ step_id: "a", status: 1 }, { step_id: "new" }, { step_id: "c", status: 2 }];
    expect(drawn(before, after)).toEqual(["changed $", " … 1", " removed 1", " added 1", " changed 2", "  … 1", "  changed status"]);
  });

  it("find a list's items again by what they say", () => {
    expect(drawn(["a", "b", "c", "d"], ["a", "c", "d", "e"])).toEqual(["changed $", " … 1", " removed 1", " … 2", " added 3"]);
    expect(drawn([1, 2, 3], [1, 9, 3])).toEqual(["changed $", " … 1", " changed 1", " … 1"]);
  });

  it("are replaced as a whole when their kinds differ", () => {
    const part = diff({ a: [] }, { a: {} });
    expect(part.inside.map((each) => [each.change, each.inside.length])).toEqual([["changed", 0]]);
  });

  it("show a run of the same when asked", () => {
    const part = diff([1, 2, 3], [1, 2, 9]);
    const [first] = part.inside;
    expect(differenceRows(part, new Set(first && [first]))).toHaveLength(4);
  });

  it("can be put together again from their difference, whatever they are", () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const before = anyJson(seed);
      const after = seed % 5 === 0 ? anyJson(seed + 10_000) : changedJson(before, seed);
      const part = diff(before, after);
      expect(side(part, "before"), `seed ${seed}`).toEqual(before);
      expect(side(part, "after"), `seed ${seed}`).toEqual(after);
      const [count, back] = [countDifferences(part), countDifferences(diff(after, before))];
      const total = count.added + count.removed + count.changed;
      expect(total === 0, `seed ${seed}`).toBe(part.change === "same");
      expect(back.added + back.removed + back.changed === 0).toBe(total === 0);
      expect(diff(before, before).change).toBe("same");
    }
  });

  it("may be long or deep", () => {
    const long = Array.from({ length: 20_000 }, (_, index) => index);
    expect(countDifferences(diff(long, [...long.slice(1), -1, -2])).added).toBeGreaterThan(0);
    const deep = (inner: string) => parseJson("[".repeat(20_000) + inner + "]".repeat(20_000)) ?? expect.fail();
    expect(countDifferences(diffJson(deep("1"), deep("2")))).toEqual({ added: 0, removed: 0, changed: 1 });
  });
});

describe("a changed text", () => {
  it("is cut to what differs", () => {
    expect(diffText("the plan is new", "the plan was new")).toEqual({ start: "the plan ", removed: "i", added: "wa", end: "s new" });
    expect(diffText("", "abc")).toEqual({ start: "", removed: "", added: "abc", end: "" });
    expect(diffText("aaa", "aa")).toEqual({ start: "aa", removed: "a", added: "", end: "" });
  });

  it("is never cut within a character", () => {
    for (const [before, after] of [["x😀y", "x😁y"], ["😀", "\u{10600}"]] as const) {
      const { start, removed, added, end } = diffText(before, after);
      expect([start + removed + end, start + added + end]).toEqual([before, after]);
      for (const part of [start, removed, added, end]) expect(() => encodeURIComponent(part)).not.toThrow();
    }
  });
});
