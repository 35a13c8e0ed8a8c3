import type { StatusCounts } from "../api/types";

/** How many there are together; unknown when nobody counted. */
export function allOf(counts: StatusCounts | undefined): number | undefined {
  return counts === undefined ? undefined : Object.values(counts).reduce((sum, count) => sum + count, 0);
}
