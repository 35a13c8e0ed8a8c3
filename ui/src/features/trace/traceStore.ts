import type { LiveBatch } from "../../api/live";
import { listSpans } from "../../api/requests";
import { Signal } from "../../api/signal";
import type { SpanSummary } from "../../api/types";
import { type SpanNode, TraceTree } from "../../model/traceTree";

export interface TraceSnapshot {
  /** All spans in reading order; the same array while the shape is the same. */
  order: readonly SpanNode[];
  /** Changes with every batch, also when `order` does not: a span may have ended where it stands. */
  version: number;
  start: number;
  end: number;
  running: number;
  /** How many spans the host says there are, while they are being fetched. */
  total: number | undefined;
  loading: boolean;
  error: Error | undefined;
}

/**
 * The spans of one open session: fetched page by page and drawn as they come, then kept current by the stream.
 *
 * Fetched pages and live events may cross in any order. Every span carries the id of the event that last changed it and
 * the tree keeps the younger, so no order of arrival can undo anything.
 */
export class TraceStore {
  readonly tree = new TraceTree();
  readonly snapshot: Signal<TraceSnapshot>;
  private version = 0;
  private asOf: number | undefined;
  private fetching: AbortController | undefined;
  private again = false;
  private total: number | undefined;
  private error: Error | undefined;

  constructor(private readonly sessionId: string) {
    this.snapshot = new Signal<TraceSnapshot>(this.take());
  }

  /** Fetches everything, or only what changed since the last complete fetch. */
  async load(): Promise<void> {
    if (this.fetching !== undefined) {
      this.again = true;
      return;
    }
    const fetching = new AbortController();
    this.fetching = fetching;
    this.error = undefined;
    try {
      await this.pages(fetching.signal);
    } catch (error) {
      if (fetching.signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
    }
    this.fetching = undefined;
    this.publish();
    if (this.again) {
      this.again = false;
      await this.load();
    }
  }

  /** Forgets what is known about freshness and fetches all: other traces may have joined this session. */
  async reload(): Promise<void> {
    this.asOf = undefined;
    await this.load();
  }

  stop(): void {
    this.fetching?.abort();
    this.fetching = undefined;
    this.again = false;
  }

  /** Applies one batch of the stream: one pass, one publication. */
  live(batch: LiveBatch): void {
    const spans: SpanSummary[] = [];
    let joined = false;
    for (const event of batch.events) {
      if ("span" in event && event.session_id === this.sessionId) spans.push({ ...event.span, event_id: event.id });
      if (event.type === "SessionMerged" && event.into === this.sessionId) joined = true;
    }
    if (spans.length > 0) {
      this.tree.upsert(spans);
      this.publish();
    }
    if (joined) void this.reload();
    else if (batch.resync !== undefined) void this.load();
  }

  private async pages(signal: AbortSignal): Promise<void> {
    const since = this.asOf;
    let asOf: number | undefined;
    let cursor: string | undefined;
    do {
      const page = await listSpans(this.sessionId, { cursor, since }, signal);
      // Later pages may be younger. The oldest is the only moment of which all pages know everything.
      asOf = Math.min(asOf ?? page.as_of, page.as_of);
      if (since === undefined) this.total = page.total;
      this.tree.upsert(page.spans);
      cursor = page.next_cursor;
      this.publish();
    } while (cursor != null);
    this.asOf = asOf;
  }

  private publish(): void {
    this.version += 1;
    this.snapshot.set(this.take());
  }

  private take(): TraceSnapshot {
    const { tree } = this;
    return {
      order: tree.flatten(),
      version: this.version,
      start: tree.start,
      end: tree.end,
      running: tree.running,
      total: this.total,
      loading: this.version === 0 || this.fetching !== undefined,
      error: this.error,
    };
  }
}
