import type { Wait } from "../../../api/types";

/** How far the reader's own answer came: what would be lost if the card went. */
export type Mark = "untouched" | "begun" | "sending" | "accepted";

/** A question with its card. It stays after its end, until the reader has seen what became of it. */
export interface ShownWait {
  readonly key: string;
  readonly wait: Wait;
  readonly mark: Mark;
  /** 0 while it is asked; else the how-manieth end it was that was seen here. */
  readonly over: number;
}

/** So many that ended elsewhere are kept in sight. */
export const MOST_OVER = 20;

function keyOf(wait: Wait): string {
  return wait.wait_id ?? `${wait.signal_name} ${wait.since}`;
}

/** What is shown once the host has told what is asked now. Nothing changes its place. */
export function shownAfter(before: readonly ShownWait[], asked: readonly Wait[]): readonly ShownWait[] {
  const now = new Map(asked.map((wait) => [keyOf(wait), wait]));
  let ends = Math.max(0, ...before.map(({ over }) => over));
  const kept = before.map((shown): ShownWait => {
    const wait = now.get(shown.key);
    now.delete(shown.key);
    if (wait !== undefined) return { ...shown, wait, over: 0 };
    return shown.over > 0 ? shown : { ...shown, over: ++ends };
  });
  const added = [...now].map(([key, wait]): ShownWait => ({ key, wait, mark: "untouched", over: 0 }));
  return withoutDone([...kept, ...added]);
}

export function marked(shown: readonly ShownWait[], key: string, mark: Mark): readonly ShownWait[] {
  const before = shown.find((each) => each.key === key);
  if (before === undefined || before.mark === mark) return shown;
  return withoutDone(shown.map((each) => (each.key === key ? { ...each, mark } : each)));
}

export function dismissed(shown: readonly ShownWait[], key: string): readonly ShownWait[] {
  return shown.filter((each) => each.key !== key || each.over === 0);
}

/**
 * Without those that need no word more: answered from here, or looked at only, except for the last one of these, so that nothing
 * vanishes without a word.
 */
function withoutDone(shown: readonly ShownWait[]): readonly ShownWait[] {
  const latest = Math.max(0, ...shown.map(({ mark, over }) => (mark === "untouched" ? over : 0)));
  const left = shown.filter(({ mark, over }) => over === 0 || (mark !== "accepted" && (mark !== "untouched" || over === latest)));
  const oldest = left.map(({ over }) => over).filter((over) => over > 0).sort((one, other) => other - one)[MOST_OVER - 1] ?? 0;
  return left.filter(({ over }) => over === 0 || over >= oldest);
}
