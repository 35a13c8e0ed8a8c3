import { type SubmitEvent, useEffect, useId, useRef, useState } from "react";
import { mountUrl } from "../../api/base";
import { ApiError, signIn } from "../../api/client";
import { refusalWords } from "../../api/refusal";
import { useTitle } from "../../components/useTitle";
import { givenToken } from "../../model/givenToken";
import "./sign-in.css";

interface Problem {
  words: string;
  /** Until then no other guess is taken. */
  until?: number;
}

/**
 * Shown whenever the host asks for its token. Afterwards the host's own cookie speaks for this browser. `again`: the reader was
 * in, and what was looked at stands behind this as it was.
 */
export function SignInPage({ again = false }: { again?: boolean }) {
  const [token, setToken] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const waits = useSecondsUntil(problem?.until);
  const field = useId();
  const box = useRef<HTMLInputElement>(null);
  useTitle("Sign in");
  useEffect(() => box.current?.focus(), []);

  async function submit(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn(givenToken(token));
    } catch (error) {
      setProblem(problemOf(error));
      box.current?.select();
    }
    setBusy(false);
  }

  // The page behind has a main part already.
  const Part = again ? "div" : "main";
  return (
    <Part className="sign-in">
      <form
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault();
          if (waits === 0) void submit();
        }}
      >
        <p className="sign-in-where faint">
          <b>agent-inspector</b> at {mountUrl.host}
          {mountUrl.pathname.replace(/\/$/, "")}
        </p>
        <h1>{again ? "Sign in again" : "Sign in"}</h1>
        <p className="muted">
          {again
            ? "Your sign-in has ended, or the program was started anew. What you were looking at is here again once you are in."
            : "This inspector shows prompts and tool output, so it asks for its token."}
        </p>
        <label htmlFor={field}>Token</label>
        <div className="sign-in-token">
          <input
            ref={box}
            id={field}
            type={shown ? "text" : "password"}
            autoComplete="current-password"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="or the whole sign-in link"
            value={token}
            onChange={(event) => setToken(event.target.value)}
            aria-invalid={problem !== undefined && problem.until === undefined}
            aria-describedby={`${field}-problem`}
          />
          <button type="button" className="button" aria-label={shown ? "Hide what is typed" : "Show what is typed"} onClick={() => setShown(!shown)}>
            {shown ? "Hide" : "Show"}
          </button>
        </div>
        <p id={`${field}-problem`} className="sign-in-problem foreign" role="alert">
          {problem?.words}
        </p>
        <button type="submit" className="button is-primary" disabled={busy || waits > 0 || token.trim() === ""}>
          {busy ? "Signing in…" : waits > 0 ? `Try again in ${waits} s` : "Sign in"}
        </button>
        <details>
          <summary>Where is the token?</summary>
          <p>
            The program prints a sign-in link when it starts; it ends with <code>#token=…</code>. Opening that link signs in by itself. A program that is started
            anew has a new token, unless it was given one.
          </p>
          <p>
            A browser on the program’s own machine needs none if the program tells who connects, with <code>into_make_service_with_connect_info</code>, and nothing
            stands between them.
          </p>
        </details>
      </form>
    </Part>
  );
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof ApiError)) return { words: refusalWords(error) };
  if (error.status === 401) return { words: "This token is not the one. A restarted host prints a new one." };
  if (error.status === 429) {
    return { words: "Too many wrong tokens were tried, here or elsewhere, so none is looked at for a moment.", until: Date.now() + (error.retryAfterMs ?? 1_000) };
  }
  return { words: refusalWords(error) };
}

/** Whole seconds that are left, by this browser's own clock. */
function useSecondsUntil(until: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  const left = until === undefined ? 0 : Math.max(0, Math.ceil((until - now) / 1_000));
  useEffect(() => {
    if (until === undefined) return;
    const tick = (): void => setNow(Date.now());
    tick();
    const timer = setInterval(tick, 250);
    const end = setTimeout(() => clearInterval(timer), until - Date.now() + 500);
    return () => {
      clearInterval(timer);
      clearTimeout(end);
    };
  }, [until]);
  return left;
}
