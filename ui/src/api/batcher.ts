import { type LiveBatch, joined } from "./live";

/** A hidden tab gets no frames; it must still keep up, or it wakes with a mountain. */
const HIDDEN_MS = 250;

/** Runs `flush` once, soon; the answer calls it off. */
export type Soon = (flush: () => void) => () => void;

/** With the next frame, so that a thousand events cost one render. */
export const withFrame: Soon = (flush) => {
  const frame = requestAnimationFrame(flush);
  const timer = setTimeout(flush, HIDDEN_MS);
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
};

/** Joins what arrives close together. */
export class Batcher {
  private pending: LiveBatch | undefined;
  private callOff: (() => void) | undefined;

  constructor(
    private readonly deliver: (batch: LiveBatch) => void,
    private readonly soon: Soon = withFrame,
  ) {}

  add(batch: LiveBatch): void {
    if (this.pending !== undefined) {
      joined(this.pending, batch);
      return;
    }
    this.pending = { ...batch, events: [...batch.events], ...(batch.feed && { feed: [...batch.feed] }) };
    this.callOff = this.soon(this.flush);
  }

  /** Delivers now what was held back; nothing when there is nothing. */
  readonly flush = (): void => {
    this.callOff?.();
    this.callOff = undefined;
    const batch = this.pending;
    this.pending = undefined;
    if (batch !== undefined) this.deliver(batch);
  };
}
