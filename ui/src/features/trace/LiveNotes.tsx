import { useEffect, useState, useSyncExternalStore } from "react";
import { formatCount, plural } from "../../model/format";
import type { Step, TraceFrame } from "../../worker/trace/messages";
import type { TraceStore } from "./traceStore";
import type { LiveView } from "./useLiveView";

const SHOWN_MS = 4_000;

/** Quiet lines above the rows: that the view is held and what waits, and that a step led nowhere. */
export function LiveNotes({ store, frame, live }: { store: TraceStore; frame: TraceFrame; live: LiveView }) {
  const nowhere = useSyncExternalStore(store.nowhere.subscribe, store.nowhere.get);
  const [done, setDone] = useState(0);
  const serial = nowhere?.serial;
  useEffect(() => {
    if (serial === undefined) return;
    const timer = setTimeout(() => setDone(serial), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [serial]);

  const { waiting } = frame;
  const words = nowhere === undefined || nowhere.serial === done ? undefined : nowhereWords(nowhere.step);
  return (
    <>
      {live.held && (
        <div className="live-note">
          <span role="status">
            View paused. {waiting === 0 ? "Nothing new so far." : waiting === 1 ? "1 change waits." : `${plural(waiting, "change")} wait.`}
          </span>
          <button type="button" className="button" onClick={live.toggleHeld}>
            {waiting === 0 ? "Resume" : `Show ${waiting === 1 ? "it" : formatCount(waiting)}`}
          </button>
        </div>
      )}
      <div className="step-note" role="status">
        {words}
      </div>
    </>
  );
}

function nowhereWords(step: Step): string | undefined {
  if ("by" in step) return undefined;
  switch (step.to) {
    case "error":
      return "No span failed";
    case "wait":
      return "Nobody was waited for";
    case "slowest":
      return "The chosen span has no children";
    case "divergence":
      return "No model call reads markedly more than the one before";
    case "match":
    case "previous-match":
      return "Nothing found";
    default:
      return undefined;
  }
}
