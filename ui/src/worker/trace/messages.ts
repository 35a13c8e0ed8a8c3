import type { SpanKind, SpanSummary } from "../../api/types";
import type { Activity } from "../../model/activity";

/**
 * What the page and the one who keeps a trace say to each other. The whole trace stays on the other side: the page gets the
 * rows it draws, a few numbers about all of them, and, now and then, where in time something happened.
 */
export interface ViewWish {
  hidden: readonly SpanKind[];
  /** Show details and double reports too. */
  everything: boolean;
  /** Words to look for. */
  find: string;
  /** How many milliseconds the timeline shows; undefined for all of them. */
  time: number | undefined;
  /** The session failed, so the first thing to look at is what failed. */
  failed: boolean;
}

/** What a reader folded and opened, by span id. */
export interface FoldWish {
  level: number | undefined;
  opened: readonly string[];
  closed: readonly string[];
}

/** Where to go from the chosen span. */
export type Step =
  | { by: number }
  | { to: "first" | "last" | "parent" | "child" | "next-sibling" | "previous-sibling" }
  /** Fold or go out, open or go in: what the arrows of a tree do. */
  | { to: "in" | "out" }
  | { to: "error" | "wait" | "slowest" | "divergence" | "match" | "previous-match" };

export type ToTrace =
  | { type: "open"; session: string; span: SpanName | undefined; view: ViewWish; folds: FoldWish }
  | { type: "view"; view: ViewWish }
  | { type: "folds"; folds: FoldWish }
  | { type: "fold"; key: string; closed: boolean }
  /** Fold so many levels more, or less. */
  | { type: "level"; by: number }
  /** The rows that are wanted: those in sight and what is around them. */
  | { type: "look"; from: number; to: number }
  /** The first row in sight: a frame says where it went. */
  | { type: "anchor"; key: string | undefined }
  | { type: "choose"; span: SpanName }
  | { type: "go"; step: Step }
  | { type: "live"; spans: readonly SpanSummary[] }
  /** Fetch what changed, or, when other traces may have joined the session, everything. */
  | { type: "load"; all: boolean }
  /** Keep what comes from being shown, or show it. */
  | { type: "hold"; held: boolean };

/** A span as an address names it. The trace is named only where a session has the id twice. */
export interface SpanName {
  span: string;
  trace: string | undefined;
}

/** A span as it is drawn. */
export interface Row {
  key: string;
  span: SpanSummary;
  start: number;
  end: number | undefined;
  depth: number;
  descendants: number;
  errorsBelow: number;
  position: number;
  siblings: number;
  folded: boolean;
  /** Its kind is hidden; it stands there for what is below it. */
  context: boolean;
  match: boolean;
  tokens: number | undefined;
  usd: number | undefined;
  computed: boolean;
  unpriced: number;
  /** The amounts are a sum of what is below. */
  sum: boolean;
  self: number | undefined;
  /** Of a folded span: how busy the equal parts of its time were below it. */
  busy: Float32Array | undefined;
}

/** Everything that is told of time: made anew less often than rows, because all spans are asked. */
export interface Shape extends Activity {
  /** How busy the equal parts of the whole time were. */
  busy: Float32Array;
  busyFrom: number;
  busyTo: number;
  /** When spans failed. */
  errors: Float64Array;
}

export interface Chosen extends Row {
  /** Its place among the rows; -1 when a filter hides it. */
  index: number;
  /** The session has another span of the same id. */
  ambiguous: boolean;
}

export interface TraceFrame {
  /** Rows from `from` on; there are `count` in all. */
  rows: readonly Row[];
  from: number;
  count: number;
  /** How many spans are known, shown or not by folds and filters. */
  spans: number;
  chosen: Chosen | undefined;
  /** The reader or an address chose it; else it is what one looks at first. */
  named: boolean;
  /** What was named is here and not shown: a detail, or a report of what another span reports better. */
  concealed: boolean;
  /** Rises when the chosen span must come into sight. */
  reveals: number;
  anchor: { key: string; index: number } | undefined;
  start: number;
  end: number;
  running: number;
  /** The row of the running span that began last, -1 without one. */
  newest: number;
  kinds: Partial<Record<SpanKind, number>>;
  errors: number;
  waits: number;
  /** Shown spans that were put together from what is no span. */
  derived: number;
  /** Spans that matter only to who works on the sender, or that were put together and may be reported better. */
  minor: number;
  matches: { count: number; at: number } | undefined;
  deepest: number;
  folds: FoldWish;
  /** The largest amounts of a single span, for the heat. */
  most: { tokens: number; usd: number; duration: number; self: number };
  /** How many changes wait while the view is held. */
  waiting: number;
  /** How many spans the host says there are. */
  total: number | undefined;
  loading: boolean;
  failure: Failure | undefined;
}

/** An error that can be sent between threads. */
export interface Failure {
  status: number | undefined;
  code: string;
  message: string;
  detail: string | undefined;
}

export type FromTrace =
  | { type: "frame"; frame: TraceFrame }
  | { type: "shape"; shape: Shape }
  /** A step led somewhere, or there is nothing of what was looked for. */
  | { type: "went"; step: Step; found: boolean };

/** The same number of rows, further down or up; both sides move them alike when rows come or go above. */
export function shifted({ from, to }: { from: number; to: number }, by: number): { from: number; to: number } {
  const first = Math.max(0, from + by);
  return { from: first, to: first + to - from };
}
