import { createContext, useContext } from "react";
import type { MessagePart, Span } from "../../../../api/types";
import { Fold } from "../../../../components/Fold";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { formatBytes, formatCount } from "../../../../model/format";
import { byteLength, printValue } from "../../../../model/text";
import type { TurnPart } from "../../../../model/transcript";
import { Findable, useFoundIn } from "./find";
import { MediaPart } from "./MediaPart";
import { RichText } from "./RichText";
import { ToolCall } from "./ToolCall";

interface Reading {
  span: Span;
  raw: boolean;
}

/** How the parts of this transcript are read, and the span in which their inline data stands. */
export const ReadingContext = createContext<Reading | undefined>(undefined);

/** One part of a message. */
export function Part({ part }: { part: TurnPart }) {
  const reading = useContext(ReadingContext);
  if (reading === undefined) return null;
  switch (part.type) {
    case "call": {
      const { call, result } = part;
      return (
        <ToolCall
          subject={part}
          name={call.name}
          id={call.id}
          input={call.arguments}
          output={result?.result}
          answered={result !== undefined}
          isError={result?.is_error}
        />
      );
    }
    case "text":
      return <RichText text={part.text} raw={reading.raw} subject={part} />;
    case "reasoning":
      return <Reasoning part={part} raw={reading.raw} />;
    case "refusal":
      return (
        <div className="context-refusal">
          <p className="context-note">It refuses:</p>
          <RichText text={part.text} raw={reading.raw} subject={part} />
        </div>
      );
    case "tool_result":
      return (
        <ToolCall
          subject={part}
          name={part.name ?? "answer to a call that isn’t told here"}
          id={part.id}
          input={undefined}
          output={part.result}
          answered
          isError={part.is_error}
        />
      );
    case "image":
    case "audio":
    case "video":
    case "file":
      return <MediaPart part={part} span={reading.span} />;
    case "resource":
      return <Resource part={part} raw={reading.raw} />;
    case "omitted":
      return (
        <p className="context-note">
          <span className="cut-mark">cut</span>{" "}
          {part.items === 0 ? "Something was" : `${formatCount(part.items)} of them were`} left out before it was stored.
        </p>
      );
    case "unknown":
      return <Unknown value={part.json} subject={part} />;
    default:
      // A younger host may know kinds that this page doesn't.
      return <Unknown value={part} subject={part} />;
  }
}

type Of<Type extends MessagePart["type"]> = Extract<MessagePart, { type: Type }>;

function Reasoning({ part, raw }: { part: Of<"reasoning">; raw: boolean }) {
  const found = useFoundIn(part);
  if (part.text === "") {
    return (
      <p className="context-note">
        {part.redacted === true ? "It reasoned; the provider gave the thoughts encrypted." : "It reasoned; the provider tells nothing of it."}
      </p>
    );
  }
  return (
    <Fold summary={`Reasoning · ${formatBytes(byteLength(part.text))}`} openFor={found}>
      {() => (
        <div className="context-reasoning">
          <RichText text={part.text} raw={raw} subject={part} />
        </div>
      )}
    </Fold>
  );
}

function Resource({ part, raw }: { part: Of<"resource">; raw: boolean }) {
  return (
    <div className="media">
      <p>
        <strong>Resource</strong>{" "}
        {part.mime_type != null && (
          <span className="faint foreign">
            <Revealed text={part.mime_type} />
          </span>
        )}
      </p>
      {part.uri != null && <Address uri={part.uri} subject={part} />}
      {part.text != null && <RichText text={part.text} raw={raw} subject={part} />}
    </div>
  );
}

/** An address as text: nothing is loaded from it and nothing opens it. */
export function Address({ uri, subject }: { uri: string; subject: object }) {
  return (
    <div className="media-address">
      <Findable subject={subject} side="address">
        {(upTo) => <LongText text={uri} upTo={upTo} />}
      </Findable>
    </div>
  );
}

function Unknown({ value, subject }: { value: unknown; subject: object }) {
  return (
    <Fold summary="A part of a kind that is not known here" openFor={useFoundIn(subject)}>
      {() => (
        <Findable subject={subject} side="text">
          {(upTo) => <LongText text={printValue(value)} upTo={upTo} />}
        </Findable>
      )}
    </Fold>
  );
}
