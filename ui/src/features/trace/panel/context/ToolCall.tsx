import { CopyButton } from "../../../../components/CopyButton";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { saidValue } from "../../../../model/saidText";
import { oneLine, printValue } from "../../../../model/text";
import { Findable } from "./find";

interface Props {
  /** What the find knows it by. */
  subject: object;
  name: string;
  id: string | undefined;
  input: unknown;
  output: unknown;
  /** Whether an answer is told here at all; without one the call may have been answered elsewhere. */
  answered: boolean;
  isError: boolean | undefined;
}

/** A call and its answer as one block. */
export function ToolCall({ subject, name, id, input, output, answered, isError }: Props) {
  return (
    <div className="tool-call">
      <p className="tool-call-name">
        <strong className="foreign">{name === "" ? "a tool without a name" : <Findable subject={subject} side="name">{() => <Revealed text={name} />}</Findable>}</strong>
        {id !== undefined && <span className="faint foreign cut">{oneLine(id)}</span>}
        {isError === true && <span className="tool-call-error">failed</span>}
      </p>
      <Side subject={subject} side="input" label="called with" value={input} />
      {answered ? (
        <Side subject={subject} side="output" label={isError === true ? "failed with" : "answered"} value={output} />
      ) : (
        <p className="context-note">Its answer isn’t told in this span.</p>
      )}
    </div>
  );
}

function Side({ subject, side, label, value }: { subject: object; side: "input" | "output"; label: string; value: unknown }) {
  const text = saidValue(value);
  return (
    <div className="tool-call-side">
      <span className="tool-call-label faint">{label}</span>
      {text === "" ? <span className="faint">nothing</span> : <Findable subject={subject} side={side}>{(upTo) => <LongText text={text} upTo={upTo} />}</Findable>}
      {text !== "" && <CopyButton text={() => printValue(value)} label={`Copy what it ${label}`} />}
    </div>
  );
}
