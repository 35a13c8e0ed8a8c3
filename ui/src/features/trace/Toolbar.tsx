import { ChevronsDownUp, ChevronsUpDown, FoldHorizontal, LocateFixed, Pause, Play, UnfoldHorizontal, ZoomIn, ZoomOut } from "lucide-react";
import { type ReactNode, memo } from "react";
import { KindIcon, kindWord } from "../../components/KindIcon";
import type { SpanKind } from "../../api/types";
import { formatCount, plural } from "../../model/format";
import { COLUMNS, type TraceAddress } from "../../model/traceAddress";
import type { TraceFrame } from "../../worker/trace/messages";
import { FindBox } from "./FindBox";
import { Menu } from "./Menu";
import { COLUMN_WORDS } from "./MetricCell";
import type { TraceStore } from "./traceStore";
import type { TimeAxis } from "./useTimeAxis";
import type { ChangeAddress } from "./useTraceAddress";
import type { LiveView } from "./useLiveView";
import "./toolbar.css";

interface Props {
  store: TraceStore;
  frame: TraceFrame;
  address: TraceAddress;
  change: ChangeAddress;
  time: TimeAxis;
  live: LiveView;
  alive: boolean;
  hasTime: boolean;
}

/** What can be done with the rows: find, filter, fold, jump, zoom, and hold still. Each has a key as well. */
export const Toolbar = memo(ToolbarView, (before, after) => {
  const { frame: a, ...old } = before;
  const { frame: b, ...next } = after;
  // A frame for other rows is no reason to draw it anew.
  const same = a.errors === b.errors && a.waits === b.waits && a.minor === b.minor && a.deepest === b.deepest && a.folds.level === b.folds.level;
  const text = (frame: TraceFrame): string => JSON.stringify([frame.kinds, frame.matches]);
  return same && text(a) === text(b) && (Object.keys(next) as (keyof typeof next)[]).every((key) => Object.is(old[key], next[key]));
});

function ToolbarView({ store, frame, address, change, time, live, alive, hasTime }: Props) {
  return (
    <div className="toolbar" role="toolbar" aria-label="Spans and timeline">
      <FindBox value={address.find} matches={frame.matches} onChange={(find) => change({ find })} go={(to) => store.go({ to })} />
      <KindFilter frame={frame} address={address} change={change} />
      <FoldMenu store={store} frame={frame} />
      <ColumnMenu address={address} change={change} />
      <span className="toolbar-group">
        <Jump count={frame.errors} word="error" failed name="Next error (e)" onClick={() => store.go({ to: "error" })} />
        <Jump count={frame.waits} word="wait" name="Next wait (w)" onClick={() => store.go({ to: "wait" })} />
        <JumpMenu store={store} />
      </span>
      <span className="toolbar-space" />
      {hasTime && (
        <span className="toolbar-group">
          {time.isZoomed && (
            <button type="button" className="tool" title="Show all of the time (0)" onClick={time.reset}>
              All
            </button>
          )}
          <Tool name="Zoom out (-)" onClick={() => time.zoom(-1)} disabled={!time.isZoomed}>
            <ZoomOut size={14} aria-hidden />
          </Tool>
          <Tool name="Zoom in (+)" onClick={() => time.zoom(1)}>
            <ZoomIn size={14} aria-hidden />
          </Tool>
          <Tool name="Fold the time in which nothing but waits ran (c)" pressed={address.folded} onClick={() => change({ folded: !address.folded })}>
            {address.folded ? <FoldHorizontal size={14} aria-hidden /> : <UnfoldHorizontal size={14} aria-hidden />}
          </Tool>
        </span>
      )}
      {(alive || live.held) && (
        <span className="toolbar-group">
          <Tool name="Follow the newest running span (f)" pressed={live.follow} onClick={live.toggleFollow}>
            <LocateFixed size={14} aria-hidden />
            <span className="tool-word">Follow</span>
          </Tool>
          <Tool name={live.held ? "Go on with the view (p)" : "Hold the view still; everything is recorded all the same (p)"} pressed={live.held} onClick={live.toggleHeld}>
            {live.held ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
            <span className="tool-word">{live.held ? "Resume" : "Pause view"}</span>
          </Tool>
        </span>
      )}
    </div>
  );
}

interface ToolProps {
  name: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Tool({ name, pressed, disabled = false, onClick, children }: ToolProps) {
  return (
    <button type="button" className="tool" aria-label={name} title={name} aria-pressed={pressed} disabled={disabled} onClick={onClick}>
      {children}
    </button>
  );
}

function Jump({ count, word, name, failed = false, onClick }: { count: number; word: string; name: string; failed?: boolean; onClick: () => void }) {
  if (count === 0) return null;
  return (
    <button type="button" className={`tool${failed ? " is-error" : ""}`} title={name} onClick={onClick}>
      {plural(count, word)}
    </button>
  );
}

const JUMPS = [
  ["slowest", "Slowest child", "b"],
  ["divergence", "Next jump of input tokens", "d"],
  ["error", "Next error", "e"],
  ["wait", "Next wait", "w"],
] as const;

function JumpMenu({ store }: { store: TraceStore }) {
  return (
    <Menu label="Go to">
      {JUMPS.map(([to, word, key]) => (
        <button key={to} type="button" className="menu-item" onClick={() => store.go({ to })}>
          {word} <kbd>{key}</kbd>
        </button>
      ))}
    </Menu>
  );
}

function KindFilter({ frame, address, change }: Pick<Props, "frame" | "address" | "change">) {
  const { hidden, everything } = address;
  const kinds = Object.entries(frame.kinds).sort((a, b) => b[1] - a[1]) as [SpanKind, number][];
  const shown = kinds.filter(([kind]) => !hidden.includes(kind));
  const label = hidden.length === 0 ? "Kinds" : `Kinds ${shown.length}/${kinds.length}`;
  return (
    <Menu label={label} name={hidden.length === 0 ? undefined : `${label} shown`} className={`tool${hidden.length > 0 ? " is-on" : ""}`}>
      {kinds.map(([kind, count]) => (
        <div key={kind} className="menu-row">
          <label>
            <input
              type="checkbox"
              checked={!hidden.includes(kind)}
              onChange={({ target }) => change({ hidden: target.checked ? hidden.filter((each) => each !== kind) : [...hidden, kind] })}
            />
            <KindIcon kind={kind} />
            {kindWord(kind)} <span className="faint">{formatCount(count)}</span>
          </label>
          <button
            type="button"
            className="menu-only"
            aria-label={`Only ${kindWord(kind)}`}
            onClick={() => change({ hidden: kinds.map(([each]) => each).filter((each) => each !== kind) })}
          >
            only
          </button>
        </div>
      ))}
      <div className="menu-row">
        <button type="button" className="menu-item" disabled={hidden.length === 0} onClick={() => change({ hidden: [] })}>
          All kinds
        </button>
      </div>
      <div className="menu-row is-apart">
        <label title="Spans that matter only to who works on the sender, and double reports of the same call">
          <input type="checkbox" checked={everything} onChange={({ target }) => change({ everything: target.checked })} />
          Details and double reports <span className="faint">{formatCount(frame.minor)}</span>
        </label>
      </div>
    </Menu>
  );
}

function FoldMenu({ store, frame }: { store: TraceStore; frame: TraceFrame }) {
  const set = (level: number | undefined): void => store.send({ type: "folds", folds: { level, opened: [], closed: [] } });
  const levels = Array.from({ length: Math.min(5, frame.deepest) }, (_, index) => index + 1);
  return (
    <>
      <Tool name="Fold all" onClick={() => set(1)} disabled={frame.deepest === 0}>
        <ChevronsDownUp size={14} aria-hidden />
      </Tool>
      <Tool name="Unfold all" onClick={() => set(frame.deepest)} disabled={frame.deepest === 0}>
        <ChevronsUpDown size={14} aria-hidden />
      </Tool>
      {levels.length > 1 && (
        <Menu label="Level" name="Fold to a level (<, >)">
          {levels.map((level) => (
            <button key={level} type="button" className="menu-item" aria-pressed={frame.folds.level === level} onClick={() => set(level)}>
              {plural(level + 1, "level")}
            </button>
          ))}
        </Menu>
      )}
    </>
  );
}

function ColumnMenu({ address, change }: Pick<Props, "address" | "change">) {
  const { columns } = address;
  return (
    <Menu label="Columns">
      {COLUMNS.map((column) => (
        <div key={column} className="menu-row">
          <label>
            <input
              type="checkbox"
              checked={columns.includes(column)}
              onChange={({ target }) => change({ columns: COLUMNS.filter((each) => (each === column ? target.checked : columns.includes(each))) })}
            />
            {COLUMN_WORDS[column]}
          </label>
        </div>
      ))}
    </Menu>
  );
}
