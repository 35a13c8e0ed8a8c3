import { expect, it } from "vitest";
import { attributeRows, filterRows } from "./attributes";

it("sorts keys and turns a cut mark into a mark on its key", () => {
  expect(attributeRows({ b: 1, a: "x", a_truncated: true })).toEqual([
    { key: "a", value: "x", truncated: true },
    { key: "b", value: 1, truncated: false },
  ]);
});

it("keeps a key that merely ends like a cut mark", () => {
  expect(attributeRows({ is_truncated: true, z: 1, z_truncated: false }).map((row) => row.key)).toEqual([
    "is_truncated",
    "z",
    "z_truncated",
  ]);
});

it("filters by words in key or value", () => {
  const rows = attributeRows({ "gen_ai.request.model": "gpt-4.1", "http.status": 429, note: { deep: "model" } });
  expect(filterRows(rows, "")).toBe(rows);
  expect(filterRows(rows, "MODEL").map((row) => row.key)).toEqual(["gen_ai.request.model", "note"]);
  expect(filterRows(rows, "model gpt").map((row) => row.key)).toEqual(["gen_ai.request.model"]);
  expect(filterRows(rows, "429").map((row) => row.key)).toEqual(["http.status"]);
});
