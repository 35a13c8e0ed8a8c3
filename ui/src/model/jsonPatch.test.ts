import { describe, expect, it } from "vitest";
import { type PatchStep, jsonPatch } from "./jsonPatch";
import type { Json } from "./schemaForm";

/** Applies a patch, as the host does. */
function applied(value: Json, patch: readonly PatchStep[]): Json {
  let whole = structuredClone(value);
  for (const step of patch) {
    const names = step.path.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop();
    if (last === undefined) {
      whole = (step as { value: Json }).value;
      continue;
    }
    const parent = names.reduce<Json>((node, name) => (node as Record<string, Json>)[name] as Json, whole);
    if (Array.isArray(parent)) {
      if (step.op === "remove") parent.splice(Number(last), 1);
      else parent.splice(Number(last), step.op === "add" ? 0 : 1, step.value);
    } else if (step.op === "remove") {
      Reflect.deleteProperty(parent as Record<string, Json>, last);
    } else {
      (parent as Record<string, Json>)[last] = step.value;
    }
  }
  return whole;
}

/** The same values each time: a failure can be looked at again. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

function some(next: () => number, depth: number): Json {
  const kind = Math.floor(next() * (depth > 3 ? 4 : 6));
  if (kind === 0) return null;
  if (kind === 1) return next() > 0.5;
  if (kind === 2) return Math.floor(next() * 3);
  if (kind === 3) return "ab/~"[Math.floor(next() * 4)] ?? "";
  const count = Math.floor(next() * 4);
  if (kind === 4) return Array.from({ length: count }, () => some(next, depth + 1));
  return Object.fromEntries(Array.from({ length: count }, () => ["a/b", "~", "c", "d"][Math.floor(next() * 4)] ?? "c").map((name) => [name, some(next, depth + 1)]));
}

describe("a patch", () => {
  it("makes the later value out of the earlier, whatever the two are", () => {
    const next = numbers(7);
    for (let round = 0; round < 2_000; round++) {
      const [before, after] = [some(next, 0), some(next, 0)];
      expect(applied(before, jsonPatch(before, after))).toEqual(after);
    }
  });

  it("touches nothing that is the same", () => {
    const before = { key: "[redacted]", plan: [{ n: 1 }, { n: 2 }], budget: 40 };
    expect(jsonPatch(before, { ...before, plan: [{ n: 1 }, { n: 3 }] })).toEqual([{ op: "replace", path: "/plan/1/n", value: 3 }]);
    expect(jsonPatch(before, structuredClone(before))).toEqual([]);
    expect(jsonPatch(["a", "b", "[redacted]"], ["b", "[redacted]"])).toEqual([{ op: "remove", path: "/0" }]);
  });
});
