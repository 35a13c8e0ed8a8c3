import { useVirtualizer } from "@tanstack/react-virtual";
import { type Dispatch, type KeyboardEvent, useEffect, useId, useRef } from "react";
import type { Difference } from "../../../../model/jsonDiff";
import { CompareRow } from "./CompareRow";
import { DifferenceLine } from "./DifferenceLine";
import { HeadRow } from "./HeadRow";
import { JsonLine } from "./JsonLine";
import { CutNote } from "../CutNote";
import { LongText } from "../../../../components/LongText";
import { printJson } from "../../../../model/json";
import { type StateAction, type StateRow, type StateView, subjectOf } from "./stateView";
import type { Former } from "./useSnapshots";

const ROW_HEIGHT = 22;
/** Deeper rows are no more indented: what is nested a thousand deep would stand outside of the panel. */
const MOST_INDENTS = 16;

interface Props {
  rows: readonly StateRow[];
  view: StateView;
  change: Dispatch<StateAction>;
  active: object | undefined;
  setActive: (subject: object | undefined) => void;
  wanted: string;
  compared: string | undefined;
  setCompared: (key: string | undefined) => void;
  former: Former;
  difference: Difference | undefined;
}

/** The rows that are in sight, and the keys that move through all of them. */
export function StateList(props: Props) {
  const { rows, view, change, active, setActive, compared } = props;
  const body = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: (index) => estimate(rows[index]),
    getItemKey: (index) => keyOf(rows[index]),
    // What is not laid out, in a tab that is hidden for one, has no height; all rows at once would be the answer to that.
    measureElement: (element) => (element as HTMLElement).offsetHeight || estimate(rows[Number(element.getAttribute("data-index"))]),
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const at = active === undefined ? -1 : rows.findIndex((row) => subjectOf(row) === active);

  const shown = useRef<object>(undefined);
  useEffect(() => {
    if (active === shown.current || at < 0) return;
    shown.current = active;
    // What a comparison shows stands below its head.
    virtualizer.scrollToIndex(at, { align: rows[at]?.type === "head" && compared !== undefined ? "start" : "auto" });
  }, [active, at, rows, compared, virtualizer]);

  function keys(event: KeyboardEvent<HTMLElement>): void {
    // The controls within rows have keys of their own.
    if (event.target !== event.currentTarget || event.ctrlKey || event.altKey || event.metaKey) return;
    const row = rows[at];
    const go = (index: number): void => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, index))];
      if (next !== undefined) setActive(subjectOf(next));
    };
    const page = Math.max(1, items.length - 26);
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      PageDown: () => go(at + page),
      PageUp: () => go(at - page),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      Enter: () => row && toggle(row),
      " ": () => row && toggle(row),
      ArrowRight: () => (row && isOpen(row, view) === false ? toggle(row) : go(at + 1)),
      ArrowLeft: () => {
        if (row && isOpen(row, view) === true) toggle(row);
        else go(parentIndex(rows, at));
      },
    };
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (move === undefined) return;
    // The tree of spans listens to the same keys.
    event.preventDefault();
    move();
  }

  function toggle(row: StateRow): void {
    const { key } = row.entry;
    if (row.type === "head") change({ type: "entry", key });
    if (row.type === "json" && row.row.node.items.length > 0) change({ type: "node", key, node: row.row.node });
    if (row.type === "difference" && row.row.folded > 0) change({ type: "unfold", first: row.row.difference });
  }

  return (
    <div ref={body} className="state-body">
      <div
        className="state-rows"
        role="tree"
        aria-label="Values"
        tabIndex={0}
        aria-activedescendant={items.some((item) => item.index === at) ? `${id}-${at}` : undefined}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={keys}
      >
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const open = isOpen(row, view);
          return (
            // The tree has the focus and the keys; a row is only pointed at.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
            <div
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              id={`${id}-${item.index}`}
              role="treeitem"
              aria-level={levelOf(row)}
              aria-expanded={open}
              aria-selected={item.index === at}
              aria-posinset={row.type === "json" ? row.row.position : undefined}
              aria-setsize={row.type === "json" ? row.row.siblings : undefined}
              className={`state-row is-${row.type}${item.index === at ? " is-active" : ""}`}
              style={{ transform: `translateY(${item.start}px)`, paddingLeft: indent(row) }}
              onClick={(event) => {
                if (isOwnControl(event.target)) return;
                setActive(subjectOf(row));
                // Who selects a text to copy it doesn't want it to fold.
                if (getSelection()?.isCollapsed !== false) toggle(row);
              }}
            >
              <Row row={row} open={open} {...props} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Row({ row, open, view, change, setActive, wanted, compared, setCompared, former, difference }: Props & { row: StateRow; open: boolean | undefined }) {
  const { entry } = row;
  const limits = { limit: (of: object) => view.limits.get(of) ?? 0, setLimit: (of: object, limit: number) => change({ type: "limit", of, limit }) };
  switch (row.type) {
    case "head":
      return (
        <HeadRow
          entry={entry}
          open={open === true}
          compared={compared === entry.key}
          onCompare={() => {
            if (open !== true) change({ type: "entry", key: entry.key });
            setCompared(compared === entry.key ? undefined : entry.key);
            setActive(entry);
          }}
          onAll={(all) => change({ type: "all", key: entry.key, open: all })}
        />
      );
    case "cut":
      return entry.cut && <CutNote cut={entry.cut} />;
    case "text":
      return (
        <>
          {entry.root === undefined && <p className="state-note">It is no valid JSON, so it stands here as it was recorded.</p>}
          <LongText
            text={entry.text ?? (entry.root ? printJson(entry.root) : "")}
            limit={limits.limit(entry)}
            onLimit={(limit) => limits.setLimit(entry, limit)}
          />
        </>
      );
    case "empty":
      return <span className="faint">{entry.root?.kind === "object" ? "An object without entries" : "A list without items"}</span>;
    case "compare":
      return <CompareRow former={former} difference={difference} entry={entry} />;
    case "json":
      return <JsonLine row={row.row} open={row.isOpen} wanted={wanted} {...limits} />;
    case "difference":
      return <DifferenceLine row={row.row} {...limits} />;
  }
}

function isOpen(row: StateRow, view: StateView): boolean | undefined {
  if (row.type === "head") return !view.closed.has(row.entry.key);
  if (row.type === "json") return row.row.node.items.length > 0 ? row.isOpen : undefined;
  if (row.type === "difference") return row.row.folded > 0 ? false : undefined;
  return undefined;
}

function levelOf(row: StateRow): number {
  if (row.type === "json") return row.depth + 2;
  if (row.type === "difference") return row.row.depth + 2;
  return row.type === "head" ? 1 : 2;
}

function indent(row: StateRow): number | undefined {
  if (row.type === "head") return undefined;
  return 22 + Math.min(MOST_INDENTS, Math.max(0, levelOf(row) - 2)) * 14;
}

function parentIndex(rows: readonly StateRow[], at: number): number {
  const row = rows[at];
  if (row === undefined) return 0;
  for (let index = at - 1; index >= 0; index -= 1) {
    const above = rows[index];
    if (above !== undefined && levelOf(above) < levelOf(row)) return index;
  }
  return at;
}

function estimate(row: StateRow | undefined): number {
  if (row?.type === "head") return 34;
  if (row?.type === "json" && row.row.node.text.length > 60) return 2 * ROW_HEIGHT;
  return ROW_HEIGHT;
}

const keys = new WeakMap<object, number>();
let nextKey = 0;

function keyOf(row: StateRow | undefined): number {
  if (row === undefined) return -1;
  const subject = subjectOf(row);
  const known = keys.get(subject);
  if (known !== undefined) return known;
  nextKey += 1;
  keys.set(subject, nextKey);
  return nextKey;
}

function isOwnControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest("a, button, select, label") !== null;
}
