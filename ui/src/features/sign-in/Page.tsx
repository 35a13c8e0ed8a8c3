import { type SubmitEvent, useId, useState } from "react";
import { ApiError, signIn } from "../../api/client";
import { refusalWords } from "../../api/refusal";
import "./sign-in.css";

/** Shown whenever the host asks for its token. Afterwards the host's own cookie speaks for this browser. */
export function SignInPage() {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const field = useId();

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    setBusy(true);
    signIn(token.trim())
      .catch((error: unknown) => setProblem(reason(error)))
      .finally(() => setBusy(false));
  }

  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>Sign in</h1>
        <p className="muted">
          This inspector shows prompts and tool output, so it asks for its token. The host printed it when it started, as a
          sign-in link.
        </p>
        <label htmlFor={field}>Token</label>
        <input
          id={field}
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-invalid={problem !== ""}
          aria-describedby={`${field}-problem`}
        />
        <p id={`${field}-problem`} className="sign-in-problem" role="alert">
          {problem}
        </p>
        <button type="submit" className="button is-primary" disabled={busy || token.trim() === ""}>
          {busy ? "Signing in" : "Sign in"}
        </button>
      </form>
    </main>
  );
}

function reason(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) return "This token is not the one. A restarted host prints a new one.";
  return refusalWords(error);
}
