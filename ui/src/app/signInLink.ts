import { signIn, signInRequired } from "../api/client";

/**
 * Follows a sign-in link (`…/ui/#token=…`). The token stands after the hash so that it reaches no log, and leaves the
 * address before anything else happens so that it is neither bookmarked nor shared by accident.
 */
export async function followSignInLink(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    await signIn(token);
  } catch {
    // An old link. The form says what to do, unless an earlier cookie is still good: then nothing was lost.
    signInRequired.set(false);
  }
}
