import type { CSSProperties } from "react";
import type { Axis } from "../../model/axis";
import type { Row } from "../../worker/trace/messages";

interface Props {
  row: Row;
  axis: Axis;
  running: boolean;
  until: number;
  onZoom: () => void;
}

/** When a span ran. Of a folded one also how busy it was below. */
export function SpanBar({ row, axis, running, until, onZoom }: Props) {
  const { span } = row;
  const end = row.end ?? (running ? until : row.start);
  if (end < axis.from || row.start > axis.to) {
    const early = end < axis.from;
    return (
      <span className="span-time" aria-hidden="true">
        <i className={early ? "span-away is-early" : "span-away is-late"}>{early ? "‹" : "›"}</i>
      </span>
    );
  }
  const left = axis.place(row.start);
  const width = axis.place(end) - left;
  const classes = ["span-bar", `kind-${span.kind}`, running && "is-running", row.busy && "is-folded"];
  return (
    // A double click is the pointer's way; `z` is that of the keyboard.
    <span className="span-time" aria-hidden="true" onDoubleClick={onZoom}>
      <i className={classes.filter(Boolean).join(" ")} style={{ left: `${left * 100}%`, width: `${width * 100}%` }} />
      {row.busy && <i className={`span-busy kind-${span.kind}`} style={busyStyle(row, row.busy, end, axis)} />}
    </span>
  );
}

/** The activity below as steps of a gradient, because a folded span may hide thousands and is one element. */
function busyStyle(row: Row, busy: Float32Array, end: number, axis: Axis): CSSProperties {
  const left = axis.place(row.start);
  const right = axis.place(end);
  const length = (end - row.start) / busy.length;
  const stops: string[] = [];
  busy.forEach((share, part) => {
    const at = (moment: number): string => `${(((axis.place(moment) - left) / (right - left || 1)) * 100).toFixed(2)}%`;
    const tone = `rgb(0 0 0 / ${(share === 0 ? 0 : 0.25 + 0.75 * Math.min(1, share)).toFixed(2)})`;
    stops.push(`${tone} ${at(row.start + part * length)} ${at(row.start + (part + 1) * length)}`);
  });
  return { left: `${left * 100}%`, width: `${(right - left) * 100}%`, maskImage: `linear-gradient(to right, ${stops.join(", ")})` };
}
