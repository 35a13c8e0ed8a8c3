import { formatDuration } from "../../model/time";

const STEPS = [0, 0.25, 0.5, 0.75];

/** The scale of the bars, counted from the start of the session. */
export function TimeAxis({ length }: { length: number }) {
  return (
    <span className="time-axis">
      {STEPS.map((step) => (
        <span key={step} style={{ left: `${step * 100}%` }}>
          {length > 0 ? formatDuration(length * step) : ""}
        </span>
      ))}
    </span>
  );
}
