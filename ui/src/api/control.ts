import { apiUrl } from "./base";
import { checked } from "./client";

/** Keeps a session whatever the bounds on history say, or no longer. */
export async function pinSession(id: string, pinned: boolean): Promise<void> {
  await send(pinned ? "PUT" : "DELETE", `sessions/${encodeURIComponent(id)}/pin`);
}

/** Removes a session that has ended, with all that is kept of it. */
export async function removeSession(id: string): Promise<void> {
  await send("DELETE", `sessions/${encodeURIComponent(id)}`);
}

/** Asks the engine of a session to stop it. Taken is not done: the session says itself when it ended. */
export async function cancelSession(id: string): Promise<void> {
  await send("POST", `cancel/${encodeURIComponent(id)}`);
}

/** Where the whole trace of a session can be downloaded. */
export function traceUrl(id: string): URL {
  return apiUrl(`trace/${encodeURIComponent(id)}`);
}

async function send(method: string, path: string): Promise<void> {
  await checked(await fetch(apiUrl(path), { method, credentials: "same-origin" }));
}
