import { ApiError, signInRequired } from "../../api/client";
import type { LiveBatch } from "../../api/live";
import { Signal } from "../../api/signal";
import type { SpanSummary } from "../../api/types";
import type { Failure, FoldWish, FromTrace, Row, Shape, SpanName, Step, ToTrace, TraceFrame, ViewWish } from "../../worker/trace/messages";
import { type TraceLine, openTrace } from "../../worker/trace/open";

export const NO_FRAME: TraceFrame = {
  rows: [],
  from: 0,
  count: 0,
  spans: 0,
  chosen: undefined,
  named: false,
  concealed: false,
  reveals: 0,
  anchor: undefined,
  start: Infinity,
  end: -Infinity,
  running: 0,
  newest: -1,
  kinds: {},
  errors: 0,
  waits: 0,
  derived: 0,
  minor: 0,
  matches: undefined,
  deepest: 0,
  folds: { level: undefined, opened: [], closed: [] },
  most: { tokens: 0, usd: 0, duration: 0, self: 0 },
  waiting: 0,
  total: undefined,
  loading: true,
  failure: undefined,
};

/** A step that led nowhere, for those who asked for it. */
export interface Nowhere {
  step: Step;
  /** Tells two of the same kind apart. */
  serial: number;
}

/** The page's side of one open trace: what it was last told, and what it asks for. */
export class TraceStore {
  readonly frame = new Signal<TraceFrame>(NO_FRAME);
  readonly shape = new Signal<Shape | undefined>(undefined);
  readonly nowhere = new Signal<Nowhere | undefined>(undefined);
  private line: TraceLine | undefined;
  private serial = 0;

  constructor(private readonly session: string) {}

  /** Has somebody keep the trace, until `close`. */
  open(span: SpanName | undefined, view: ViewWish, folds: FoldWish): void {
    this.line = openTrace((said) => this.receive(said));
    this.send({ type: "open", session: this.session, span, view, folds });
  }

  send(said: ToTrace): void {
    this.line?.send(said);
  }

  go(step: Step): void {
    this.send({ type: "go", step });
  }

  close(): void {
    this.line?.close();
    this.line = undefined;
  }

  /** Hands on what a batch says of this session. */
  live(batch: LiveBatch): void {
    const spans: SpanSummary[] = [];
    let joined = false;
    for (const event of batch.events) {
      if ("span" in event && event.session_id === this.session) spans.push({ ...event.span, event_id: event.id });
      if (event.type === "SessionMerged" && event.into === this.session) joined = true;
    }
    if (spans.length > 0) this.send({ type: "live", spans });
    if (joined || batch.resync !== undefined) this.send({ type: "load", all: joined });
  }

  private receive(said: FromTrace): void {
    if (said.type === "shape") {
      this.shape.set(said.shape);
    } else if (said.type === "frame") {
      if (said.frame.failure?.code === "sign_in_required") signInRequired.set(true);
      this.frame.set(keepSame(this.frame.get(), said.frame));
    } else if (!said.found) {
      this.serial += 1;
      this.nowhere.set({ step: said.step, serial: this.serial });
    } else {
      this.nowhere.set(undefined);
    }
  }
}

/** The new frame, with the old objects for rows that are as they were: only what changed is drawn anew. */
export function keepSame(before: TraceFrame, after: TraceFrame): TraceFrame {
  const known = new Map(before.rows.map((row) => [row.key, row]));
  const same = (row: Row): Row => {
    const old = known.get(row.key);
    return old !== undefined && isSame(old, row) ? old : row;
  };
  const { chosen } = after;
  const stays = chosen !== undefined && before.chosen !== undefined && isSame(before.chosen, chosen) && before.chosen.index === chosen.index;
  return { ...after, rows: after.rows.map(same), chosen: stays ? before.chosen : chosen };
}

function isSame(a: Row, b: Row): boolean {
  return (
    a.key === b.key &&
    a.span.event_id === b.span.event_id &&
    a.span.parent_span_id === b.span.parent_span_id &&
    a.depth === b.depth &&
    a.descendants === b.descendants &&
    a.errorsBelow === b.errorsBelow &&
    a.position === b.position &&
    a.siblings === b.siblings &&
    a.folded === b.folded &&
    a.context === b.context &&
    a.match === b.match &&
    a.tokens === b.tokens &&
    a.usd === b.usd &&
    a.unpriced === b.unpriced &&
    a.self === b.self &&
    isEqual(a.busy, b.busy)
  );
}

function isEqual(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a === b || (a !== undefined && a.length === b?.length && a.every((part, index) => part === b[index]));
}

export function errorOf(failure: Failure | undefined): Error | undefined {
  if (failure === undefined) return undefined;
  const { status, code, message, detail } = failure;
  return status === undefined ? new Error(message) : new ApiError(status, code, message, detail, undefined);
}
