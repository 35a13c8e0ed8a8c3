import { LogOut } from "lucide-react";
import { useState, useSyncExternalStore } from "react";
import { signedIn } from "../api/client";
import { refusalWords } from "../api/refusal";
import { leave } from "./leave";

/** Only where somebody signed in: who is let in as they are has nothing to leave. */
export function SignOut() {
  const is = useSyncExternalStore(signedIn.subscribe, signedIn.get);
  const [failed, setFailed] = useState<string>();
  if (!is) return null;
  const title = failed === undefined ? "Sign out, in all tabs of this browser" : `Signing out failed: ${failed}`;
  return (
    <>
      <button type="button" className="icon-button" aria-label="Sign out" title={title} onClick={() => void leave().catch((error: unknown) => setFailed(refusalWords(error)))}>
        <LogOut size={16} strokeWidth={1.75} aria-hidden />
      </button>
      <span role="alert" className="only-read">
        {failed !== undefined && title}
      </span>
    </>
  );
}
