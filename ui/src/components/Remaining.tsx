import { useEffect, useState } from "react";
import { hostNow } from "../api/clock";
import { remaining } from "../model/remaining";
import { formatExact, toMillis } from "../model/time";

/**
 * Counts down to a moment of the host's. It wakes only when it has something else to say, and not while nobody can see the
 * page. A timer says nothing aloud by itself; the last minute is said once.
 */
export function Remaining({ until }: { until: string }) {
  const end = toMillis(until);
  const [now, setNow] = useState(hostNow);
  const left = remaining(end - now);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tick = (): void => {
      clearTimeout(timer);
      if (document.visibilityState !== "visible") return;
      const at = hostNow();
      setNow(at);
      const { changesIn } = remaining(end - at);
      if (changesIn !== undefined) timer = setTimeout(tick, changesIn);
    };
    tick();
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [end]);
  if (left.text === "") return null;
  return (
    <>
      <time role="timer" dateTime={until} title={`Ends ${formatExact(end)}`} className={left.short ? "is-short" : undefined}>
        {left.text}
      </time>
      <span role="status" className="only-read">
        {left.short ? (left.changesIn === undefined ? "Time is up." : "One minute is left to answer.") : ""}
      </span>
    </>
  );
}
