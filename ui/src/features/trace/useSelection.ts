import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";
import type { SpanNode } from "../../model/traceTree";
import { firstLook } from "../../model/visibleRows";
import type { TraceSnapshot, TraceStore } from "./traceStore";

export interface Selection {
  node: SpanNode | undefined;
  /** The address names a span that isn't in this session. */
  missing: boolean;
  select: (node: SpanNode) => void;
}

/**
 * The chosen span lives in the address, so that every selection is a link. The trace id is named only where a session
 * holds the same span id in two traces.
 */
export function useSelection(store: TraceStore, snapshot: TraceSnapshot, failed: boolean): Selection {
  const [parameters, setParameters] = useSearchParams();
  const spanId = parameters.get("span");
  const traceId = parameters.get("trace") ?? undefined;
  const { version, order, loading } = snapshot;

  const node = useMemo(
    () => (spanId === null ? firstLook(order, failed) : store.tree.find(traceId, spanId)),
    // The tree is one object that grows; its version says when to look again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [store, version, order, failed, spanId, traceId],
  );

  const select = useCallback(
    (next: SpanNode) => {
      const { span_id: span, trace_id: trace } = next.span;
      const ambiguous = store.tree.find(undefined, span) !== next;
      setParameters(ambiguous ? { span, trace } : { span }, { replace: true });
    },
    [store, setParameters],
  );

  return { node, missing: spanId !== null && node === undefined && !loading, select };
}
