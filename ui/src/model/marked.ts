import type { SearchMatch } from "../api/types";

export interface Piece {
  text: string;
  hit: boolean;
}

/** A snippet in pieces, those that matched marked as such. Offsets that don't fit the text are passed over. */
export function markedPieces({ snippet, highlights }: Pick<SearchMatch, "snippet" | "highlights">): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { start, end } of highlights) {
    if (start < from || end <= start || end > snippet.length) continue;
    if (start > from) pieces.push({ text: snippet.slice(from, start), hit: false });
    pieces.push({ text: snippet.slice(start, end), hit: true });
    from = end;
  }
  if (from < snippet.length) pieces.push({ text: snippet.slice(from), hit: false });
  return pieces;
}

/** A field by the name people know it by: the convention's prefix is the same on every line. */
export function fieldName(field: string): string {
  return field.replace(/^attributes\./, "");
}
