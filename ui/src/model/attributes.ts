import type { Attributes } from "../api/types";
import { CUT, isCut } from "./cut";
import { printValue } from "./text";

export interface AttributeRow {
  key: string;
  value: unknown;
  /** The recorder cut this value and said so with `<key>_truncated`. */
  truncated: boolean;
}

/**
 * Attributes as sorted rows. A `<key>_truncated: true` beside its key becomes a mark on that key instead of a row of
 * its own; any other key that merely ends so stays visible.
 */
export function attributeRows(attributes: Attributes): AttributeRow[] {
  return Object.keys(attributes)
    .filter((key) => !isCutMark(key, attributes))
    .sort()
    .map((key) => ({ key, value: attributes[key], truncated: isCut(key, attributes) }));
}

function isCutMark(key: string, attributes: Attributes): boolean {
  const cut = key.slice(0, -CUT.length);
  return key.endsWith(CUT) && Object.hasOwn(attributes, cut) && isCut(cut, attributes);
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
