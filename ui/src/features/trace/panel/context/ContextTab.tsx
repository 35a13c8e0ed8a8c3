import { useMemo, useRef } from "react";
import type { Span, SpanContent, SpanKind } from "../../../../api/types";
import { formatBytes, formatCount, plural } from "../../../../model/format";
import { revealed } from "../../../../model/reveal";
import { transcript } from "../../../../model/transcript";
import { MOST_FOUND } from "../../../../model/transcriptFind";
import { EmptyTab } from "../EmptyTab";
import { PanelBody } from "../PanelBody";
import { PanelFind } from "../PanelFind";
import { Documents, Tools } from "./Documents";
import { FoundContext } from "./find";
import { ReadingContext } from "./Part";
import { TokenPill } from "./TokenPill";
import { ToolCall } from "./ToolCall";
import { Transcript } from "./Transcript";
import { useMarks } from "./useMarks";
import { useSaidFind } from "./useSaidFind";
import "./context.css";

/** What was said in a span: the conversation of a model call, the call of a tool, what a search found. */
export default function ContextTab({ span, raw }: { span: Span; raw: boolean }) {
  const { content } = span;
  const turns = useMemo(() => (content ? transcript(content.input_messages, content.output_messages) : []), [content]);
  const reading = useMemo(() => ({ span, raw }), [span, raw]);
  const find = useSaidFind(content, turns, raw);
  const body = useRef<HTMLDivElement>(null);
  useMarks(body, find.wanted, find.here);
  if (content === undefined) {
    return (
      <EmptyTab title="This host tells nothing of the content">
        <p>It is of an older version than this page. What was said stands in the attributes, as it was recorded.</p>
      </EmptyTab>
    );
  }
  if (isEmpty(content)) return <Nothing kind={span.kind} unreadable={content.unreadable} />;
  const { tool_definitions: tools, tool_input: input, tool_output: output, documents } = content;
  const isTool = input !== undefined || output !== undefined;
  return (
    <FoundContext value={find.here}>
      <PanelFind
        text={find.text}
        onText={find.setText}
        count={find.all.length}
        more={find.all.length === MOST_FOUND}
        at={find.at}
        go={find.go}
        label="Find what was said"
        placeholder="Find in this conversation"
      />
      <PanelBody className="context" bodyRef={body}>
        <TokenPill span={span} />
        <Notes content={content} />
        {tools.length > 0 && (
          <div className="context-tools">
            <Tools tools={tools} />
          </div>
        )}
        {isTool && (
          <div className="context-part">
            <ToolCall
              subject={content}
              name={span.tool ?? span.name}
              id={undefined}
              input={input}
              output={output}
              answered={output !== undefined}
              isError={span.status.code === "error" ? true : undefined}
            />
          </div>
        )}
        <ReadingContext value={reading}>
          <Transcript turns={turns} />
        </ReadingContext>
        {documents.length > 0 && <Documents documents={documents} raw={raw} />}
      </PanelBody>
    </FoundContext>
  );
}

function isEmpty(content: SpanContent): boolean {
  const lists = [content.input_messages, content.output_messages, content.tool_definitions, content.documents];
  return lists.every((list) => list.length === 0) && content.tool_input === undefined && content.tool_output === undefined;
}

/** What is missing, and where it is or went. */
function Notes({ content }: { content: SpanContent }) {
  const { left_out: left, unreadable, sources } = content;
  const cut = [...new Set(sources.filter((source) => source.truncated === true).map((source) => source.source))];
  const missing = left === undefined ? [] : [
    left.messages > 0 ? `${formatCount(left.messages)} of the messages, documents and tools` : "",
    left.parts > 0 ? plural(left.parts, "part") : "",
    left.bytes > 0 ? formatBytes(left.bytes) : "",
  ].filter((text) => text !== "");
  return (
    <>
      {cut.length > 0 && (
        <p className="context-note">
          <span className="cut-mark">cut</span> {names(cut)} was larger than 30 KiB and was cut before it was stored; the places where
          something is missing say so.
        </p>
      )}
      {missing.length > 0 && (
        <p className="context-note">Too much to repeat here: {missing.join(", ")} stand in the attributes only.</p>
      )}
      {unreadable.length > 0 && (
        <p className="context-note">{names(unreadable)} holds JSON that cannot be read; it stands in the attributes as it was sent.</p>
      )}
    </>
  );
}

function names(list: readonly string[]): string {
  const shown = list.slice(0, 3).map(revealed).join(", ");
  return list.length > 3 ? `${shown} and ${formatCount(list.length - 3)} more` : shown;
}

const HOLDERS: Partial<Record<SpanKind, string>> = {
  llm: "This model call was recorded without its messages.",
  tool: "This tool call was recorded without what it was called with and what it answered.",
  mcp: "This request was recorded without its arguments and its answer.",
  retrieval: "This search was recorded without what it found.",
};

function Nothing({ kind, unreadable }: { kind: SpanKind; unreadable: readonly string[] }) {
  const holds = HOLDERS[kind];
  return (
    <EmptyTab title="Nothing was said here">
      <p>
        Here stands the conversation with a model, the call of a tool with its answer, or the documents that a search found.{" "}
        {holds ?? "A span of this kind mostly has none; the spans below it may."}
      </p>
      {holds !== undefined && (
        <p>
          Most instrumentations leave content out until they are told otherwise: those of OpenTelemetry by{" "}
          <code>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true</code>, Claude Code by <code>OTEL_LOG_USER_PROMPTS=1</code>. In
          Rust <code>span.input(..)</code> and <code>span.output(..)</code> record it.
        </p>
      )}
      {unreadable.length > 0 && <p>{names(unreadable)} holds JSON that cannot be read.</p>}
    </EmptyTab>
  );
}
