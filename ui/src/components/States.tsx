import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { accessAdvice } from "../model/accessAdvice";
import { CopyButton } from "./CopyButton";
import { Revealed } from "./Revealed";
import "./states.css";

/** What a screen says when it has nothing to show: why, and what to do next. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A line of code or a command, to be taken along. */
export function CodeLine({ code, label }: { code: string; label: string }) {
  return (
    <div className="code-line">
      <code>{code}</code>
      <CopyButton text={() => code} label={label} />
    </div>
  );
}

interface ErrorProps {
  error: unknown;
  /** What was being done, as the beginning of "… failed". */
  doing: string;
  /** What to try, where the error itself doesn't tell. */
  advice?: string;
  retry?: () => void;
}

/** A sentence, what to try, and the details for whoever wants them. */
export function ErrorState({ error, doing, advice = adviceFor(error), retry }: ErrorProps) {
  const access = error instanceof ApiError ? accessAdvice(error.code, location) : undefined;
  return (
    <div className="state" role="alert">
      <h2>{doing} failed</h2>
      <p className="muted">{access?.words ?? advice}</p>
      {access?.code !== undefined && <CodeLine code={access.code} label="Copy the line" />}
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
      <details>
        <summary>Details</summary>
        <pre className="foreign">
          <Revealed text={details(error)} />
        </pre>
      </details>
    </div>
  );
}

function adviceFor(error: unknown): string {
  if (!(error instanceof ApiError)) return "The host can't be reached. Is the program still running?";
  if (error.status === 404) return "The host doesn't know it. It may have been removed, or its retention time may be over.";
  if (error.status === 403) return "The host refused. It may allow this only from other addresses or for other people.";
  if (error.status >= 500 || error.status === 429) return "The host is busy or in trouble. Trying again may help.";
  return "The host did not accept the request.";
}

function details(error: unknown): string {
  if (error instanceof ApiError) {
    return [`${error.status} ${error.code}`, error.message, error.detail].filter(Boolean).join("\n");
  }
  return error instanceof Error ? error.message : String(error);
}

/** One quiet line across the page about something that isn't the reader's doing. */
export function Banner({ tone, children }: { tone: "warn" | "error"; children: ReactNode }) {
  return (
    <div className={`banner is-${tone}`} role="status">
      {children}
    </div>
  );
}

/** Rows with the height of the real ones, so that nothing moves when those arrive. */
export function SkeletonRows({ rows, height }: { rows: number; height: number }) {
  return (
    <div aria-hidden="true" className="skeleton">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} style={{ height }}>
          <span style={{ width: `${18 + ((index * 37) % 40)}%` }} />
          <span style={{ width: "9%" }} />
        </div>
      ))}
    </div>
  );
}
