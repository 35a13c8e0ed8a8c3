import type { Session } from "../../api/types";
import type { Density } from "../../components/density";
import { oneLine } from "../../model/text";

interface Trouble {
  tone: "paused" | "failed";
  text: string;
}

/** The second line: what it waits for, or the first thing that went wrong. No click is needed for the first answer. */
export function trouble(session: Session): Trouble | undefined {
  const { waiting_on: waiting, error, status } = session;
  if (status === "paused" && waiting != null) {
    const prompt = waiting.prompt == null ? "" : `: ${oneLine(waiting.prompt)}`;
    return { tone: "paused", text: `Waits for ${oneLine(waiting.signal_name)}${prompt}` };
  }
  return error == null || error === "" ? undefined : { tone: "failed", text: oneLine(error) };
}

/** Heights are known without measuring, so a list of 100,000 rows scrolls like one of ten. */
export const ROW_HEIGHTS: Record<Density, { wide: number; narrow: number; trouble: number }> = {
  comfortable: { wide: 32, narrow: 54, trouble: 20 },
  compact: { wide: 24, narrow: 46, trouble: 18 },
};

export function rowHeight(session: Session, narrow: boolean, density: Density = "comfortable"): number {
  const heights = ROW_HEIGHTS[density];
  return (narrow ? heights.narrow : heights.wide) + (trouble(session) === undefined ? 0 : heights.trouble);
}
