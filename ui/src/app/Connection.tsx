import { useLive, useLiveStatus } from "../api/hooks";
import { formatElapsed } from "../model/time";
import { useNow } from "../components/useNow";

/** Whether what is shown is current. Offline keeps everything on screen and says how old it is. */
export function Connection() {
  const live = useLive();
  const { phase, lastByteAt, reason } = useLiveStatus();
  const now = useNow(phase !== "live");
  const age = lastByteAt === undefined ? undefined : now - lastByteAt;
  const words = { paused: "Paused while hidden", connecting: "Connecting", live: "Live", offline: "Offline" };
  return (
    <div className={`connection is-${phase}`}>
      <span role="status" title={reason}>
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
          {phase === "live" ? (
            <circle cx="5" cy="5" r="4" fill="currentColor" />
          ) : (
            <circle cx="5" cy="5" r="3.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
          )}
        </svg>
        {words[phase]}
      </span>
      {phase === "offline" && (
        <>
          {age !== undefined && <span className="connection-age">last update {formatElapsed(age)} ago</span>}
          <button type="button" onClick={() => live.retry()}>
            Retry
          </button>
        </>
      )}
    </div>
  );
}
