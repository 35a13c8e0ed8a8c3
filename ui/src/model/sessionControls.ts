import type { Session } from "../api/types";

/** Whether a session goes on, as far as is known. */
export function isAlive({ status }: Session): boolean {
  return status === "running" || status === "paused";
}

/** Whether the host says that this can be done with the session from here. What it says nothing of can't be. */
export function can(session: Session | undefined, control: "cancel" | "signal" | "step"): boolean {
  return session?.controls?.includes(control) ?? false;
}

/**
 * A session as the stream tells of it, with what was known of its controls: the stream says the same to everybody, and what
 * can be done depends on who asks.
 */
export function withControls(told: Session, known: Session | undefined): Session {
  if (told.controls !== undefined || known?.controls === undefined) return told;
  return { ...told, controls: isAlive(told) ? known.controls : [] };
}
