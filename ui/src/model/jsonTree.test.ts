import { describe, expect, it } from "vitest";
import { anyJson } from "../testing/anyJson";
import { type JsonNode, jsonOf, parseJson, printJson } from "./json";
import { above, atPointer, findInJson, jsonRows, keepOpen, labelOf, openAll, openAtFirst, pathOf, printPath, printPointer } from "./jsonTree";

const plan = jsonOf({ id: 7, steps: [{ name: "read", "depends/on": [] }, { name: "write ~" }] });

function labels(root: JsonNode, open: ReadonlySet<JsonNode>): string[] {
  return jsonRows(root, open).map((row) => `${" ".repeat(row.depth)}${row.name ?? "$"} ${row.position}/${row.siblings}`);
}

describe("the rows of a value", () => {
  it("stand in reading order with depth and place", () => {
    expect(labels(plan, openAll(plan))).toEqual([
      "$ 1/1",
      " id 1/2",
      " steps 2/2",
      "  0 1/2",
      "   name 1/2",
      "   depends/on 2/2",
      "  1 2/2",
      "   name 1/1",
    ]);
  });

  it("hide what is below a closed one", () => expect(labels(plan, new Set([plan]))).toHaveLength(3));

  it("are few at first, however much there is", () => {
    const long = jsonOf(Array.from({ length: 10_000 }, (_, id) => ({ id })));
    expect(jsonRows(long, openAtFirst(long))).toHaveLength(10_001);
    const wide = jsonOf({ a: Array.from({ length: 100 }, () => 1), b: { c: { d: 1 } } });
    expect(jsonRows(wide, openAtFirst(wide)).map((row) => row.name)).toEqual([undefined, "a", "b", "c", "d"]);
  });

  it("do not overflow the stack", () => {
    const deep = parseJson("[".repeat(50_000) + "]".repeat(50_000)) ?? expect.fail();
    expect(jsonRows(deep, openAll(deep)).length).toBe(50_000);
    expect(jsonRows(deep, openAtFirst(deep)).length).toBeLessThan(100);
  });
});

describe("what was open", () => {
  it("stays so in the next version, by name in objects and by index in lists", () => {
    const next = jsonOf({ more: 1, steps: [{ name: "read", "depends/on": [1] }, "gone"], id: 8 });
    const open = keepOpen(plan, next, openAll(plan));
    expect(jsonRows(next, open).map((row) => row.name)).toEqual([undefined, "more", "steps", 0, "name", "depends/on", 1, "id"]);
  });

  it("is forgotten where the kind changed", () => expect(keepOpen(plan, jsonOf([]), openAll(plan)).size).toBe(0));
});

describe("searching a value", () => {
  it("finds names and texts in any case, in reading order", () => {
    expect(findInJson(plan, "NAME").map((place) => printPath(pathOf(place)))).toEqual(["steps[0].name", "steps[1].name"]);
    expect(findInJson(plan, "rea").map((place) => printPath(pathOf(place)))).toEqual(["steps[0].name"]);
    expect(findInJson(plan, "7")).toHaveLength(1);
    expect(findInJson(plan, "")).toEqual([]);
  });

  it("knows what to open for a place", () => {
    const [place] = findInJson(plan, "write");
    expect(place && above(place).map((node) => node.kind)).toEqual(["object", "array", "object"]);
  });
});

describe("a path", () => {
  it("is written as code and as a pointer", () => {
    const path = ["steps", 0, "depends/on", "a~b", "ok"];
    expect(printPath(path)).toBe('steps[0]["depends/on"]["a~b"].ok');
    expect(printPointer(path)).toBe("/steps/0/depends~1on/a~0b/ok");
    expect([printPath([]), printPointer([])]).toEqual(["", ""]);
  });

  it("leads back to where it came from", () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const root = jsonOf(anyJson(seed));
      for (const row of jsonRows(root, openAll(root))) {
        const there = atPointer(root, printPointer(pathOf(row)));
        expect(there && printJson(there)).toBe(printJson(row.node));
      }
    }
    expect(atPointer(plan, "/steps/9/name")).toBeUndefined();
  });
});

it("finds a name for an object", () => {
  expect(labelOf(jsonOf({ status: "ok", step_id: "read-1" }))).toBe("read-1");
  expect(labelOf(jsonOf({ id: 7, name: "planner" }))).toBe("planner");
  expect(labelOf(jsonOf({ id: { a: 1 }, text: "x" }))).toBeUndefined();
  expect(labelOf(jsonOf(["name"]))).toBeUndefined();
});
