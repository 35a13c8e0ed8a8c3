import { ChevronRight } from "lucide-react";
import { memo } from "react";
import type { SpanSummary } from "../../api/types";
import { KindIcon, kindWord } from "../../components/KindIcon";
import { formatCount } from "../../model/format";
import { oneLine } from "../../model/text";
import { isRunning } from "../../model/traceTree";
import type { Column } from "../../model/traceAddress";
import type { Axis } from "../../model/axis";
import type { Row, TraceFrame } from "../../worker/trace/messages";
import { MetricCell } from "./MetricCell";
import { SpanBar } from "./SpanBar";

export const ROW_HEIGHT = 28;
/** Deeper levels stand under each other: a runaway recursion must not push its names out of the column. */
const DEEPEST_INDENT = 20;

interface Props {
  row: Row;
  id: string;
  top: number;
  selected: boolean;
  alive: boolean;
  columns: readonly Column[];
  most: TraceFrame["most"];
  /** Say of spans that were put together that they are. */
  marksDerived: boolean;
  axis: Axis | undefined;
  /** The moment up to which running spans are counted; for others it does not matter and does not change. */
  until: number;
  onPick: (row: Row) => void;
  onToggle: (row: Row) => void;
  onZoom: (row: Row) => void;
}

export const SpanRow = memo(function SpanRow(props: Props) {
  const { row, selected, columns, most, axis, until, onPick, onToggle, onZoom } = props;
  const { span, depth, descendants, folded } = row;
  const running = props.alive && isRunning(span);
  const indent: Record<string, number> = { "--depth": Math.min(depth, DEEPEST_INDENT) };
  const classes = [
    "span-row",
    span.status === "error" && "is-error",
    selected && "is-selected",
    span.placeholder === true && "is-placeholder",
    row.context && "is-context",
    row.match && "is-match",
    span.kind === "human" && "is-wait",
    span.derived === true && props.marksDerived && "is-derived",
  ];
  return (
    // The tree itself has the focus and the keys; the row answers to the pointer only.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={props.id}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={selected}
      aria-expanded={descendants > 0 ? !folded : undefined}
      className={classes.filter(Boolean).join(" ")}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => onPick(row)}
    >
      <span className="span-name" style={indent}>
        {depth > 0 && <Guides inferred={span.inferred_parent === true} />}
        <Fold open={!folded} shown={descendants > 0} onToggle={() => onToggle(row)} />
        <KindIcon kind={span.kind} unknown={span.placeholder === true} />
        <span className="only-read">{kindWord(span.kind)}: </span>
        <span className="span-label cut foreign">{oneLine(span.name) || "unnamed"}</span>
        <Aside span={span} running={running} />
        <Origin span={span} marksDerived={props.marksDerived} />
        {row.match && <span className="only-read"> found</span>}
        {row.context && <span className="only-read"> of a hidden kind</span>}
        {folded && descendants > 0 && <Below row={row} />}
      </span>
      {columns.map((column) => (
        <MetricCell key={column} column={column} row={row} most={most} running={running} until={until} />
      ))}
      {axis && <SpanBar row={row} axis={axis} running={running} until={until} onZoom={() => onZoom(row)} />}
    </div>
  );
});

/** The lines from a span up to what it hangs below; dashed where nobody said what that is. */
function Guides({ inferred }: { inferred: boolean }) {
  return (
    <>
      <i className="span-guides" aria-hidden="true" />
      {inferred && (
        <>
          <i className="span-inferred" aria-hidden="true" title="Nobody said what this hangs below; it is the span that fits best" />
          <span className="only-read">parent inferred, </span>
        </>
      )}
    </>
  );
}

/** One element for all: it is not drawn anew with its row. */
const CHEVRON = <ChevronRight size={14} aria-hidden />;

function Fold({ open, shown, onToggle }: { open: boolean; shown: boolean; onToggle: () => void }) {
  if (!shown) return <span className="span-fold" />;
  return (
    <button
      type="button"
      className={`span-fold${open ? " is-open" : ""}`}
      tabIndex={-1}
      aria-label={open ? "Fold" : "Unfold"}
      onClick={(event) => {
        event.stopPropagation();
        onToggle();
      }}
    >
      {CHEVRON}
    </button>
  );
}

/** The one thing besides the name that a reader wants to know: what went wrong, or which model answered. */
function Aside({ span, running }: { span: SpanSummary; running: boolean }) {
  if (span.status === "error") {
    return <span className="span-aside cut foreign is-error">{span.error == null ? "failed" : oneLine(span.error)}</span>;
  }
  if (span.abandoned === true) return <span className="span-aside cut">abandoned</span>;
  if (running && span.kind === "human") return <span className="span-aside cut is-waiting">waiting</span>;
  const said = span.kind === "llm" ? span.model : span.kind === "agent" ? span.agent : span.tool;
  if (said == null || span.name.includes(said)) return null;
  return <span className="span-aside cut foreign">{oneLine(said)}</span>;
}

/** Where a span is from, when that is not a span that somebody sent for a reader. */
function Origin({ span, marksDerived }: { span: SpanSummary; marksDerived: boolean }) {
  if (span.detail === true) {
    return (
      <span className="span-origin" title="It matters only to who works on the program that sent it">
        detail
      </span>
    );
  }
  if (span.derived === true && marksDerived) {
    return (
      <span className="span-origin" title="Put together from hooks, log records, a transcript or lines of output">
        derived
      </span>
    );
  }
  return null;
}

function Below({ row }: { row: Row }) {
  const failed = row.errorsBelow > 0;
  return (
    <span className={`span-more${failed ? " is-error" : ""}`}>
      {formatCount(row.descendants)}
      <span className="only-read"> spans below</span>
      {failed && (
        <>
          <span aria-hidden="true"> · {formatCount(row.errorsBelow)} ✕</span>
          <span className="only-read">, {formatCount(row.errorsBelow)} failed</span>
        </>
      )}
    </span>
  );
}
