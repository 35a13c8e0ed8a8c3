import { elapsedUntil } from "../api/clock";
import { UNKNOWN } from "../model/format";
import { formatAgo, formatDuration, formatElapsed, formatExact, toMillis } from "../model/time";
import { useNow } from "./useNow";

/** How long something took, or how long it has been running; then it ticks. */
export function Duration({ start, end, running }: { start: string; end: string | undefined; running: boolean }) {
  const now = useNow(running);
  if (running) return <Amount text={formatElapsed(elapsedUntil(now) - toMillis(start))} />;
  return end == null ? <span className="faint">{UNKNOWN}</span> : <Amount text={formatDuration(toMillis(end) - toMillis(start))} />;
}

/** A number with its units in a lighter tone: `3 m 08 s`. */
export function Amount({ text }: { text: string }) {
  return (
    <span>
      {text.split(/([A-Za-zµ]+)/).map((part, index) =>
        index % 2 === 1 ? (
          <span key={index} className="unit">
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </span>
  );
}

/** Relative, with the exact moment and its zone on hover. */
export function Ago({ time }: { time: string }) {
  const now = useNow();
  const then = toMillis(time);
  return (
    <time dateTime={time} title={formatExact(then)}>
      {formatAgo(then, now)}
    </time>
  );
}
