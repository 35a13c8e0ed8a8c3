import type { SessionStatus } from "../api/types";
import "./status.css";

const WORDS: Record<SessionStatus, string> = {
  running: "Running",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  abandoned: "Abandoned",
};

/** A younger host may know statuses that this page doesn't: they are shown by the name they have on the wire. */
export function statusWord(status: SessionStatus): string {
  return Object.hasOwn(WORDS, status) ? WORDS[status] : status;
}

/** The mark alone: every status has a shape of its own, so that colour is never the only difference. */
export function StatusDot({ status }: { status: SessionStatus }) {
  return (
    <svg className={`status-dot is-${status}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <Shape status={status} />
    </svg>
  );
}

function Shape({ status }: { status: SessionStatus }) {
  switch (status) {
    case "running":
      return (
        <>
          <circle className="status-ring" cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1" />
          <circle cx="6" cy="6" r="3" fill="currentColor" />
        </>
      );
    case "paused":
      return (
        <>
          <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M6 1.75a4.25 4.25 0 0 0 0 8.5z" fill="currentColor" />
        </>
      );
    case "failed":
      return <path d="M2.5 2.5l7 7m0-7l-7 7" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />;
    case "completed":
      return (
        <path
          d="M2 6.5l2.75 2.75L10 3.5"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      );
    case "cancelled":
      return (
        <>
          <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.25" />
          <path d="M3.1 8.9l5.8-5.8" stroke="currentColor" strokeWidth="1.25" />
        </>
      );
    case "abandoned":
      return (
        <circle
          cx="6"
          cy="6"
          r="4.25"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.25"
          strokeDasharray="2.2 1.6"
        />
      );
  }
}

/** Mark and word. Paused stands out as a badge: somebody is being waited for. */
export function Status({ status }: { status: SessionStatus }) {
  return (
    <span className={`status is-${status}`}>
      <StatusDot status={status} />
      {status === "paused" ? <span className="status-badge">PAUSED</span> : <span>{statusWord(status)}</span>}
    </span>
  );
}
