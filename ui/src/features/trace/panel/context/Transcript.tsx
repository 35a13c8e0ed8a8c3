import { useState } from "react";
import { CopyButton } from "../../../../components/CopyButton";
import { Fold } from "../../../../components/Fold";
import { formatBytes, formatCount, plural } from "../../../../model/format";
import { byteLength, oneLine, printValue } from "../../../../model/text";
import { type Turn, type TurnPart, isInstruction } from "../../../../model/transcript";
import { useFoundIn } from "./find";
import { Part } from "./Part";

/** So many of the last messages are drawn at first; a long run has thousands, and its end is what is asked for. */
const AT_FIRST = 40;
const MORE = 200;
/** So many parts of one message are drawn at first. */
const PARTS_AT_FIRST = 50;

/** The conversation, its role in the margin. Of a long one the instructions and the end. */
export function Transcript({ turns }: { turns: readonly Turn[] }) {
  const [most, setMost] = useState(AT_FIRST);
  const first = turns.findIndex((turn) => !isInstruction(turn));
  const instructions = turns.slice(0, first < 0 ? turns.length : first);
  const rest = turns.slice(instructions.length);
  const hidden = Math.max(0, rest.length - most);
  const wanted = useFoundIn(...rest.slice(0, hidden).flatMap(({ parts }) => parts));
  if (wanted !== undefined) setMost(rest.length - rest.findIndex(({ parts }) => parts.some((part) => part === wanted.subject)));
  const answer = rest.findIndex((turn) => turn.isAnswer);
  return (
    <div className="transcript">
      {instructions.map((turn, index) => (
        <Said key={index} turn={turn} folded />
      ))}
      {hidden > 0 && (
        <button type="button" className="panel-more" onClick={() => setMost(most + MORE)}>
          Show {plural(Math.min(hidden, MORE), "earlier message")}
          {hidden > MORE && ` of ${formatCount(hidden)}`}
        </button>
      )}
      {rest.slice(hidden).map((turn, index) => (
        <Said key={hidden + index} turn={turn} begins={hidden + index === answer && answer > 0} />
      ))}
    </div>
  );
}

function Said({ turn, folded = false, begins = false }: { turn: Turn; folded?: boolean; begins?: boolean }) {
  const { role, name, parts, finish } = turn;
  const size = textSize(parts);
  const found = useFoundIn(...parts);
  return (
    <section className={`turn is-${ROLES.has(role) ? role : "other"}${begins ? " begins-answer" : ""}`} aria-label={roleName(role)}>
      <header className="turn-role">
        <span className="foreign">{roleName(role)}</span>
        {name !== undefined && <span className="faint foreign cut">{oneLine(name, 60)}</span>}
      </header>
      <div className="turn-parts">
        {parts.length === 0 && <p className="context-note">A message without anything in it</p>}
        {folded ? (
          <Fold summary={`${firstWords(parts)} · ${formatBytes(size)}`} openFor={found}>{() => <Parts parts={parts} />}</Fold>
        ) : (
          <Parts parts={parts} />
        )}
        {finish !== undefined && finish !== "stop" && <p className="turn-finish">{finishWords(finish)}</p>}
      </div>
      {size > 0 && <CopyButton text={() => textOf(parts)} label={`Copy what the ${roleName(role).toLowerCase()} says`} />}
    </section>
  );
}

function Parts({ parts }: { parts: readonly TurnPart[] }) {
  const [most, setMost] = useState(PARTS_AT_FIRST);
  const wanted = useFoundIn(...parts.slice(most));
  if (wanted !== undefined) setMost(parts.findIndex((part) => part === wanted.subject) + 1);
  return (
    <>
      {parts.slice(0, most).map((part, index) => (
        <Part key={index} part={part} />
      ))}
      {parts.length > most && (
        <button type="button" className="panel-more" onClick={() => setMost(most + MORE)}>
          Show {plural(Math.min(parts.length - most, MORE), "more part")}
        </button>
      )}
    </>
  );
}

const ROLES = new Set(["system", "developer", "user", "assistant", "tool"]);

function roleName(role: string): string {
  if (role === "omitted") return "Left out";
  const word = oneLine(role, 40) || "nobody";
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const FINISH: Record<string, string> = {
  length: "It stopped because the answer became too long.",
  tool_call: "It stopped to have tools called.",
  content_filter: "A filter of the provider stopped it.",
  error: "It stopped with an error.",
};

function finishWords(finish: string): string {
  return Object.hasOwn(FINISH, finish) ? (FINISH[finish] ?? finish) : `It stopped: ${oneLine(finish, 100)}`;
}

function firstWords(parts: readonly TurnPart[]): string {
  const text = textOf(parts.slice(0, 1));
  const line = oneLine(text, 60);
  return line.length < text.trim().length ? `${line}…` : line;
}

function textSize(parts: readonly TurnPart[]): number {
  return parts.reduce((sum, part) => sum + ("text" in part && part.text != null ? byteLength(part.text) : 0), 0);
}

function textOf(parts: readonly TurnPart[]): string {
  return parts
    .map((part) => ("text" in part && part.text != null ? part.text : part.type === "unknown" ? printValue(part.json) : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}
