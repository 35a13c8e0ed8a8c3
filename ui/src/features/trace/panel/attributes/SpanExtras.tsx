import { type ReactNode, useState } from "react";
import type { Span } from "../../../../api/types";
import { Revealed } from "../../../../components/Revealed";
import { formatCount, plural } from "../../../../model/format";
import { formatDuration, formatExact, toMillis } from "../../../../model/time";
import { AttributeList } from "./AttributeList";
import { SpanLink } from "./SpanLink";

/** So many events or links are shown at first: hundreds are allowed, and each may have many attributes. */
const AT_FIRST = 20;

/** What OpenTelemetry knows beside the attributes. A part that is empty has no heading. */
export function SpanExtras({ span, sessionId }: { span: Span; sessionId: string }) {
  const start = toMillis(span.start_time);
  return (
    <>
      <Part title="Events" count={span.events.length}>
        <Some what="event">
          {span.events.map((event, index) => (
            <div key={index} className="extra">
              <p>
                <span className="foreign">
                  <Revealed text={event.name} />
                </span>
                <time className="faint" dateTime={event.time} title={formatExact(toMillis(event.time))}>
                  {" "}
                  {offset(toMillis(event.time) - start)}
                </time>
              </p>
              <AttributeList attributes={event.attributes} />
            </div>
          ))}
        </Some>
      </Part>
      <Part title="Links" count={span.links.length}>
        <Some what="link">
          {span.links.map((link, index) => (
            <div key={index} className="extra">
              <p>
                <SpanLink traceId={link.trace_id} spanId={link.span_id} sessionId={sessionId} />
              </p>
              <AttributeList attributes={link.attributes} />
            </div>
          ))}
        </Some>
      </Part>
      <Part title="Resource" count={Object.keys(span.resource).length}>
        <AttributeList attributes={span.resource} />
      </Part>
      <Part title="Scope" count={span.scope.name === "" ? 0 : 1}>
        <p className="extra foreign">
          <Revealed text={span.scope.name} /> <span className="faint"><Revealed text={span.scope.version ?? ""} /></span>
        </p>
      </Part>
    </>
  );
}

/** From the start of the span; a clock that went back is told too. */
function offset(millis: number): string {
  return `${millis < 0 ? "−" : "+"}${formatDuration(Math.abs(millis))}`;
}

function Part({ title, count, children }: { title: string; count: number; children: ReactNode }) {
  if (count === 0) return null;
  return (
    <>
      <div className="panel-title">
        <h3>{title}</h3>
        {count > 1 && <span className="faint">{formatCount(count)}</span>}
      </div>
      {children}
    </>
  );
}

function Some({ what, children }: { what: string; children: ReactNode[] }) {
  const [shown, setShown] = useState(AT_FIRST);
  const hidden = children.length - shown;
  return (
    <>
      {children.slice(0, shown)}
      {hidden > 0 && (
        <button type="button" className="panel-more" onClick={() => setShown(Infinity)}>
          Show {plural(hidden, what)} more
        </button>
      )}
    </>
  );
}
