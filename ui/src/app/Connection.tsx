import { useLive, useLiveStatus } from "../api/hooks";
import type { LiveStatus } from "../api/live";
import { formatElapsed } from "../model/time";
import { useNow } from "../components/useNow";

const WORDS: Record<LiveStatus["phase"], string> = {
  paused: "Paused while hidden",
  connecting: "Connecting",
  live: "Live",
  offline: "Offline",
};

/** Whether what is shown is current. Offline keeps everything on screen and says how old it is. */
export function Connection({ narrow }: { narrow: boolean }) {
  const { phase, reason } = useLiveStatus();
  // On a telephone the words have a line of their own.
  if (narrow && phase !== "live") return null;
  return (
    <div className={`connection is-${phase}`}>
      <span role="status" title={reason ?? TITLES[phase]}>
        <Mark phase={phase} />
        {WORDS[phase]}
      </span>
      {phase === "offline" && <Age />}
    </div>
  );
}

const TITLES: Partial<Record<LiveStatus["phase"], string>> = {
  live: "What is shown is current: changes come by themselves",
  paused: "No tab can be seen, so nothing is read",
};

/** The same on a line of its own, where the bar has no room; nothing while all is well. */
export function StaleStrip() {
  const { phase } = useLiveStatus();
  if (phase === "live") return null;
  return (
    <div className={`connection connection-strip is-${phase}`}>
      <span role="status">
        <Mark phase={phase} />
        {WORDS[phase]}
      </span>
      {phase === "offline" && <Age />}
    </div>
  );
}

function Age() {
  const live = useLive();
  const { lastByteAt } = useLiveStatus();
  const now = useNow();
  return (
    <>
      {lastByteAt !== undefined && <span>last update {formatElapsed(now - lastByteAt)} ago</span>}
      <button type="button" onClick={() => live.retry()}>
        Retry
      </button>
    </>
  );
}

function Mark({ phase }: { phase: LiveStatus["phase"] }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {phase === "live" ? (
        <circle cx="5" cy="5" r="4" fill="currentColor" />
      ) : (
        <circle cx="5" cy="5" r="3.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      )}
    </svg>
  );
}
