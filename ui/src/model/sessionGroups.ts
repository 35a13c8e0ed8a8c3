import type { Session } from "../api/types";

export interface SessionEntry {
  session: Session;
  /** 0 for one that stands at its own place. */
  depth: number;
  /** Sessions that it started, as far as they are in the list. */
  children: number;
  open: boolean;
}

/** Every session at its own place. */
export function flatEntries(rows: readonly Session[]): SessionEntry[] {
  return rows.map((session) => ({ session, depth: 0, children: 0, open: false }));
}

/**
 * Sessions below the one that started them. A session whose parent is not in the list stays at its own place, and so does one
 * that claims to be its own ancestor: nothing is hidden by what a program says about itself.
 */
export function groupSessions(rows: readonly Session[], folded: ReadonlySet<string>): SessionEntry[] {
  const known = new Set(rows.map(({ id }) => id));
  const below = new Map<string, Session[]>();
  const tops: Session[] = [];
  for (const session of rows) {
    const parent = session.parent_session_id;
    if (parent == null || parent === session.id || !known.has(parent)) tops.push(session);
    else if (below.has(parent)) below.get(parent)?.push(session);
    else below.set(parent, [session]);
  }
  const entries: SessionEntry[] = [];
  const placed = new Set<string>();
  const place = (top: Session): void => {
    // Whoever wants to be the ancestor of thousands may: this goes as deep as memory and not as the stack.
    const ahead = [{ session: top, depth: 0, shown: true }];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      const { session, depth, shown } = next;
      if (placed.has(session.id)) continue;
      placed.add(session.id);
      const children = below.get(session.id) ?? [];
      const open = children.length > 0 && !folded.has(session.id);
      if (shown) entries.push({ session, depth, children: children.length, open });
      for (const child of children.toReversed()) ahead.push({ session: child, depth: depth + 1, shown: shown && open });
    }
  };
  for (const session of tops) place(session);
  // Whoever is left stands in a circle of parents.
  for (const session of rows) place(session);
  return entries;
}
