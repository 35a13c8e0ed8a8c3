import { type Act, noteRefusal } from "./barred";
import { apiUrl } from "./base";
import { checked } from "./client";
import type { BreakpointRule, Wait } from "./types";

/** Keeps a session whatever the bounds on history say, or no longer. */
export async function pinSession(id: string, pinned: boolean): Promise<void> {
  await send(pinned ? "PUT" : "DELETE", `sessions/${encodeURIComponent(id)}/pin`);
}

/** Removes a session that has ended, with all that is kept of it. */
export async function removeSession(id: string): Promise<void> {
  await send("DELETE", `sessions/${encodeURIComponent(id)}`, undefined, "remove");
}

/** Asks the engine of a session to stop it. Taken is not done: the session says itself when it ended. */
export async function cancelSession(id: string): Promise<void> {
  await send("POST", `cancel/${encodeURIComponent(id)}`);
}

/** What is said to a session that waits: an answer, or no. */
export type Said = { payload: unknown } | { deny: { reason?: string } };

/** Answers a wait. Of several who answer one is taken; the others hear that nothing waits any more. */
export async function answerWait(id: string, wait: Wait, said: Said): Promise<void> {
  await send("POST", `signal/${encodeURIComponent(id)}`, { signal: wait.signal_name, ...(wait.wait_id !== undefined && { wait_id: wait.wait_id }), ...said });
}

/** Has sessions stop at checkpoints that are as the rule says. */
export async function setBreakpoint(rule: Partial<BreakpointRule>): Promise<void> {
  await send("POST", "breakpoints", rule);
}

export async function removeBreakpoint(id: number): Promise<void> {
  await send("DELETE", `breakpoints/${id}`);
}

/** Where the whole trace of a session can be downloaded. */
export function traceUrl(id: string): URL {
  return apiUrl(`trace/${encodeURIComponent(id)}`);
}

async function send(method: string, path: string, body?: object, act: Act = "change"): Promise<void> {
  const json = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    await checked(await fetch(apiUrl(path), { method, credentials: "same-origin", ...json }));
  } catch (error) {
    noteRefusal(act, error);
    throw error;
  }
}
