import type { ReactNode } from "react";
import type { Span, Usage } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { kindWord } from "../../components/KindIcon";
import { LongText } from "../../components/LongText";
import { Duration } from "../../components/Time";
import { UNKNOWN, formatCost, formatCount } from "../../model/format";
import { formatClock, formatExact, toMillis } from "../../model/time";

const TOKENS: [keyof Usage, string][] = [
  ["input_tokens", "in"],
  ["output_tokens", "out"],
  ["cache_read_tokens", "cache read"],
  ["cache_write_tokens", "cache write"],
  ["cache_write_1h_tokens", "of it for an hour"],
  ["reasoning_tokens", "reasoning"],
];

/** What every convention agrees on, in the same place for each span. A field nobody reported has no row. */
export function Overview({ span, alive }: { span: Span; alive: boolean }) {
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
        <Row name="Started">
          <time dateTime={span.start_time} title={formatExact(toMillis(span.start_time))}>
            {formatClock(toMillis(span.start_time))}
          </time>
        </Row>
        {span.model != null && <Row name="Model">{span.model}</Row>}
        {span.provider != null && <Row name="Provider">{span.provider}</Row>}
        {span.agent != null && <Row name="Agent">{span.agent}</Row>}
        {span.tool != null && <Row name="Tool">{span.tool}</Row>}
        {span.usage !== undefined && <Row name="Tokens">{<Tokens usage={span.usage} />}</Row>}
        {priced && (
          <Row name="Cost">
            {cost.text === UNKNOWN ? "" : `${cost.text} `}
            <span className="faint">{cost.meaning}</span>
          </Row>
        )}
        <Row name="Source">{span.source}</Row>
        <Row name="Span id">
          <Id id={span.span_id} what="span" />
        </Row>
        <Row name="Trace id">
          <Id id={span.trace_id} what="trace" />
        </Row>
      </dl>
    </>
  );
}

/** OpenTelemetry's `unset` means that nobody reported a failure, which is not the same as a success. */
function statusText(span: Span, running: boolean): string {
  if (span.abandoned === true) return "Abandoned";
  if (running) return "Running";
  return { unset: "Ended, no error reported", ok: "Ok", error: "Error" }[span.status.code];
}

function Failure({ span }: { span: Span }) {
  const message = span.error?.message ?? span.status.message;
  if (span.status.code !== "error" && span.error === undefined) return null;
  return (
    <div className="failure">
      <strong className="foreign">{span.error?.type ?? "Failed"}</strong>
      {message != null && message !== "" && <LongText text={message} />}
    </div>
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
