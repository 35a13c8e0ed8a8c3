import { useEffect, useRef } from "react";
import { SignInPage } from "./Page";

/** Over the page as it was: nothing of it is lost, seen or reached until somebody is in again. */
export function SignInAgain() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="sign-in-over"
      aria-label="Sign in again"
      onCancel={(event) => event.preventDefault()}
      // A browser lets go after a second Escape, whatever is said to the first.
      onClose={() => dialog.current?.showModal()}
    >
      <SignInPage again />
    </dialog>
  );
}
