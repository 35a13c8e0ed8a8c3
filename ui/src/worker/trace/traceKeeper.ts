import type { SpanKind, SpanSummary } from "../../api/types";
import { activityOf, density } from "../../model/activity";
import { matcher } from "../../model/jumps";
import { type SpanNode, TraceTree } from "../../model/traceTree";
import { ALL_OPEN, type Folding, LONG_TRACE, OUTLINE, type VisibleRows, firstLook, fold, newestRunning, reveal, visibleRows } from "../../model/visibleRows";
import { type Chosen, type FromTrace, type SpanName, type Step, type ToTrace, type TraceFrame, type ViewWish, shifted } from "./messages";
import { Pages } from "./pages";
import { destination } from "./steps";
import { rowOf, totalsOf } from "./traceRows";

/** Of the time between two frames at most this part is spent on making them, so that news is taken as fast as it comes. */
const WORK_SHARE = 3;
const LONGEST_PAUSE_MS = 400;
/** What is told of time asks every span, so it is not told more often than this. */
const SHAPE_MS = 500;
/** Parts of the whole time that the overview tells apart. */
const OVERVIEW_PARTS = 240;

const NO_VIEW: ViewWish = { hidden: [], everything: false, find: "", time: undefined, failed: false };
const NOTHING: VisibleRows = { rows: [], context: undefined };

/**
 * Keeps one trace, away from the page: the tree, what is folded, hidden and looked for, and which span is chosen. It is told
 * what a reader does and answers with frames, each of them everything the page draws and nothing more. What the reader does
 * is answered at once; news is gathered, and a frame made of it takes a part of the time only.
 *
 * It knows nothing of threads: `open.ts` decides where it lives.
 */
export class TraceKeeper {
  private tree = new TraceTree();
  private pages: Pages | undefined;
  private view: ViewWish = NO_VIEW;
  private folding: Folding = ALL_OPEN;
  private hidden: ReadonlySet<SpanKind> = new Set();
  private matches: ((node: SpanNode) => boolean) | undefined;
  private order: readonly SpanNode[] = [];
  private shown: VisibleRows = NOTHING;
  private totals = totalsOf([]);
  private minor = 0;
  private ambiguous = false;
  /** Whether this trace is a long one was decided. */
  private outlined = false;
  private found: readonly SpanNode[] | undefined;
  private named: SpanName | undefined;
  private chosen: SpanNode | undefined;
  private reveals = 0;
  private look = { from: 0, to: 100 };
  private anchored: string | undefined;
  private pending: SpanSummary[] = [];
  private held = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastMs = 0;
  private shapeAt = -Infinity;
  private shapeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly say: (said: FromTrace) => void) {}

  readonly hear = (said: ToTrace): void => {
    switch (said.type) {
      case "open":
        this.open(said);
        break;
      case "view":
        this.see(said.view);
        break;
      case "folds":
        this.folding = { ...this.folding, level: said.folds.level, opened: new Set(said.folds.opened), closed: new Set(said.folds.closed) };
        this.arrange();
        break;
      case "fold":
        this.fold(this.tree.nodes.get(said.key), said.closed);
        break;
      case "level":
        this.level(said.by);
        break;
      case "look":
        this.look = said;
        this.publish();
        break;
      case "anchor":
        this.anchored = said.key;
        break;
      case "choose":
        this.named = said.span;
        this.choose(this.tree.find(said.span.trace, said.span.span));
        this.publish();
        break;
      case "go":
        this.go(said.step);
        break;
      case "live":
        this.take(said.spans);
        break;
      case "load":
        void this.pages?.load(said.all);
        this.publish();
        break;
      case "hold":
        this.held = said.held;
        this.changed();
        break;
    }
  };

  stop(): void {
    this.pages?.stop();
    clearTimeout(this.timer);
    clearTimeout(this.shapeTimer);
  }

  private open({ session, span, view, folds }: Extract<ToTrace, { type: "open" }>): void {
    this.named = span;
    this.folding = { level: folds.level, opened: new Set(folds.opened), closed: new Set(folds.closed), long: false };
    this.pages = new Pages(session, { take: (spans) => this.take(spans), changed: () => this.changed(), forget: () => this.forget() });
    void this.pages.load(true);
    this.see(view);
  }

  private see(view: ViewWish): void {
    this.view = view;
    this.hidden = new Set(view.hidden);
    this.matches = matcher(view.find);
    this.tree.showEverything(view.everything);
    this.refresh();
    this.publish();
  }

  private take(spans: readonly SpanSummary[]): void {
    for (const span of spans) this.pending.push(span);
    this.changed();
  }

  /** The host began anew. What it has now comes next, and nothing of what it had may outlive that by having greater ids. */
  private forget(): void {
    this.tree = new TraceTree();
    this.tree.showEverything(this.view.everything);
    this.pending = [];
  }

  /** Makes a frame soon: later the longer the last one took, so that half of the time at least is left for what comes. */
  private changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const began = performance.now();
      if (!this.held) this.apply();
      this.publish();
      this.lastMs = performance.now() - began;
    }, Math.min(LONGEST_PAUSE_MS, this.lastMs * WORK_SHARE));
  }

  private apply(): void {
    if (this.pending.length === 0) return;
    this.tree.upsert(this.pending);
    this.pending = [];
    // Decided once: what is open must not depend on when a reader looks.
    const { total } = this.pages ?? {};
    if (!this.outlined && total !== undefined) {
      this.outlined = true;
      this.folding = { ...this.folding, long: total > LONG_TRACE };
    }
    this.refresh();
  }

  /** After the spans changed, or which of them are shown. */
  private refresh(): void {
    this.order = this.tree.flatten();
    this.totals = totalsOf(this.order);
    this.minor = this.tree.minor;
    this.found = this.matches && this.order.filter(this.matches);
    if (this.chosen !== undefined && this.tree.nodes.get(this.chosen.key) !== this.chosen) this.chosen = undefined;
    if (this.named === undefined) {
      const look = firstLook(this.order, this.view.failed);
      if (look !== this.chosen) this.choose(look);
    } else if (this.chosen === undefined) {
      this.choose(this.tree.find(this.named.trace, this.named.span));
    }
    this.shape();
    this.rearrange();
  }

  private rearrange(): void {
    const before = this.anchor()?.index ?? 0;
    this.shown = visibleRows(this.order, this.folding, this.hidden);
    const after = this.anchor();
    // The page scrolls with the row that it looks at: it shall not have to ask for what is around it.
    if (before > 0 && after !== undefined) this.look = shifted(this.look, after.index - before);
  }

  private arrange(): void {
    this.rearrange();
    this.publish();
  }

  private fold(node: SpanNode | undefined, closed: boolean): void {
    if (node === undefined) return;
    this.folding = fold(this.folding, node, closed);
    // A choice that went out of sight would leave the keyboard nowhere.
    if (closed && this.chosen !== undefined && isBelow(this.chosen, node)) this.name(node);
    this.arrange();
  }

  /** What was decided about single spans is forgotten: a level is a new beginning. */
  private level(by: number): void {
    const { deepest } = this.totals;
    const now = this.folding.level ?? (this.folding.long ? OUTLINE : deepest);
    const level = Math.min(deepest, Math.max(0, Math.min(now, deepest) + by));
    this.folding = { ...this.folding, level, opened: new Set(), closed: new Set() };
    this.arrange();
  }

  private choose(node: SpanNode | undefined): void {
    this.chosen = node;
    if (node === undefined) return;
    this.reveals += 1;
    this.ambiguous = this.tree.find(undefined, node.span.span_id) !== node;
    const open = reveal(this.folding, node);
    if (open === this.folding) return;
    this.folding = open;
    this.rearrange();
  }

  private name(node: SpanNode): void {
    this.named = { span: node.span.span_id, trace: node.span.trace_id };
    this.choose(node);
  }

  private go(step: Step): void {
    const went = destination(step, {
      order: this.order,
      rows: this.shown.rows,
      chosen: this.chosen,
      folding: this.folding,
      hidden: this.hidden,
      found: this.found,
      end: this.tree.end,
    });
    if (went?.fold !== undefined) this.fold(went.node, went.fold === "close");
    else if (went !== undefined) this.name(went.node);
    this.publish();
    this.say({ type: "went", step, found: went !== undefined });
  }

  private publish(): void {
    this.say({ type: "frame", frame: this.frame() });
  }

  private frame(): TraceFrame {
    const { tree, shown, pages, found, chosen } = this;
    const { rows } = shown;
    const about = this.about();
    const from = Math.max(0, Math.min(this.look.from, rows.length));
    return {
      rows: rows.slice(from, this.look.to).map((node) => rowOf(node, about)),
      from,
      count: rows.length,
      spans: tree.nodes.size,
      chosen: chosen && this.chosenRow(chosen),
      concealed: this.named !== undefined && chosen === undefined && tree.conceals(this.named.trace, this.named.span),
      reveals: this.reveals,
      anchor: this.anchor(),
      start: tree.start,
      end: tree.end,
      running: tree.running,
      newest: tree.running > 0 ? newestRunning(rows) : -1,
      ...this.totals,
      minor: this.minor,
      named: this.named !== undefined,
      matches: found && { count: found.length, at: chosen === undefined ? -1 : found.indexOf(chosen) },
      folds: this.folds(),
      waiting: this.held ? this.pending.length : 0,
      total: pages?.total,
      loading: (pages?.loading ?? true) || (!this.held && this.pending.length > 0),
      failure: pages?.failure,
    };
  }

  /** Without the spans above the chosen one: that they are open goes without saying. */
  private folds(): TraceFrame["folds"] {
    const { level, opened, closed } = this.folding;
    const said = new Set(opened);
    for (let up = this.chosen?.parent; up !== undefined; up = up.parent) said.delete(up.span.span_id);
    return { level, opened: [...said], closed: [...closed] };
  }

  private about(): Parameters<typeof rowOf>[1] {
    const { order, shown, folding, matches, tree } = this;
    return { order, shown, folding, matches, end: tree.end, time: this.view.time ?? tree.end - tree.start };
  }

  private chosenRow(node: SpanNode): Chosen {
    return {
      ...rowOf(node, this.about()),
      index: this.shown.rows.indexOf(node),
      ambiguous: this.ambiguous,
    };
  }

  /** Where the row is now that was the first in sight, or the one it went into. */
  private anchor(): TraceFrame["anchor"] {
    const key = this.anchored;
    if (key === undefined) return undefined;
    const node = this.tree.nodes.get(key);
    const index = node === undefined ? -1 : this.shown.rows.indexOf(node);
    return index < 0 ? undefined : { key, index };
  }

  private shape(): void {
    if (this.shapeTimer !== undefined) return;
    this.shapeTimer = setTimeout(
      () => {
        this.shapeTimer = undefined;
        this.shapeAt = performance.now();
        const { start, end } = this.tree;
        const errors = Float64Array.from(this.order.filter(({ span }) => span.status === "error"), (node) => node.start);
        const busy = density(this.order, start, end, OVERVIEW_PARTS);
        this.say({ type: "shape", shape: { ...activityOf(this.order, start), busy, busyFrom: start, busyTo: end, errors } });
      },
      Math.max(0, this.shapeAt + SHAPE_MS - performance.now()),
    );
  }
}

function isBelow(node: SpanNode, above: SpanNode): boolean {
  return node.index > above.index && node.index <= above.index + above.descendants;
}
