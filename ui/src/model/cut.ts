import type { Attributes } from "../api/types";
import { byteLength } from "./text";

/** Names the mark that a value was cut before it was stored. */
export const CUT = "_truncated";

/** A value that was cut: how much of it is here, and how much there was where that is known. */
export interface CutMark {
  readonly kept: number;
  readonly whole: number | undefined;
}

export function isCut(key: string, attributes: Attributes): boolean {
  const mark = attributes[key + CUT];
  return mark === true || mark === "true";
}

/** The host ends a text that it cuts with the size of the whole; of JSON it says only what is missing in it, where. */
export function cutMark(text: string): CutMark {
  const whole = /… \[(\d+) bytes\]$/.exec(text.slice(-40))?.[1];
  return { kept: byteLength(text), whole: whole === undefined ? undefined : Number(whole) };
}

const LEFT_OUT = /^\[(?:… )?\d+ (?:items|entries) left out\]$|… \[\d+ bytes\]$|^\[too large to be shown\]$/;

/** Whether a text inside of JSON stands for what the host left out, or ends with how much it left out. */
export function isCutText(text: string): boolean {
  return LEFT_OUT.test(text.slice(-60));
}
