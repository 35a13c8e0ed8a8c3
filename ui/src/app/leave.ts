import { signOut } from "../api/client";

/** What was begun and not sent is nobody else's to read. */
const DRAFTS = "inspector.draft.";

/** Signs out, and begins anew with nothing in memory: whoever comes next sees nothing of what was shown. */
export async function leave(): Promise<void> {
  await signOut();
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(DRAFTS)) sessionStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
  location.reload();
}
