import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Span, Usage } from "../../../../api/types";
import { CopyButton } from "../../../../components/CopyButton";
import { kindWord } from "../../../../components/KindIcon";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { Duration } from "../../../../components/Time";
import { UNKNOWN, formatCost, formatCount } from "../../../../model/format";
import { revealed } from "../../../../model/reveal";
import { spanAddress } from "../../../../model/spanAddress";
import { formatClock, formatExact, toMillis } from "../../../../model/time";

const TOKENS: [keyof Usage, string][] = [
  ["input_tokens", "in"],
  ["output_tokens", "out"],
  ["cache_read_tokens", "cache read"],
  ["cache_write_tokens", "cache write"],
  ["cache_write_1h_tokens", "of it for an hour"],
  ["reasoning_tokens", "reasoning"],
];

/** What every convention agrees on, in the same place for each span. A field nobody reported has no row. */
export function Overview({ span, sessionId, alive }: { span: Span; sessionId: string; alive: boolean }) {
  const open = span.end_time == null && span.abandoned !== true;
  const cost = formatCost(span.cost);
  const priced = span.kind === "llm" || span.cost !== undefined;
  return (
    <>
      <Failure span={span} />
      <dl className="overview">
        <Row name="Kind">
          {kindWord(span.kind)} <span className="faint">{span.otel_kind === "unspecified" ? "" : span.otel_kind}</span>
        </Row>
        <Row name="Status">{statusText(span, open && alive)}</Row>
        <Row name="Duration">
          <Duration start={span.start_time} end={span.end_time} running={open && alive} />
        </Row>
        <Row name="Time">
          <Moment time={span.start_time} />
          {span.end_time != null && (
            <>
              <span className="faint"> to </span>
              <Moment time={span.end_time} />
            </>
          )}
        </Row>
        <TextRow name="Model" text={span.model} />
        <TextRow name="Provider" text={span.provider} />
        <TextRow name="Agent" text={span.agent} />
        <TextRow name="Tool" text={span.tool} />
        {span.usage !== undefined && <Row name="Tokens">{<Tokens usage={span.usage} />}</Row>}
        {priced && (
          <Row name="Cost">
            {cost.text === UNKNOWN ? "" : `${cost.text} `}
            <span className="faint">{cost.meaning}</span>
          </Row>
        )}
        <Row name="Source">
          {SOURCES[span.source] ?? "Put together from what is no span"} <span className="faint">{revealed(span.source)}</span>
        </Row>
        {span.detail === true && (
          <Row name="Detail">It matters only to who works on the program that sent it: not counted, and hidden unless asked for</Row>
        )}
        <Row name="Parent">
          <Parent span={span} sessionId={sessionId} />
        </Row>
        <Row name="Span id">
          <Id id={span.span_id} what="span" />
        </Row>
        <Row name="Trace id">
          <Id id={span.trace_id} what="trace" />
        </Row>
        <TextRow name="Trace state" text={span.trace_state} />
        <TextRow name="Call id" text={span.call_id} />
      </dl>
    </>
  );
}

/** How a span came here, in words. What is put together from hooks, logs and the like has other names. */
const SOURCES: Record<string, string> = {
  tracing: "The host’s tracing layer",
  session: "The host’s session API",
  mcp: "A request to the host’s MCP server",
  otel: "The host’s OpenTelemetry SDK",
  otlp: "Sent over OTLP",
  file: "Read from a trace file",
};

/** OpenTelemetry's `unset` means that nobody reported a failure, which is not the same as a success. */
function statusText(span: Span, running: boolean): string {
  if (span.abandoned === true) return "Abandoned";
  if (running) return "Running";
  return { unset: "Ended, no error reported", ok: "Ok", error: "Error" }[span.status.code];
}

/** Who called it, as a link. An edge that nobody reported is said to be a guess. */
function Parent({ span, sessionId }: { span: Span; sessionId: string }) {
  const { parent_span_id: parent, parent_trace_id: trace = span.trace_id } = span;
  if (parent == null) return <span className="faint">None: it is a root</span>;
  return (
    <>
      <Link href={spanAddress(sessionId, trace, parent)}>
        <code>{parent}</code>
      </Link>
      {trace !== span.trace_id && <span className="faint"> in another trace</span>}
      {span.inferred_parent === true && (
        <span className="faint"> · inferred: nobody said what called it, and this span fits best</span>
      )}
    </>
  );
}

function Moment({ time }: { time: string }) {
  const millis = toMillis(time);
  return (
    <time dateTime={time} title={formatExact(millis)}>
      {formatClock(millis)}
    </time>
  );
}

function Failure({ span }: { span: Span }) {
  const message = span.error?.message ?? span.status.message;
  if (span.status.code !== "error" && span.error === undefined) return null;
  return (
    <div className="failure">
      <strong className="foreign">
        <Revealed text={span.error?.type ?? "Failed"} />
      </strong>
      {message != null && message !== "" && <LongText text={message} />}
    </div>
  );
}

function TextRow({ name, text }: { name: string; text: string | undefined }) {
  if (text == null) return null;
  return (
    <Row name={name}>
      <Revealed text={text} />
    </Row>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="foreign">{children}</dd>
    </div>
  );
}

function Tokens({ usage }: { usage: Usage }) {
  const known = TOKENS.filter(([key]) => usage[key] !== undefined);
  return known.map(([key, name], index) => (
    <span key={key}>
      {index > 0 && <span className="faint"> · </span>}
      {formatCount(usage[key] ?? 0)} <span className="unit">{name}</span>
    </span>
  ));
}

function Id({ id, what }: { id: string; what: string }) {
  return (
    <span className="overview-id">
      <code>{id}</code>
      <CopyButton text={() => id} label={`Copy the ${what} id`} />
    </span>
  );
}
