import { ChevronRight } from "lucide-react";
import { memo } from "react";
import type { SpanSummary } from "../../api/types";
import { KindIcon, kindWord } from "../../components/KindIcon";
import { Duration } from "../../components/Time";
import { formatCount, formatTokens } from "../../model/format";
import { oneLine } from "../../model/text";
import { type SpanNode, isRunning } from "../../model/traceTree";
import { barOf } from "../../model/visibleRows";

export const ROW_HEIGHT = 28;
const INDENT = 16;
/** Deeper levels stand under each other: a runaway recursion must not push its names out of the column. */
const DEEPEST_INDENT = 20;

interface Props {
  id: string;
  node: SpanNode;
  /** Taken from the node one by one: nodes are changed in place, and `memo` compares what it is given. */
  span: SpanSummary;
  depth: number;
  descendants: number;
  errorsBelow: number;
  position: number;
  siblings: number;
  collapsed: boolean;
  selected: boolean;
  alive: boolean;
  top: number;
  from: number;
  to: number;
  onPick: (node: SpanNode) => void;
  onToggle: (node: SpanNode) => void;
}

export const SpanRow = memo(function SpanRow(props: Props) {
  const { node, span, depth, descendants, errorsBelow, collapsed, selected, top, from, to, onPick, onToggle } = props;
  const running = props.alive && isRunning(span);
  const failed = span.status === "error";
  const bar = barOf(node.start, node.end ?? (running ? to : node.start), from, to);
  const classes = ["span-row", failed && "is-error", selected && "is-selected", span.placeholder && "is-placeholder"];
  return (
    // The tree itself has the focus and the keys; the row answers to the pointer only.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={props.id}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={props.position}
      aria-setsize={props.siblings}
      aria-selected={selected}
      aria-expanded={descendants > 0 ? !collapsed : undefined}
      className={classes.filter(Boolean).join(" ")}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onPick(node)}
    >
      <span className="span-name" style={{ paddingLeft: Math.min(depth, DEEPEST_INDENT) * INDENT }}>
        <Fold open={!collapsed} shown={descendants > 0} onToggle={() => onToggle(node)} />
        <KindIcon kind={span.kind} unknown={span.placeholder === true} />
        <span className="only-read">{kindWord(span.kind)}: </span>
        <span className="span-label cut foreign">{oneLine(span.name) || "unnamed"}</span>
        <Aside span={span} />
        {collapsed && descendants > 0 && (
          <span className={`span-more${errorsBelow > 0 ? " is-error" : ""}`}>
            {formatCount(descendants)}
            {errorsBelow > 0 && <span className="only-read"> spans below, {formatCount(errorsBelow)} failed</span>}
          </span>
        )}
      </span>
      <span className="span-tokens number">{tokens(span)}</span>
      <span className="span-duration number">
        {span.placeholder === true ? null : <Duration start={span.start_time} end={span.end_time} running={running} />}
      </span>
      <span className="span-time" aria-hidden="true">
        <i
          className={`span-bar kind-${span.kind}${running ? " is-running" : ""}`}
          style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
        />
      </span>
    </div>
  );
});

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
      <ChevronRight size={14} aria-hidden />
    </button>
  );
}

/** The one thing besides the name that a reader wants to know: what went wrong, or which model answered. */
function Aside({ span }: { span: SpanSummary }) {
  if (span.status === "error") {
    return <span className="span-aside cut foreign is-error">{span.error == null ? "failed" : oneLine(span.error)}</span>;
  }
  if (span.abandoned === true) return <span className="span-aside cut">abandoned</span>;
  const said = span.kind === "llm" ? span.model : span.kind === "agent" ? span.agent : span.tool;
  if (said == null || span.name.includes(said)) return null;
  return <span className="span-aside cut foreign">{oneLine(said)}</span>;
}

function tokens(span: SpanSummary): string {
  const { usage } = span;
  if (usage?.input_tokens === undefined && usage?.output_tokens === undefined) return "";
  return formatTokens((usage.input_tokens ?? 0) + (usage.output_tokens ?? 0));
}
