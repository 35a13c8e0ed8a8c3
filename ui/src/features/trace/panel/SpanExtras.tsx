import type { ReactNode } from "react";
import type { Span } from "../../api/types";
import { formatCount } from "../../model/format";
import { formatDuration, toMillis } from "../../model/time";
import { AttributeList } from "./AttributeList";

/** What OpenTelemetry knows beside the attributes. A part that is empty has no heading. */
export function SpanExtras({ span }: { span: Span }) {
  const start = toMillis(span.start_time);
  return (
    <>
      <Part title="Events" count={span.events.length}>
        {span.events.map((event, index) => (
          <div key={index} className="extra">
            <p>
              <span className="foreign">{event.name}</span>
              <span className="faint"> +{formatDuration(toMillis(event.time) - start)}</span>
            </p>
            <AttributeList attributes={event.attributes} />
          </div>
        ))}
      </Part>
      <Part title="Links" count={span.links.length}>
        {span.links.map((link, index) => (
          <div key={index} className="extra">
            <p>
              <code>{link.span_id}</code> <span className="faint">in trace</span> <code>{link.trace_id}</code>
            </p>
            <AttributeList attributes={link.attributes} />
          </div>
        ))}
      </Part>
      <Part title="Resource" count={Object.keys(span.resource).length}>
        <AttributeList attributes={span.resource} />
      </Part>
      <Part title="Scope" count={span.scope.name === "" ? 0 : 1}>
        <p className="extra foreign">
          {span.scope.name} <span className="faint">{span.scope.version ?? ""}</span>
        </p>
      </Part>
    </>
  );
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
