import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useBarred } from "../../../api/barred";
import type { Session, Wait } from "../../../api/types";
import { Revealed } from "../../../components/Revealed";
import { Remaining } from "../../../components/Remaining";
import { Ago } from "../../../components/Time";
import { type Json, type Wrong, formOf, initialOf, wrongIn } from "../../../model/schemaForm";
import { can } from "../../../model/sessionControls";
import { oneLine } from "../../../model/text";
import { Denial } from "./Denial";
import { FormField } from "./FormField";
import { type Over, OverNote } from "./OverNote";
import type { Mark } from "./shownWaits";
import { useDraft } from "./useDraft";
import { useMark } from "./useMark";
import { type Sending, useSending } from "./useSending";

export interface CardProps {
  session: Session;
  wait: Wait;
  /** When it ended without this reader. */
  over: Over | undefined;
  onMark: (mark: Mark) => void;
}

/** A question, the form for its answer, and what became of it. */
export function WaitCard({ session, wait, over, onMark }: CardProps) {
  const title = useId();
  const form = useRef<HTMLFormElement>(null);
  const field = useMemo(() => formOf(wait.schema), [wait.schema]);
  const initial = useMemo(() => initialOf(field), [field]);
  const [value, setValue, forget] = useDraft(wait.wait_id ?? `${session.id}.${wait.signal_name}`, initial);
  const [reason, setReason] = useState("");
  // Whoever stands in a field is about to type: a card that went then would send the letters to the page.
  const [entered, setEntered] = useState(false);
  // Also what is no JSON yet, and so no value.
  const [touched, setTouched] = useState(false);
  const [found, setFound] = useState<readonly Wrong[]>([]);
  const [sending, send] = useSending(session.id, wait);
  const typed = touched || reason !== "" || JSON.stringify(value) !== JSON.stringify(initial);
  useMark(entered || typed, sending, onMark);
  const barred = useBarred("change");
  const allowed = mayAnswer(session, over) && barred === undefined;
  const busy = sending.at === "sending" || sending.at === "accepted" || !allowed;
  const late = sending.at === "refused" && sending.over;
  const wrong = found.length > 0 ? found : sending.at === "refused" ? sending.wrong : [];
  // A yes or no alone needs no form: two buttons say it.
  const plain = field.kind === "boolean";

  useEffect(() => {
    if (sending.at === "accepted") forget();
    // Forgotten once, when it was taken.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [sending.at]);
  useEffect(() => {
    const shown = form.current;
    const submit = (event: KeyboardEvent): void => {
      // Whoever writes why it is denied means that, and not the form.
      const denies = event.target instanceof Element && event.target.closest(".answer-denial") !== null;
      if (!denies && event.key === "Enter" && (event.ctrlKey || event.metaKey)) shown?.requestSubmit();
    };
    const enter = (event: FocusEvent): void => {
      if (event.target instanceof Element && event.target.matches("input, textarea, select")) setEntered(true);
    };
    shown?.addEventListener("keydown", submit);
    shown?.addEventListener("focusin", enter);
    return () => {
      shown?.removeEventListener("keydown", submit);
      shown?.removeEventListener("focusin", enter);
    };
  }, []);

  async function answer(said: Json | undefined): Promise<void> {
    if (over !== undefined) return;
    const missing = wait.schema === undefined ? [] : wrongIn(field, said);
    setFound(missing);
    if (missing.length > 0) focusOn(form.current, missing[0]?.pointer);
    else await send({ payload: said ?? null });
  }

  return (
    <form
      ref={form}
      className={`answer${over === undefined ? "" : " is-over"}`}
      aria-labelledby={title}
      onSubmit={(event) => {
        event.preventDefault();
        void answer(value);
      }}
    >
      <div className="answer-head">
        <h2 id={title} className="answer-signal foreign">
          {oneLine(wait.signal_name)}
        </h2>
        <Ago time={wait.since} />
        {wait.until !== undefined && over === undefined && <Remaining until={wait.until} />}
      </div>
      {wait.prompt !== undefined && (
        <p className="answer-prompt foreign">
          <Revealed text={wait.prompt} />
        </p>
      )}
      {(over === undefined || entered || typed) && (
        // React's own listener: one that drew the form anew before React has heard of the letter would take it away.
        <fieldset className="answer-body" disabled={busy || (late && over === undefined)} onInput={() => setTouched(true)}>
          {!plain && <FormField field={field} name="" required pointer="" value={value} wrong={wrong} onChange={setValue} />}
          <div className="answer-buttons">
            {over !== undefined ? null : plain ? (
              <>
                <button type="button" className="button is-primary" onClick={() => void answer(true)}>
                  Yes
                </button>
                <button type="button" className="button" onClick={() => void answer(false)}>
                  No
                </button>
              </>
            ) : (
              <button type="submit" className="button is-primary" title="Ctrl+Enter">
                Send
              </button>
            )}
            {wait.wait_id !== undefined && (
              <Denial reason={reason} onReason={setReason} onDeny={over === undefined ? () => void send({ deny: reason === "" ? {} : { reason } }) : undefined} />
            )}
          </div>
        </fieldset>
      )}
      {over === undefined || sending.at === "sending" ? (
        <State sending={sending} allowed={allowed} barred={barred} />
      ) : (
        <OverNote
          session={session}
          wait={wait}
          over={over}
          draft={typed ? () => draftText(form.current, value, reason) : undefined}
          onDismiss={() => {
            forget();
            over.onDismiss();
          }}
        />
      )}
    </form>
  );
}

/** A session that goes on is about to say what became of the wait; a form that were disabled until then would lose the focus. */
export function mayAnswer(session: Session, over: Over | undefined): boolean {
  return over !== undefined || session.status !== "paused" || can(session, "signal");
}

/** What became of it, told to a screen reader too. */
export function State({ sending, allowed, barred }: { sending: Sending; allowed: boolean; barred: string | undefined }) {
  const failed = sending.at === "refused";
  const words = {
    open: allowed ? "" : (barred ?? "You may look at this, and not answer it."),
    sending: "Sending…",
    accepted: "Accepted. The session goes on.",
    refused: failed ? sending.message : "",
  }[sending.at];
  const parts = failed ? sending.wrong.filter((each) => each.pointer === "" || each.pointer.startsWith("/patch") || each.pointer === "/action") : [];
  return (
    <div className={`answer-state foreign${failed ? " is-failed" : ""}`} role={failed ? "alert" : "status"}>
      {words}
      {parts.map((each) => (
        <p key={each.pointer + each.message}>{each.message}</p>
      ))}
    </div>
  );
}

/** What was begun, to be used elsewhere: also JSON that is none yet. */
function draftText(form: HTMLFormElement | null, value: Json | undefined, reason: string): string {
  const unread = [...(form?.querySelectorAll<HTMLTextAreaElement>("textarea:invalid") ?? [])].map((box) => box.value);
  const said = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return [said, ...unread, reason].filter((part) => part !== "").join("\n");
}

function focusOn(form: HTMLFormElement | null, pointer: string | undefined): void {
  const field = [...(form?.querySelectorAll<HTMLElement>("[data-pointer]") ?? [])].find((each) => each.dataset.pointer === pointer);
  field?.querySelector<HTMLElement>("input, textarea, select")?.focus();
}
