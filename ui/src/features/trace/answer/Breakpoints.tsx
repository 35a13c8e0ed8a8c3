import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { removeBreakpoint, setBreakpoint } from "../../../api/control";
import { useLiveBatches } from "../../../api/hooks";
import { refusalWords } from "../../../api/refusal";
import { listBreakpoints } from "../../../api/requests";
import type { BreakpointRule } from "../../../api/types";
import { plural } from "../../../model/format";
import { revealed } from "../../../model/reveal";
import "./answer.css";

const QUERY = ["breakpoints"];
/** What changes them, or how often one was met. */
const NEWS = new Set(["BreakpointSet", "BreakpointRemoved", "BeforeStep"]);
const IS = ["there", "equal", "different", "contains", "above", "below"] as const;
const FIELDS = [
  { name: "checkpoint", label: "Checkpoint" },
  { name: "tool", label: "Tool" },
  { name: "agent", label: "Agent" },
] as const;

/** Where sessions are to stop: those that are set, and one more. */
export default function Breakpoints({ session, onClose }: { session: string; onClose: () => void }) {
  const client = useQueryClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const { data } = useQuery({ queryKey: QUERY, queryFn: ({ signal }) => listBreakpoints(signal) });
  const [refused, setRefused] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  useLiveBatches((batch) => {
    if (batch.events.some(({ type }) => NEWS.has(type))) void client.invalidateQueries({ queryKey: QUERY });
  });
  async function act(action: Promise<void>): Promise<void> {
    try {
      await action;
      setRefused(undefined);
    } catch (error) {
      setRefused(refusalWords(error));
    }
    await client.invalidateQueries({ queryKey: QUERY });
  }
  return (
    <dialog ref={dialog} className="confirm breakpoints" aria-labelledby="breakpoints-title" onClose={onClose}>
      <h2 id="breakpoints-title">Breakpoints</h2>
      <p className="muted">Sessions stop at checkpoints that are as all the fields of one say, until somebody says how they go on. They end with the host’s process.</p>
      {data && data.breakpoints.length > 0 && (
        <ul className="breakpoint-list">
          {data.breakpoints.map((each) => (
            <li key={each.id}>
              <span className="foreign">{wordsOf(each.rule)}</span>
              <span className="faint">{plural(each.hits, "stop")}</span>
              <button type="button" className="tool" aria-label={`Remove breakpoint ${each.id}`} onClick={() => void act(removeBreakpoint(each.id))}>
                <Trash2 size={14} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <NewBreakpoint session={session} onSet={(rule) => void act(setBreakpoint(rule))} />
      {refused !== undefined && (
        <p role="alert" className="field-wrong foreign">
          {refused}
        </p>
      )}
      <div className="confirm-buttons">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function NewBreakpoint({ session, onSet }: { session: string; onSet: (rule: Partial<BreakpointRule>) => void }) {
  const [texts, setTexts] = useState({ checkpoint: "", tool: "", agent: "", pointer: "", value: "" });
  const [is, setIs] = useState<(typeof IS)[number]>("equal");
  const [only, setOnly] = useState(true);
  const [once, setOnce] = useState(false);
  const set = (name: keyof typeof texts, value: string): void => setTexts({ ...texts, [name]: value });
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const named = FIELDS.flatMap(({ name }) => (texts[name] === "" ? [] : [[name, texts[name]] as const]));
    const condition = texts.pointer === "" ? {} : { condition: { pointer: texts.pointer, is, ...(is !== "there" && { value: meant(texts.value) }) } };
    onSet({ ...Object.fromEntries(named), ...condition, ...(only && { session_id: session }), once });
  }
  return (
    <form className="breakpoint-new" onSubmit={submit}>
      {FIELDS.map(({ name, label }) => (
        <label key={name}>
          {label}
          <input className="field-input" value={texts[name]} maxLength={128} placeholder="any; * stands for anything" onChange={(event) => set(name, event.target.value)} />
        </label>
      ))}
      <label>
        In the state
        <input className="field-input mono" value={texts.pointer} maxLength={512} placeholder="/plan/0/cost" onChange={(event) => set("pointer", event.target.value)} />
      </label>
      <label>
        is
        <select className="field-input" value={is} onChange={(event) => setIs(event.target.value as typeof is)}>
          {IS.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <label>
        what
        <input className="field-input mono" value={texts.value} disabled={is === "there"} onChange={(event) => set("value", event.target.value)} />
      </label>
      <label className="breakpoint-check">
        <input type="checkbox" checked={only} onChange={(event) => setOnly(event.target.checked)} /> Only in this session
      </label>
      <label className="breakpoint-check">
        <input type="checkbox" checked={once} onChange={(event) => setOnce(event.target.checked)} /> Once
      </label>
      <button type="submit" className="button is-primary">
        Set the breakpoint
      </button>
    </form>
  );
}

/** JSON where it is some, else the text as it was typed. */
function meant(typed: string): unknown {
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}

function wordsOf({ checkpoint, tool, agent, session_id: session, condition, once }: BreakpointRule): string {
  const parts = [
    checkpoint ?? "every checkpoint",
    tool !== undefined && `tool ${tool}`,
    agent !== undefined && `agent ${agent}`,
    condition !== undefined && `${condition.pointer} ${condition.is ?? "there"} ${condition.value === undefined ? "" : JSON.stringify(condition.value)}`,
    session !== undefined && `in ${session}`,
    once === true && "once",
  ];
  return revealed(parts.filter(Boolean).join(" · "));
}
