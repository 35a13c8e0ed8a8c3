import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getSpan } from "../../api/requests";
import type { Span } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { KindIcon } from "../../components/KindIcon";
import { LongText } from "../../components/LongText";
import { ErrorState, SkeletonRows } from "../../components/States";
import { useDebounced } from "../../components/useDebounced";
import { oneLine } from "../../model/text";
import type { SpanNode } from "../../model/traceTree";
import { AttributeList } from "./AttributeList";
import { Overview } from "./Overview";
import { SpanExtras } from "./SpanExtras";

/** A held-down arrow key runs over hundreds of spans; only the one where it stops is fetched. */
const SETTLE_MS = 80;

interface Props {
  sessionId: string;
  node: SpanNode | undefined;
  missing: boolean;
  alive: boolean;
}

export function SpanPanel({ sessionId, node, missing, alive }: Props) {
  return (
    <section className="span-panel" aria-label="Chosen span">
      {node === undefined ? (
        <p className="panel-hint muted">
          {missing ? "The address names a span that isn’t in this session." : "Choose a span to see its attributes."}
        </p>
      ) : node.span.placeholder === true ? (
        <p className="panel-hint muted">
          Spans below name this one as their parent, but nobody has reported it yet. Its id is{" "}
          <code>{node.span.span_id}</code>.
        </p>
      ) : (
        <Chosen key={node.key} sessionId={sessionId} node={node} alive={alive} />
      )}
    </section>
  );
}

function Chosen({ sessionId, node, alive }: { sessionId: string; node: SpanNode; alive: boolean }) {
  const { trace_id: traceId, span_id: spanId, event_id: changed } = node.span;
  const settled = useDebounced(changed, SETTLE_MS, undefined);
  const query = useQuery({
    // A span that changed is another answer; the former one stays on screen until it is here.
    queryKey: ["span", sessionId, traceId, spanId, settled],
    queryFn: ({ signal }) => getSpan(sessionId, traceId, spanId, signal),
    placeholderData: keepPreviousData,
    enabled: settled !== undefined,
  });
  return (
    <>
      <header className="panel-head">
        <KindIcon kind={node.span.kind} />
        <h2 className="cut foreign" title={node.span.name}>
          {oneLine(node.span.name) || "unnamed"}
        </h2>
        {query.data && <CopyButton text={() => JSON.stringify(query.data, null, 2)} label="Copy the span as JSON" />}
      </header>
      <div className="panel-body">
        {query.data ? (
          <SpanView span={query.data} alive={alive} />
        ) : query.error ? (
          <ErrorState error={query.error} doing="Loading this span" retry={() => void query.refetch()} />
        ) : (
          <SkeletonRows rows={10} height={26} />
        )}
      </div>
    </>
  );
}

/** The Attributes tab: normalised fields first, then everything that was recorded. */
export function SpanView({ span, alive }: { span: Span; alive: boolean }) {
  const [raw, setRaw] = useState(false);
  return (
    <>
      <Overview span={span} alive={alive} />
      <div className="panel-title">
        <h3>Attributes</h3>
        <button type="button" className="panel-toggle" aria-pressed={raw} onClick={() => setRaw(!raw)}>
          Raw JSON
        </button>
      </div>
      {raw ? (
        <div className="panel-raw">
          <LongText text={JSON.stringify(span, null, 2)} />
        </div>
      ) : (
        <>
          <AttributeList attributes={span.attributes} filterable empty="No attributes were recorded." />
          {span.dropped_attributes != null && span.dropped_attributes > 0 && (
            <p className="panel-note">{span.dropped_attributes} more were dropped by whoever recorded the span.</p>
          )}
          <SpanExtras span={span} />
        </>
      )}
    </>
  );
}
