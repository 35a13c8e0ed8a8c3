import type { Problem, ProblemPart } from "./types";
import { apiUrl, mountUrl } from "./base";
import { hostNow, noteServerDate } from "./clock";
import { Signal } from "./signal";
import { recall, remember } from "./storage";

/** Several hosts may share an origin, each with a cookie of its own. */
const SIGNED_IN = `signed-in:${mountUrl.pathname}`;

/** An answer that is not a success, with the host's own words for it when it gave any. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly detail: string | undefined,
    readonly retryAfterMs: number | undefined,
    /** What is wrong with which part of what was sent. */
    readonly parts: readonly ProblemPart[] = [],
  ) {
    super(message);
  }
}

/** True while the host asks for a token. Every request may find out, so it is known in one place. */
export const signInRequired = new Signal(false);

/** Throws what the answer says went wrong, or returns it. */
export async function checked(response: Response): Promise<Response> {
  noteServerDate(response.headers.get("date"));
  if (response.ok) return response;
  const error = await readError(response);
  if (error.code === "sign_in_required") signInRequired.set(true);
  throw error;
}

export async function getJson<T>(
  path: string,
  parameters: Parameters<typeof apiUrl>[1],
  signal: AbortSignal | undefined,
): Promise<T> {
  const response = await fetch(apiUrl(path, parameters), {
    headers: { accept: "application/json" },
    credentials: "same-origin",
    ...(signal && { signal }),
  });
  return (await (await checked(response)).json()) as T;
}

/** Whether this browser was signed in here, as far as it remembers: the cookie itself can be seen by nobody. */
export const signedIn = new Signal(recall(SIGNED_IN) !== null);

function noteSignedIn(now: boolean): void {
  signedIn.set(now);
  remember(SIGNED_IN, now ? "yes" : null);
}

/** Exchanges the token for the host's cookie. */
export async function signIn(token: string): Promise<void> {
  const response = await fetch(apiUrl("auth"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    credentials: "same-origin",
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw await readError(response);
  noteSignedIn(true);
  signInRequired.set(false);
}

/** Ends the sign-in of this browser, for all its tabs. */
export async function signOut(): Promise<void> {
  const response = await fetch(apiUrl("auth"), { method: "DELETE", credentials: "same-origin" });
  if (!response.ok) throw await readError(response);
  noteSignedIn(false);
}

async function readError(response: Response): Promise<ApiError> {
  const problem = await readProblem(response);
  return new ApiError(
    response.status,
    problem?.code ?? "unexpected_answer",
    problem?.title ?? `The host answered ${response.status}`,
    problem?.detail,
    readRetryAfter(response.headers.get("retry-after")),
    problem?.errors ?? [],
  );
}

/** The header counts seconds or names a moment; one that does neither says nothing. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - hostNow();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** A proxy or the host itself may answer with anything; only a problem document is believed. */
async function readProblem(response: Response): Promise<Problem | undefined> {
  if (!response.headers.get("content-type")?.includes("json")) return undefined;
  try {
    const body = (await response.json()) as Partial<Problem> | null;
    return typeof body?.title === "string" && typeof body.code === "string" ? (body as Problem) : undefined;
  } catch {
    return undefined;
  }
}
