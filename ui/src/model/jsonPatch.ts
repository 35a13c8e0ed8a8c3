import { type Json, pointerTo } from "./schemaForm";

/** One step of a JSON Patch (RFC 6902). */
export type PatchStep =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string };

/**
 * What makes `after` out of `before`, and nothing else. What both have stays untouched, also where the host has more there than
 * was shown here.
 */
export function jsonPatch(before: Json, after: Json, path = ""): PatchStep[] {
  if (same(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    // What both begin and end with stays: an item that goes must not rewrite those behind it.
    const most = Math.min(before.length, after.length);
    let start = 0;
    while (start < most && same(before[start] as Json, after[start] as Json)) start++;
    let end = 0;
    while (end < most - start && same(before.at(-1 - end) as Json, after.at(-1 - end) as Json)) end++;
    const [old, young] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
    const both = Math.min(old.length, young.length);
    const changed = old.slice(0, both).flatMap((item, index) => jsonPatch(item, young[index] as Json, pointerTo(path, start + index)));
    // From the end, so that the places of those before stay as they are.
    const gone = old.slice(both).map((_, index): PatchStep => ({ op: "remove", path: pointerTo(path, start + old.length - 1 - index) }));
    const added = young.slice(both).map((value, index): PatchStep => ({ op: "add", path: pointerTo(path, start + both + index), value }));
    return [...changed, ...gone, ...added];
  }
  if (isObject(before) && isObject(after)) {
    const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
    return [
      ...gone.map((name): PatchStep => ({ op: "remove", path: pointerTo(path, name) })),
      ...Object.entries(after).flatMap(([name, value]) =>
        Object.hasOwn(before, name) ? jsonPatch(before[name] as Json, value, pointerTo(path, name)) : [{ op: "add", path: pointerTo(path, name), value } as const],
      ),
    ];
  }
  return [{ op: "replace", path, value: after }];
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function same(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, index) => same(item, other[index] as Json));
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && same(one[name] as Json, other[name] as Json));
}
