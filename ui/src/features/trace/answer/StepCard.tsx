import { useEffect, useEffectEvent, useId, useMemo, useRef, useState } from "react";
import { useBarred } from "../../../api/barred";
import type { StepPoint } from "../../../api/types";
import { Remaining } from "../../../components/Remaining";
import { Ago } from "../../../components/Time";
import { useKeys } from "../../../components/useKeys";
import { type PatchStep, jsonPatch } from "../../../model/jsonPatch";
import { revealed } from "../../../model/reveal";
import { type Json, type Wrong, formOf, wrongIn } from "../../../model/schemaForm";
import { oneLine } from "../../../model/text";
import { FormField } from "./FormField";
import { OverNote } from "./OverNote";
import { useMark } from "./useMark";
import { useSending } from "./useSending";
import { type CardProps, State, mayAnswer } from "./WaitCard";

const ACTIONS = [
  { action: "continue", word: "Continue", about: "To the next breakpoint", key: "C" },
  { action: "step", word: "Step", about: "To the next checkpoint, whichever it is", key: "S" },
  { action: "skip", word: "Skip", about: "Without what it was about to do", key: "K" },
  { action: "abort", word: "Abort", about: "Not at all", key: "A" },
] as const;

interface Props extends CardProps {
  point: StepPoint;
  /** Whether the keys of the page mean this one: of several that stopped, one. */
  hasKeys: boolean;
}

/** A session that stopped at a checkpoint: its state there, and how it is to go on. */
export function StepCard({ session, wait, over, onMark, point, hasKeys }: Props) {
  const title = useId();
  const [editing, setEditing] = useState(false);
  const [patch, setPatch] = useState<readonly PatchStep[]>([]);
  const [sending, send] = useSending(session.id, wait);
  useMark(editing, sending, onMark);
  const barred = useBarred("change");
  const allowed = mayAnswer(session, over) && barred === undefined;
  const busy = sending.at === "sending" || sending.at === "accepted" || !allowed;
  const late = sending.at === "refused" && sending.over;
  const stopped = [oneLine(point.checkpoint), point.tool !== undefined && `before ${oneLine(point.tool)}`, point.agent !== undefined && `as ${oneLine(point.agent)}`];
  const go = (action: (typeof ACTIONS)[number]["action"]): void => void send({ payload: { action } });
  const free = hasKeys && over === undefined && !editing && !busy && !late;
  // With Shift, so that no stray letter lets an agent go on; Caps Lock alone is no Shift, and a key held down is one.
  const pressed = (action: Parameters<typeof go>[0]) => (event: KeyboardEvent): void => {
    if (event.shiftKey && !event.repeat) go(action);
  };
  useKeys(free ? Object.fromEntries(ACTIONS.map(({ action, key }) => [key, pressed(action)])) : {});
  return (
    <section className={`answer${over === undefined ? "" : " is-over"}`} aria-labelledby={title}>
      <div className="answer-head">
        <h2 id={title} className="answer-signal foreign">
          Stopped at {stopped.filter(Boolean).join(", ")}
        </h2>
        <Ago time={wait.since} />
        {wait.until !== undefined && over === undefined && <Remaining until={wait.until} />}
      </div>
      {(over === undefined || editing) && (
        <fieldset className="answer-body" disabled={busy || (late && over === undefined)}>
          {editing ? (
            <Edit
              point={point}
              wrong={sending.at === "refused" ? sending.wrong : []}
              onPatch={setPatch}
              onSend={over === undefined ? () => void send({ payload: { action: "edit", patch } }) : undefined}
              onBack={() => setEditing(false)}
            />
          ) : (
            <>
              <pre className="answer-json foreign" role="region" aria-label="The state">
                {revealed(JSON.stringify(point.state, null, 2))}
              </pre>
              <div className="answer-buttons">
                {ACTIONS.map(({ action, word, about, key }) => (
                  <button
                    key={action}
                    type="button"
                    title={hasKeys ? `${about} (Shift ${key})` : about}
                    aria-keyshortcuts={hasKeys ? `Shift+${key}` : undefined}
                    className={`button${action === "continue" ? " is-primary" : ""}`}
                    onClick={() => go(action)}
                  >
                    {word}
                    {hasKeys && <kbd aria-hidden="true">⇧{key}</kbd>}
                  </button>
                ))}
                {point.editable && (
                  <button type="button" className="button" onClick={() => setEditing(true)}>
                    Change the state…
                  </button>
                )}
              </div>
            </>
          )}
        </fieldset>
      )}
      {over === undefined || sending.at === "sending" ? (
        <State sending={sending} allowed={allowed} barred={barred} />
      ) : (
        <OverNote
          session={session}
          wait={wait}
          over={over}
          draft={patch.length > 0 && editing ? () => JSON.stringify(patch, null, 2) : undefined}
          onDismiss={over.onDismiss}
        />
      )}
    </section>
  );
}

interface EditProps {
  point: StepPoint;
  wrong: readonly Wrong[];
  onPatch: (patch: readonly PatchStep[]) => void;
  /** Absent when it is too late: what was changed can still be read. */
  onSend: (() => void) | undefined;
  onBack: () => void;
}

/** The state as a form, and what would be sent: only what was changed, for the page does not have all of it. */
function Edit({ point, wrong, onPatch, onSend, onBack }: EditProps) {
  const before = point.state as Json;
  const field = useMemo(() => formOf(point.schema), [point.schema]);
  const [value, setValue] = useState<Json | undefined>(before);
  const [found, setFound] = useState<readonly Wrong[]>([]);
  const body = useRef<HTMLDivElement>(null);
  const patch = useMemo(() => (value === undefined ? [] : jsonPatch(before, value)), [before, value]);
  const told = useEffectEvent(onPatch);
  useEffect(() => told(patch), [patch]);
  function submit(): void {
    if (body.current?.querySelector("textarea:invalid") != null) return;
    // What nobody touched is the host's own, also where it is masked here.
    const touched = ({ pointer }: Wrong): boolean => patch.some(({ path }) => pointer === path || pointer.startsWith(`${path}/`));
    const missing = point.schema === undefined ? [] : wrongIn(field, value).filter(touched);
    setFound(missing);
    if (missing.length === 0 && patch.length > 0) onSend?.();
  }
  return (
    <div ref={body}>
      <FormField field={field} name="The state" required pointer="" value={value} wrong={[...found, ...wrong]} onChange={setValue} />
      <div className="answer-diff" role="group" aria-label="What is changed">
        {patch.length === 0 ? (
          <p className="faint">Nothing is changed yet.</p>
        ) : (
          patch.map((step) => (
            <p key={step.op + step.path} className={`answer-step is-${step.op} foreign`}>
              <b>{{ add: "+", remove: "−", replace: "±" }[step.op]}</b> <code>{revealed(step.path || "/")}</code>{" "}
              {step.op !== "remove" && <code>{revealed(JSON.stringify(step.value))}</code>}
            </p>
          ))
        )}
      </div>
      {onSend && (
        <div className="answer-buttons">
          <button type="button" className="button is-primary" disabled={patch.length === 0} onClick={submit}>
            Change and continue
          </button>
          <button type="button" className="button" onClick={onBack}>
            Back
          </button>
        </div>
      )}
    </div>
  );
}
