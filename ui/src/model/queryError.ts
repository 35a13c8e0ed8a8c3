export interface QueryError {
  /** Where in the query, in characters from 0, and how long. */
  start: number;
  end: number;
  /** What is wanted there. */
  advice: string;
}

const PLACE = /^`q`: at character (\d+), `([\s\S]*)`: ([\s\S]*)$/;

/** The place that the host's answer names in a query; undefined when it names none that is there. */
export function readQueryError(detail: string | undefined, query: string): QueryError | undefined {
  const found = PLACE.exec(detail ?? "");
  if (found === null) return undefined;
  const [, number = "", piece = "", advice = ""] = found;
  // The host counts characters, a text here is counted in units of which some characters need two.
  const start = Array.from(query).slice(0, Number(number) - 1).join("").length;
  if (start > query.length) return undefined;
  return { start, end: Math.min(query.length, start + Math.max(1, piece.length)), advice: `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.` };
}
