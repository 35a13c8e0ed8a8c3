import type { LiveBatch, LiveStatus } from "../api/live";

/** Whether a tab wants the stream now, and of it every event. */
export interface Need {
  needs: boolean;
  feed?: boolean;
}

/** What a tab says to whoever holds the stream for it. */
export type ToHub =
  /** It is there (again). `place` is the last id it knows of; `lock` is held for as long as it lives. */
  | ({ type: "join"; place: number | undefined; lock: string | undefined } & Need)
  | ({ type: "need" } & Need)
  | { type: "retry" }
  /** The browser has the host's cookie now. */
  | { type: "signed-in" }
  /** It has it no longer: the stream must not outlive it. */
  | { type: "signed-out" }
  | { type: "ping" }
  | { type: "pong" }
  | { type: "leave" };

/** What is said to a tab. */
export type ToTab =
  /** Who is there? Every tab joins (again). */
  | { type: "call" }
  /** `signIn`: the stream waits until somebody signs in. */
  | { type: "status"; status: LiveStatus; signIn: boolean }
  /** `place` is the id the stream has come to. */
  | { type: "batch"; batch: LiveBatch; place: number | undefined }
  | { type: "ping" }
  | { type: "pong" };

/** A tab's way to whoever holds the stream. */
export interface Link {
  /** Connects. `failed` says that this way does not exist here after all. */
  open(receive: (said: ToTab) => void, failed: () => void): void;
  send(said: ToHub): void;
  /** The other side has gone silent: looks for another one. */
  replace(): void;
  close(): void;
}
