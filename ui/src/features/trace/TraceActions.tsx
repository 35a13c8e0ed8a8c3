import { useQueryClient } from "@tanstack/react-query";
import { CircleDot, CircleStop, Download, Ellipsis, OctagonPause, Pin, PinOff } from "lucide-react";
import { Suspense, lazy, useEffect, useRef, useState } from "react";
import { useBarred } from "../../api/barred";
import { cancelSession, pinSession, removeSession, setBreakpoint, traceUrl } from "../../api/control";
import { refusalWords } from "../../api/refusal";
import type { Session } from "../../api/types";
import { copyText } from "../../components/copyText";
import { curlOf, traceFileName } from "../../model/curl";
import { revealed } from "../../model/reveal";
import { can, isAlive } from "../../model/sessionControls";
import { oneLine } from "../../model/text";
import { Menu } from "./Menu";

type Asking = "remove" | "cancel" | "breakpoints";

const Breakpoints = lazy(() => import("./answer/Breakpoints"));

/** What can be done with a session. The host decides what is allowed; when it refuses, its words stand here. */
export function TraceActions({ id, session, leave }: { id: string; session: Session | undefined; leave: () => void }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState<Asking>();
  const [said, setSaid] = useState<{ text: string; failed: boolean }>();
  const alive = session !== undefined && isAlive(session);
  const cancellable = alive && can(session, "cancel");
  const pinned = session?.pinned === true;
  const barred = useBarred("change");
  const notRemoved = useBarred("remove");

  async function act(doing: string, action: () => Promise<void>, done: string | undefined): Promise<boolean> {
    setBusy(true);
    setSaid(undefined);
    try {
      await action();
      if (done !== undefined) setSaid({ text: done, failed: false });
      return true;
    } catch (error) {
      setSaid({ text: `${doing} failed: ${refusalWords(error)}`, failed: true });
      return false;
    } finally {
      setBusy(false);
    }
  }

  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ["session", id] });
  const copy = (what: string, text: string): void => void act(`Copying ${what}`, () => copyText(text), `Copied ${what}`);

  return (
    <div className="trace-actions">
      {cancellable && (
        <button type="button" className="tool" aria-label="Cancel" title={barred ?? "Ask the engine to stop this session"} disabled={busy || barred !== undefined} onClick={() => setAsking("cancel")}>
          <CircleStop size={14} aria-hidden />
          <span className="tool-word">Cancel</span>
        </button>
      )}
      {alive && can(session, "step") && (
        <>
          <button
            type="button"
            className="tool"
            aria-label="Stop next"
            title={barred ?? "Stop this session at its next checkpoint"}
            disabled={busy || barred !== undefined}
            onClick={() => void act("Stopping", () => setBreakpoint({ session_id: id, once: true }), "Stops at its next checkpoint")}
          >
            <CircleDot size={14} aria-hidden />
            <span className="tool-word">Stop next</span>
          </button>
          <button type="button" className="tool" aria-label="Breakpoints…" title="Where sessions are to stop" onClick={() => setAsking("breakpoints")}>
            <OctagonPause size={14} aria-hidden />
            <span className="tool-word">Breakpoints…</span>
          </button>
        </>
      )}
      <button
        type="button"
        className="tool"
        aria-pressed={pinned}
        aria-label={pinned ? "Unpin" : "Pin"}
        title={barred ?? (pinned ? "Pinned: kept whatever the bounds on history say. Press to unpin." : "Pin: keep it, whatever the bounds on history say")}
        disabled={busy || session === undefined || barred !== undefined}
        onClick={() => void act(pinned ? "Unpinning" : "Pinning", () => pinSession(id, !pinned).then(refresh), pinned ? "Unpinned" : "Pinned")}
      >
        {pinned ? <PinOff size={14} aria-hidden /> : <Pin size={14} aria-hidden />}
      </button>
      <a className="tool" href={traceUrl(id).href} download={traceFileName(id)} aria-label="Download the trace" title="Download the trace as JSON lines">
        <Download size={14} aria-hidden />
      </a>
      <Menu label={<Ellipsis size={14} aria-hidden />} name="More actions" align="right">
        <button type="button" className="menu-item" onClick={() => copy("the link", location.href)}>
          Copy link
        </button>
        <button type="button" className="menu-item" onClick={() => copy("the command", curlOf(traceUrl(id)))}>
          Copy as curl
        </button>
        <button type="button" className="menu-item is-danger" disabled={session === undefined || alive || notRemoved !== undefined} onClick={() => setAsking("remove")}>
          Delete…
        </button>
        {notRemoved !== undefined && <p className="menu-hint foreign">{notRemoved}</p>}
        {alive && notRemoved === undefined && (
          <p className="menu-hint">
            {cancellable
              ? "A running session cannot be deleted; cancel it first."
              : "A running session cannot be deleted, and this one cannot be cancelled from here: nothing takes orders for it, or this page may only look."}
          </p>
        )}
      </Menu>
      {said && <Said failed={said.failed} text={said.text} onClose={() => setSaid(undefined)} />}
      {asking === "remove" && (
        <Confirm
          title="Delete this session?"
          text={`“${oneLine(session?.title ?? "") || revealed(id)}” and everything that is kept of it will be gone for good.`}
          action="Delete"
          busy={busy}
          onClose={() => setAsking(undefined)}
          onConfirm={() =>
            void act("Deleting", () => removeSession(id), undefined).then((done) => {
              setAsking(undefined);
              if (!done) return;
              client.removeQueries({ queryKey: ["session", id] });
              leave();
            })
          }
        />
      )}
      {asking === "breakpoints" && (
        <Suspense>
          <Breakpoints session={id} onClose={() => setAsking(undefined)} />
        </Suspense>
      )}
      {asking === "cancel" && (
        <Confirm
          title="Cancel this session?"
          text="Its engine is asked to stop it. What was recorded stays."
          action="Cancel the session"
          busy={busy}
          onClose={() => setAsking(undefined)}
          onConfirm={() =>
            void act("Cancelling", () => cancelSession(id), "Asked to stop. The session says when it has.").then(() => setAsking(undefined))
          }
        />
      )}
    </div>
  );
}

const SHOWN_MS = 3_000;

/** Good news leaves by itself; a refusal stays until it was read. */
function Said({ failed, text, onClose }: { failed: boolean; text: string; onClose: () => void }) {
  useEffect(() => {
    if (failed) return;
    const timer = setTimeout(onClose, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [failed, text, onClose]);
  return (
    <div className={`trace-said${failed ? " is-failed" : ""}`} role={failed ? "alert" : "status"}>
      <span>{text}</span>
      {failed && (
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      )}
    </div>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

function Confirm({ title, text, action, busy, onConfirm, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="confirm" aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      <p className="muted foreign">{text}</p>
      <div className="confirm-buttons">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button type="button" className="button is-danger" disabled={busy} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </dialog>
  );
}
