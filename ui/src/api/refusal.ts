import { accessAdvice } from "../model/accessAdvice";
import { revealed } from "../model/reveal";
import { ApiError } from "./client";

/** Why the host did not do it, in its own words where it gave any, and what to change where these are about the host’s inside. */
export function refusalWords(error: unknown): string {
  if (!(error instanceof ApiError)) return "The host can’t be reached.";
  const advice = accessAdvice(error.code, location);
  if (advice?.code !== undefined) return `${advice.words} ${advice.code}`;
  return revealed(error.detail ?? error.message);
}
