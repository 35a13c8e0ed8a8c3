import { CopyButton } from "../../../../components/CopyButton";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { parseJson, printJson } from "../../../../model/json";
import { printValue } from "../../../../model/text";

interface Props {
  name: string;
  id: string | undefined;
  input: unknown;
  output: unknown;
  /** Whether an answer is told here at all; without one the call may have been answered elsewhere. */
  answered: boolean;
  isError: boolean | undefined;
}

/** A call and its answer as one block. */
export function ToolCall({ name, id, input, output, answered, isError }: Props) {
  return (
    <div className="tool-call">
      <p className="tool-call-name">
        <strong className="foreign">{name === "" ? "a tool without a name" : <Revealed text={name} />}</strong>
        {id !== undefined && <span className="faint foreign cut">{id}</span>}
        {isError === true && <span className="tool-call-error">failed</span>}
      </p>
      <Side label="called with" value={input} />
      {answered ? (
        <Side label={isError === true ? "failed with" : "answered"} value={output} />
      ) : (
        <p className="context-note">Its answer isn’t told in this span.</p>
      )}
    </div>
  );
}

export function Side({ label, value }: { label: string; value: unknown }) {
  const text = readable(value);
  return (
    <div className="tool-call-side">
      <span className="tool-call-label faint">{label}</span>
      {text === "" ? <span className="faint">nothing</span> : <LongText text={text} />}
      {text !== "" && <CopyButton text={() => printValue(value)} label={`Copy what it ${label}`} />}
    </div>
  );
}

/** Texts inside of an answer are read with their line breaks, where the answer is nothing but one text. */
function readable(value: unknown): string {
  if (typeof value !== "string") return printValue(value);
  const json = /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
  return json === undefined ? value : printJson(json);
}
