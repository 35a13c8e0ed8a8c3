/** JSON values for tests of properties: the same for the same seed, so that a failure can be had again. */

/** Numbers from 0 to 1 that only look like chance (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SCALARS = [null, true, false, 0, -1, 2.5, 1e21, "", "text", 'a "quote"', "line\nbreak", "ä€😀", "\u202e", "[1]"];
const NAMES = ["id", "name", "steps", "a", "b", "c/d", "e~f", "", "ä", "x.y"];

export function anyJson(seed: number): unknown {
  return value(chance(seed), 0);
}

function value(next: () => number, depth: number): unknown {
  const kind = next();
  const count = Math.floor(next() * 5);
  if (depth > 4 || kind < 0.35) return SCALARS[Math.floor(next() * SCALARS.length)];
  if (kind < 0.65) return Array.from({ length: count }, () => value(next, depth + 1));
  return Object.fromEntries(
    Array.from({ length: count }, () => [NAMES[Math.floor(next() * NAMES.length)] ?? "", value(next, depth + 1)]),
  );
}

/** Another value that shares much with this one, as the next snapshot of a state does. */
export function changedJson(before: unknown, seed: number): unknown {
  return change(before, chance(seed), seed);
}

function change(before: unknown, next: () => number, seed: number): unknown {
  if (next() < 0.12) return anyJson(seed + Math.floor(next() * 1_000));
  if (Array.isArray(before)) {
    const kept = before.filter(() => next() > 0.15).map((item) => change(item, next, seed + 1));
    if (next() < 0.3) kept.splice(Math.floor(next() * (kept.length + 1)), 0, anyJson(seed + 7));
    return kept;
  }
  if (typeof before !== "object" || before === null) return before;
  const kept = Object.entries(before).filter(() => next() > 0.1);
  const entries = kept.map(([name, item]) => [name, change(item, next, seed + 1)] as const);
  return Object.fromEntries(next() < 0.3 ? [...entries, ["added", anyJson(seed + 9)] as const] : entries);
}
