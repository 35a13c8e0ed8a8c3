import type { LiveBatch } from "./live";

/** A hidden tab gets no frames; it must still keep up, or it wakes with a mountain. */
const HIDDEN_MS = 250;

/** Joins what arrives within one frame, so that a thousand events cost one render. */
export class Batcher {
  private pending: LiveBatch | undefined;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly deliver: (batch: LiveBatch) => void) {}

  add(batch: LiveBatch): void {
    if (this.pending === undefined) {
      this.pending = { ...batch, events: [...batch.events] };
      this.frame = requestAnimationFrame(this.flush);
      this.timer = setTimeout(this.flush, HIDDEN_MS);
      return;
    }
    for (const event of batch.events) this.pending.events.push(event);
    if (batch.resync !== undefined) {
      const before = this.pending.resync?.missed;
      const missed = before === undefined ? batch.resync.missed : before + (batch.resync.missed ?? 0);
      this.pending.resync = { missed };
    }
  }

  private readonly flush = (): void => {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    const batch = this.pending;
    this.pending = undefined;
    if (batch !== undefined) this.deliver(batch);
  };
}
