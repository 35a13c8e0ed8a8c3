import { Amount } from "../../components/Time";
import { UNKNOWN, formatTokens, formatUsd } from "../../model/format";
import { formatDuration, formatElapsed } from "../../model/time";
import type { Column } from "../../model/traceAddress";
import type { Row, TraceFrame } from "../../worker/trace/messages";

export const COLUMN_WORDS: Record<Column, string> = { tokens: "Tokens", cost: "Cost", duration: "Duration", self: "Self time" };

interface Props {
  column: Column;
  row: Row;
  most: TraceFrame["most"];
  running: boolean;
  until: number;
}

/** One number of a span. How large it is beside the largest of its kind stands behind it as a bar. */
export function MetricCell({ column, row, most, running, until }: Props) {
  const { text, heat, title, soft } = READ[column](row, most, running, until);
  return (
    <span className={`span-metric number${soft ? " is-sum" : ""}`} title={title}>
      {heat !== undefined && heat > 0.02 && <i className="span-heat" style={{ width: `${Math.min(1, heat) * 100}%` }} aria-hidden="true" />}
      {text === UNKNOWN ? <span className="faint">{text}</span> : text !== "" && <Amount text={text} />}
    </span>
  );
}

interface Read {
  text: string;
  heat?: number | undefined;
  title?: string | undefined;
  /** A sum of what is below, in a lighter tone: it is not the span's own. */
  soft?: boolean;
}

const READ: Record<Column, (row: Row, most: TraceFrame["most"], running: boolean, until: number) => Read> = {
  tokens(row, most) {
    if (row.tokens === undefined) return { text: isCall(row) ? UNKNOWN : "" };
    if (row.sum) return { text: formatTokens(row.tokens), soft: true, title: "Sum of the calls below" };
    const { usage } = row.span;
    const title = usage && `${usage.input_tokens ?? UNKNOWN} in, ${usage.output_tokens ?? UNKNOWN} out`;
    return { text: formatTokens(row.tokens), heat: share(row.tokens, most.tokens), title };
  },
  cost(row, most) {
    if (row.usd === undefined) {
      return row.unpriced > 0 || isCall(row) ? { text: UNKNOWN, title: "Unpriced: no cost is known" } : { text: "" };
    }
    const text = `${row.computed ? "≈" : ""}${formatUsd(row.usd)}${row.unpriced > 0 ? "+" : ""}`;
    const source = row.computed ? "Computed from tokens and the price list" : "Reported by the provider";
    const title = row.unpriced > 0 ? `At least; some calls have no price. ${source}` : source;
    return row.sum ? { text, soft: true, title: `Sum of the calls below. ${title}` } : { text, heat: share(row.usd, most.usd), title };
  },
  duration(row, most, running, until) {
    if (row.span.placeholder === true) return { text: "" };
    if (running) return { text: formatElapsed(until - row.start) };
    if (row.end === undefined) return { text: UNKNOWN, title: "Nobody said when it ended" };
    const took = row.end - row.start;
    return { text: formatDuration(took), heat: row.descendants === 0 && row.span.kind !== "human" ? share(took, most.duration) : undefined };
  },
  self(row, most, running) {
    if (row.span.placeholder === true) return { text: "" };
    if (row.self === undefined) return { text: UNKNOWN, title: running ? "Known when it ends" : "Nobody said when it ended" };
    return { text: formatDuration(row.self), heat: share(row.self, most.self), title: "Without the time in which spans below it ran" };
  },
};

/** A model call that says nothing of tokens is one of which nobody knows, and not one without any. */
function isCall(row: Row): boolean {
  return row.span.kind === "llm" && row.end !== undefined;
}

function share(value: number, most: number): number | undefined {
  return most > 0 ? value / most : undefined;
}
