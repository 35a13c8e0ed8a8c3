import type { Attributes } from "../api/types";
import { printValue } from "./text";

export interface AttributeRow {
  key: string;
  value: unknown;
  /** The recorder cut this value and said so with `<key>_truncated`. */
  truncated: boolean;
}

const CUT = "_truncated";

/**
 * Attributes as sorted rows. A `<key>_truncated: true` beside its key becomes a mark on that key instead of a row of
 * its own; any other key that merely ends so stays visible.
 */
export function attributeRows(attributes: Attributes): AttributeRow[] {
  return Object.keys(attributes)
    .filter((key) => !isCutMark(key, attributes))
    .sort()
    .map((key) => ({ key, value: attributes[key], truncated: isTrue(attributes[key + CUT]) }));
}

function isCutMark(key: string, attributes: Attributes): boolean {
  return key.endsWith(CUT) && isTrue(attributes[key]) && Object.hasOwn(attributes, key.slice(0, -CUT.length));
}

function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

/** Rows whose key or value holds every word of the filter. */
export function filterRows(rows: readonly AttributeRow[], filter: string): readonly AttributeRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = `${row.key}\n${printValue(row.value)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
