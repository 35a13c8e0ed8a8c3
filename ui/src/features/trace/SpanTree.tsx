import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { elapsedUntil } from "../../api/clock";
import { listKeys, useKeys } from "../../components/useKeys";
import { useNow } from "../../components/useNow";
import type { SpanNode } from "../../model/traceTree";
import { nextError, reveal, visibleRows } from "../../model/visibleRows";
import { ROW_HEIGHT, SpanRow } from "./SpanRow";
import { TimeAxis, ticksFor } from "./TimeAxis";
import type { TraceSnapshot } from "./traceStore";
import "./spanTree.css";

const HEAD_HEIGHT = 28;

interface Props {
  snapshot: TraceSnapshot;
  /** The session still runs, so an open span is running and not merely without an end. */
  alive: boolean;
  selected: SpanNode | undefined;
  column: "both" | "tree" | "timeline";
  onSelect: (node: SpanNode) => void;
  /** Enter, or a tap where there is only one column. */
  onOpen: () => void;
}

export function SpanTree({ snapshot, alive, selected, column, onSelect, onOpen }: Props) {
  const { order } = snapshot;
  const body = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => visibleRows(order, collapsed), [order, collapsed]);
  const ticking = alive && snapshot.running > 0;
  const now = elapsedUntil(useNow(ticking));
  const to = ticking ? Math.max(now, snapshot.end) : snapshot.end;
  const length = to - snapshot.start;
  const ticks = useMemo(() => ticksFor(length), [length]);

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    // The sticky head covers as much at the top.
    scrollPaddingEnd: HEAD_HEIGHT,
  });
  const items = virtualizer.getVirtualItems();

  const toggle = useCallback((node: SpanNode) => {
    setCollapsed((known) => {
      const next = new Set(known);
      if (!next.delete(node.key)) next.add(node.key);
      return next;
    });
  }, []);

  const pick = useCallback(
    (node: SpanNode) => {
      onSelect(node);
      if (column !== "both") onOpen();
    },
    [onSelect, onOpen, column],
  );

  // A span named by the address, or reached by "next error", may lie in a folded part or far away.
  const shownKey = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (selected === undefined || shownKey.current === selected.key) return;
    shownKey.current = selected.key;
    const open = reveal(collapsed, selected);
    setCollapsed(open);
    const index = visibleRows(order, open).indexOf(selected);
    // A neighbour comes into view at the edge; what is far away comes with what is around it.
    const { startIndex = 0, endIndex = 0 } = virtualizer.range ?? {};
    const near = index >= startIndex - 2 && index <= endIndex + 2;
    virtualizer.scrollToIndex(index, { align: near ? "auto" : "center" });
  }, [selected, collapsed, order, virtualizer]);

  function go(node: SpanNode | undefined): void {
    if (node === undefined) return;
    onSelect(node);
    list.current?.focus({ preventScroll: true });
  }

  function right(): void {
    if (selected === undefined) go(rows[0]);
    else if (collapsed.has(selected.key)) toggle(selected);
    else go(selected.children[0]);
  }

  function left(): void {
    if (selected === undefined) return;
    if (selected.children.length > 0 && !collapsed.has(selected.key)) toggle(selected);
    else go(selected.parent);
  }

  const page = Math.max(1, items.length - 24);
  useKeys({
    ...listKeys(() => (selected === undefined ? -1 : rows.indexOf(selected)), rows.length, page, (index) => go(rows[index])),
    ArrowRight: right,
    ArrowLeft: left,
    Enter: onOpen,
    e: () => go(order[nextError(order, selected === undefined ? -1 : order.indexOf(selected))]),
  });

  return (
    <div className={`span-tree shows-${column}`}>
      <div ref={body} className="span-body">
        <div className="span-head" aria-hidden="true">
          <span className="span-head-name">Span</span>
          <span className="span-head-tokens number">Tokens</span>
          <span className="span-head-duration number">Duration</span>
          <TimeAxis ticks={ticks} length={length} />
        </div>
        <div
          ref={list}
          className="span-rows"
          role="tree"
          aria-label="Spans"
          aria-busy={snapshot.loading}
          tabIndex={0}
          aria-activedescendant={selected && items.some((item) => rows[item.index] === selected) ? rowId(selected) : undefined}
          style={{ height: Math.max(virtualizer.getTotalSize(), ROW_HEIGHT) }}
        >
          <div className="span-grid" aria-hidden="true">
            <span className="span-grid-time">
              {ticks.map((tick) => (
                <i key={tick} style={{ left: `${(tick / length) * 100}%` }} />
              ))}
            </span>
          </div>
          {items.map((item) => {
            const node = rows[item.index];
            return (
              node && (
                <SpanRow
                  key={node.key}
                  id={rowId(node)}
                  node={node}
                  span={node.span}
                  depth={node.depth}
                  descendants={node.descendants}
                  errorsBelow={node.errorsBelow}
                  position={node.position}
                  siblings={node.siblings}
                  collapsed={collapsed.has(node.key)}
                  selected={node === selected}
                  alive={alive}
                  top={item.start}
                  from={snapshot.start}
                  to={to}
                  onPick={pick}
                  onToggle={toggle}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

function rowId(node: SpanNode): string {
  return `span-${node.key}`;
}
