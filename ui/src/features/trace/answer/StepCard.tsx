import { useId, useMemo, useRef, useState } from "react";
import type { Session, StepPoint, Wait } from "../../../api/types";
import { Ago } from "../../../components/Time";
import { type PatchStep, jsonPatch } from "../../../model/jsonPatch";
import { revealed } from "../../../model/reveal";
import { type Json, type Wrong, formOf, wrongIn } from "../../../model/schemaForm";
import { can } from "../../../model/sessionControls";
import { oneLine } from "../../../model/text";
import { FormField } from "./FormField";
import { useSending } from "./useSending";
import { State } from "./WaitCard";

const ACTIONS = [
  { action: "continue", word: "Continue", about: "To the next breakpoint" },
  { action: "step", word: "Step", about: "To the next checkpoint, whichever it is" },
  { action: "skip", word: "Skip", about: "Without what it was about to do" },
  { action: "abort", word: "Abort", about: "Not at all" },
] as const;

/** A session that stopped at a checkpoint: its state there, and how it is to go on. */
export function StepCard({ session, wait, point }: { session: Session; wait: Wait; point: StepPoint }) {
  const title = useId();
  const [editing, setEditing] = useState(false);
  const [sending, send] = useSending(session.id, wait);
  const allowed = can(session, "signal");
  const stopped = [oneLine(point.checkpoint), point.tool !== undefined && `before ${oneLine(point.tool)}`, point.agent !== undefined && `as ${oneLine(point.agent)}`];
  return (
    <section className="answer" aria-labelledby={title}>
      <div className="answer-head">
        <h2 id={title} className="answer-signal foreign">
          Stopped at {stopped.filter(Boolean).join(", ")}
        </h2>
        <Ago time={wait.since} />
      </div>
      <fieldset className="answer-body" disabled={sending.at === "sending" || sending.at === "accepted" || !allowed || (sending.at === "refused" && sending.over)}>
        {editing ? (
          <Edit point={point} wrong={sending.at === "refused" ? sending.wrong : []} onSend={(patch) => void send({ payload: { action: "edit", patch } })} onBack={() => setEditing(false)} />
        ) : (
          <>
            <pre className="answer-json foreign" role="region" aria-label="The state">
              {revealed(JSON.stringify(point.state, null, 2))}
            </pre>
            <div className="answer-buttons">
              {ACTIONS.map(({ action, word, about }) => (
                <button key={action} type="button" title={about} className={`button${action === "continue" ? " is-primary" : ""}`} onClick={() => void send({ payload: { action } })}>
                  {word}
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
      <State sending={sending} allowed={allowed} />
    </section>
  );
}

interface EditProps {
  point: StepPoint;
  wrong: readonly Wrong[];
  onSend: (patch: readonly PatchStep[]) => void;
  onBack: () => void;
}

/** The state as a form, and what would be sent: only what was changed, for the page does not have all of it. */
function Edit({ point, wrong, onSend, onBack }: EditProps) {
  const before = point.state as Json;
  const field = useMemo(() => formOf(point.schema), [point.schema]);
  const [value, setValue] = useState<Json | undefined>(before);
  const [found, setFound] = useState<readonly Wrong[]>([]);
  const body = useRef<HTMLDivElement>(null);
  const patch = value === undefined ? [] : jsonPatch(before, value);
  function submit(): void {
    if (body.current?.querySelector("textarea:invalid") != null) return;
    // What nobody touched is the host's own, also where it is masked here.
    const touched = ({ pointer }: Wrong): boolean => patch.some(({ path }) => pointer === path || pointer.startsWith(`${path}/`));
    const missing = point.schema === undefined ? [] : wrongIn(field, value).filter(touched);
    setFound(missing);
    if (missing.length === 0 && patch.length > 0) onSend(patch);
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
      <div className="answer-buttons">
        <button type="button" className="button is-primary" disabled={patch.length === 0} onClick={submit}>
          Change and continue
        </button>
        <button type="button" className="button" onClick={onBack}>
          Back
        </button>
      </div>
    </div>
  );
}
