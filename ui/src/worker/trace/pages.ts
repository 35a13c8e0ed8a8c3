import { ApiError } from "../../api/client";
import { listSpans } from "../../api/requests";
import type { SpanSummary } from "../../api/types";
import type { Failure } from "./messages";

interface Told {
  /** What was told before is of another store. */
  forget: () => void;
  take: (spans: readonly SpanSummary[]) => void;
  changed: () => void;
}

/**
 * Fetches the spans of one session page by page, then only what changed.
 *
 * Fetched pages and live events may cross in any order. Every span carries the id of the event that last changed it and
 * the tree keeps the younger, so no order of arrival can undo anything.
 */
export class Pages {
  total: number | undefined;
  failure: Failure | undefined;
  private asOf: number | undefined;
  private fetching: AbortController | undefined;
  private again = false;
  private begun = false;

  constructor(
    private readonly session: string,
    private readonly told: Told,
  ) {}

  get loading(): boolean {
    return !this.begun || this.fetching !== undefined;
  }

  async load(all: boolean): Promise<void> {
    if (all) this.asOf = undefined;
    this.begun = true;
    if (this.fetching !== undefined) {
      this.again = true;
      return;
    }
    const fetching = new AbortController();
    this.fetching = fetching;
    this.failure = undefined;
    try {
      await this.fetch(fetching.signal);
    } catch (error) {
      if (fetching.signal.aborted) return;
      this.failure = failureOf(error);
    }
    this.fetching = undefined;
    this.told.changed();
    if (this.again) {
      this.again = false;
      await this.load(false);
    }
  }

  stop(): void {
    this.fetching?.abort();
    this.fetching = undefined;
    this.again = false;
  }

  private async fetch(signal: AbortSignal): Promise<void> {
    const since = this.asOf;
    let asOf: number | undefined;
    let cursor: string | undefined;
    do {
      const page = await listSpans(this.session, { cursor, since }, signal);
      // Ids only grow within one store. One that stands before its own past is another: what changed in it means nothing here.
      if (since !== undefined && page.as_of < since) {
        this.told.forget();
        this.asOf = undefined;
        return this.fetch(signal);
      }
      // Later pages may be younger. The oldest is the only moment of which all pages know everything.
      asOf = Math.min(asOf ?? page.as_of, page.as_of);
      if (since === undefined) this.total = page.total;
      cursor = page.next_cursor;
      this.told.take(page.spans);
    } while (cursor != null);
    this.asOf = asOf;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    return { status: error.status, code: error.code, message: error.message, detail: error.detail };
  }
  return { status: undefined, code: "", message: error instanceof Error ? error.message : String(error), detail: undefined };
}
