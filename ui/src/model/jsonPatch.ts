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
    const both = Math.min(before.length, after.length);
    const changed = before.slice(0, both).flatMap((item, index) => jsonPatch(item, after[index] as Json, pointerTo(path, index)));
    // From the end, so that the places of those before stay as they are.
    const gone = before.slice(both).map((_, index): PatchStep => ({ op: "remove", path: pointerTo(path, before.length - 1 - index) }));
    const added = after.slice(both).map((value, index): PatchStep => ({ op: "add", path: pointerTo(path, both + index), value }));
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
