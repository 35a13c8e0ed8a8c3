import { revealed } from "../model/reveal";
import { ApiError } from "./client";

/** Why the host did not do it, in its own words where it gave any. */
export function refusalWords(error: unknown): string {
  return error instanceof ApiError ? revealed(error.detail ?? error.message) : "The host can’t be reached.";
}
