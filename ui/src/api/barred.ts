import { useSyncExternalStore } from "react";
import { type Standing, barsOf } from "../model/standing";
import { ApiError } from "./client";
import { refusalWords } from "./refusal";
import { Signal } from "./signal";

/** What may be forbidden to a reader: to change a session or what becomes of it, and to remove one, which is more. */
export type Act = "change" | "remove";

/**
 * Why this reader may not, once the host has said so: of the reader when it was asked, or by a refusal. It stays so until
 * somebody signs in or the host says otherwise: what would be refused is not offered.
 */
const reasons: Record<Act, Signal<string | undefined>> = { change: new Signal<string | undefined>(undefined), remove: new Signal<string | undefined>(undefined) };

/** Learns from what became of an attempt. */
export function noteRefusal(act: Act, error: unknown): void {
  if (!(error instanceof ApiError) || !(error.code === "role_needed" || error.code === "read_only")) return;
  const words = refusalWords(error);
  reasons.remove.set(words);
  if (act === "change") reasons.change.set(words);
}

/** Learns from what the host says of this reader. */
export function noteStanding(standing: Standing): void {
  const { change, remove } = barsOf(standing);
  reasons.change.set(change);
  reasons.remove.set(remove);
}

export function forgetRefusals(): void {
  for (const reason of Object.values(reasons)) reason.set(undefined);
}

/** The reason, or undefined while nothing is known to speak against it. */
export function useBarred(act: Act): string | undefined {
  return useSyncExternalStore(reasons[act].subscribe, reasons[act].get);
}
