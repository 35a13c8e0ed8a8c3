import { useEffect, useId, useMemo, useRef, useState } from "react";
import type { Session, Wait } from "../../../api/types";
import { Revealed } from "../../../components/Revealed";
import { Ago, Duration } from "../../../components/Time";
import { type Json, type Wrong, formOf, initialOf, wrongIn } from "../../../model/schemaForm";
import { can } from "../../../model/sessionControls";
import { oneLine } from "../../../model/text";
import { Denial } from "./Denial";
import { FormField } from "./FormField";
import { useDraft } from "./useDraft";
import { useSending } from "./useSending";

/** A question, the form for its answer, and what became of it. */
export function WaitCard({ session, wait }: { session: Session; wait: Wait }) {
  const title = useId();
  const form = useRef<HTMLFormElement>(null);
  const field = useMemo(() => formOf(wait.schema), [wait.schema]);
  const [value, setValue, forget] = useDraft(wait.wait_id ?? `${session.id}.${wait.signal_name}`, initialOf(field));
  const [found, setFound] = useState<readonly Wrong[]>([]);
  const [sending, send] = useSending(session.id, wait);
  const allowed = can(session, "signal");
  const busy = sending.at === "sending" || sending.at === "accepted" || !allowed;
  const over = sending.at === "refused" && sending.over;
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
    shown?.addEventListener("keydown", submit);
    return () => shown?.removeEventListener("keydown", submit);
  }, []);

  async function answer(said: Json | undefined): Promise<void> {
    const missing = wait.schema === undefined ? [] : wrongIn(field, said);
    setFound(missing);
    if (missing.length > 0) focusOn(form.current, missing[0]?.pointer);
    else await send({ payload: said ?? null });
  }

  return (
    <form
      ref={form}
      className="answer"
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
        {wait.until !== undefined && (
          <span className="faint">
            of <Duration start={wait.since} end={wait.until} running={false} />
          </span>
        )}
      </div>
      {wait.prompt !== undefined && (
        <p className="answer-prompt foreign">
          <Revealed text={wait.prompt} />
        </p>
      )}
      <fieldset className="answer-body" disabled={busy || over}>
        {!plain && <FormField field={field} name="" required pointer="" value={value} wrong={wrong} onChange={setValue} />}
        <div className="answer-buttons">
          {plain ? (
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
          {wait.wait_id !== undefined && <Denial onDeny={(reason) => void send({ deny: reason === "" ? {} : { reason } })} />}
        </div>
      </fieldset>
      <State sending={sending} allowed={allowed} />
    </form>
  );
}

/** What became of it, told to a screen reader too. */
export function State({ sending, allowed }: { sending: ReturnType<typeof useSending>[0]; allowed: boolean }) {
  const failed = sending.at === "refused";
  const words = {
    open: allowed ? "" : "You may look at this, and not answer it.",
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

function focusOn(form: HTMLFormElement | null, pointer: string | undefined): void {
  const field = [...(form?.querySelectorAll<HTMLElement>("[data-pointer]") ?? [])].find((each) => each.dataset.pointer === pointer);
  field?.querySelector<HTMLElement>("input, textarea, select")?.focus();
}
