import { axisTicks, formatTick } from "../../model/axis";

/** Further right a label would leave the column; its line stays. */
const LAST_LABEL = 0.92;

/** The scale of the bars, counted from the start of the session. Its lines go on through the rows. */
export function TimeAxis({ ticks, length }: { ticks: readonly number[]; length: number }) {
  return (
    <span className="time-axis">
      {ticks.map((tick) => (
        <span key={tick} style={{ left: `${(tick / length) * 100}%` }}>
          {tick / length < LAST_LABEL ? formatTick(tick) : ""}
        </span>
      ))}
    </span>
  );
}

/** At most this many labels fit beside each other without touching. */
const MOST_TICKS = 5;

export function ticksFor(length: number): number[] {
  return axisTicks(length, MOST_TICKS);
}
