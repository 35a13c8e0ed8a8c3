/**
 * The one door to local storage. It may be missing, full or forbidden (private windows, blocked site data); a preference
 * that can't be kept is not worth an error.
 */
const PREFIX = "agent-inspector:";

export function recall(key: string): string | null {
  try {
    return globalThis.localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) globalThis.localStorage.removeItem(PREFIX + key);
    else globalThis.localStorage.setItem(PREFIX + key, value);
  } catch {
    // See above: it then simply lasts as long as the page.
  }
}
