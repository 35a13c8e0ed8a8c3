import { CopyButton } from "../../../../components/CopyButton";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { jsonOf, parseJson, printJson } from "../../../../model/json";
import { oneLine, printValue } from "../../../../model/text";

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
        {id !== undefined && <span className="faint foreign cut">{oneLine(id)}</span>}
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

/** JSON that fits on a line stands on one. */
const ONE_LINE = 60;

function readable(value: unknown): string {
  const json = typeof value === "object" ? jsonOf(value) : typeof value === "string" && /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
  if (json === undefined) return printValue(value);
  const line = printJson(json, false);
  return line.length <= ONE_LINE ? line : printJson(json);
}
