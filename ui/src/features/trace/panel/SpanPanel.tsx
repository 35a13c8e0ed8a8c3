import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Suspense, lazy } from "react";
import { getSpan } from "../../../api/requests";
import type { Span } from "../../../api/types";
import { CopyButton } from "../../../components/CopyButton";
import { KindIcon } from "../../../components/KindIcon";
import { ErrorState, SkeletonRows } from "../../../components/States";
import { type Tab, Tabs } from "../../../components/Tabs";
import { useDebounced } from "../../../components/useDebounced";
import { useKeys } from "../../../components/useKeys";
import { formatCount } from "../../../model/format";
import { countEntries } from "../../../model/jsonEntries";
import { oneLine } from "../../../model/text";
import type { SpanNode } from "../../../model/traceTree";
import { AttributesTab } from "./attributes/AttributesTab";
import { PanelBody } from "./PanelBody";
import { type PanelTab, usePanelAddress } from "./usePanelAddress";
import "./panel.css";

// What a first look does not need is fetched when it is asked for.
const StateTab = lazy(() => import("./state/StateTab"));
const ContextTab = lazy(() => import("./context/ContextTab"));

/** A held-down arrow key runs over hundreds of spans; only the one where it stops is fetched. */
const SETTLE_MS = 80;
const ROW_HEIGHT = 26;

interface Props {
  sessionId: string;
  node: SpanNode | undefined;
  missing: boolean;
  /** It is here, and only shown with the details. */
  concealed?: boolean;
  alive: boolean;
}

/** What there is to know of the chosen span, in three tabs. */
export function SpanPanel({ sessionId, node, missing, concealed = false, alive }: Props) {
  return (
    <section className="span-panel" aria-label="Chosen span">
      {node === undefined ? (
        <p className="panel-hint muted">
          {concealed
            ? "The address names a span that is shown only with the details: it matters to who works on the program that sent it, or another span reports the same better."
            : missing
            ? "The address names a span that isn’t in this session."
            : "Choose a span to see its attributes, its state and result, and what was said in it."}
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
        <h2 className="cut foreign" title={oneLine(node.span.name, 1_000)}>
          {oneLine(node.span.name) || "unnamed"}
        </h2>
        {query.data && <CopyButton text={() => JSON.stringify(query.data, null, 2)} label="Copy the span as JSON" />}
      </header>
      <SpanTabs span={query.data} sessionId={sessionId} alive={alive} error={query.error} retry={() => void query.refetch()} />
    </>
  );
}

interface TabsProps {
  span: Span | undefined;
  sessionId: string;
  alive: boolean;
  error?: Error | null;
  retry?: () => void;
}

/** The tabs of one span; before it is here, a skeleton or what went wrong. */
export function SpanTabs({ span, sessionId, alive, error, retry }: TabsProps) {
  const { tab, raw, choose, toggleRaw } = usePanelAddress();
  useKeys({
    "1": () => choose("attributes"),
    "2": () => choose("state"),
    "3": () => choose("context"),
    a: toggleRaw,
  });
  const skeleton = <SkeletonRows rows={10} height={ROW_HEIGHT} />;
  const toggle = (
    <button type="button" className="panel-toggle" aria-pressed={raw} title={`${RAW[tab]} (a)`} onClick={toggleRaw}>
      Raw
    </button>
  );
  return (
    <Tabs label="Parts of the span" tabs={tabsOf(span)} chosen={tab} onChoose={choose} aside={toggle}>
      {span === undefined ? (
        error ? (
          <PanelBody>
            <ErrorState error={error} doing="Loading this span" {...(retry && { retry })} />
          </PanelBody>
        ) : (
          skeleton
        )
      ) : (
        <Suspense fallback={skeleton}>
          {tab === "attributes" && <AttributesTab span={span} sessionId={sessionId} alive={alive} raw={raw} />}
          {tab === "state" && <StateTab span={span} sessionId={sessionId} raw={raw} />}
          {tab === "context" && <ContextTab span={span} raw={raw} />}
        </Suspense>
      )}
    </Tabs>
  );
}

const RAW: Record<PanelTab, string> = {
  attributes: "The whole span as JSON",
  state: "Values as they were recorded, not laid out",
  context: "Texts as they are, without markdown",
};

function tabsOf(span: Span | undefined): Tab<PanelTab>[] {
  const content = span?.content;
  const messages = content && content.input_messages.length + content.output_messages.length + content.documents.length;
  return [
    { name: "attributes", label: "Attributes", keyName: "1", count: count(span && Object.keys(span.attributes).length) },
    { name: "state", label: "State/Result", keyName: "2", count: count(span && countEntries(span)) },
    { name: "context", label: "Context", keyName: "3", count: count(messages) },
  ];
}

function count(number: number | undefined): string | undefined {
  return number === undefined || number === 0 ? undefined : formatCount(number);
}
