import { useEffect, useRef } from "react";
import type { TraceAddress } from "../../model/traceAddress";
import type { TraceFrame } from "../../worker/trace/messages";
import type { ChangeAddress } from "./useTraceAddress";

/**
 * A link may lead to a span that is not shown unless details are: a parent, a hit. Who follows it wants to see the span, so
 * details are then shown. Once for each: who hides them again has seen it.
 */
export function useConcealed(frame: TraceFrame, address: TraceAddress, change: ChangeAddress): void {
  const seen = useRef<string>(undefined);
  const { concealed, chosen } = frame;
  const { span } = address;
  useEffect(() => {
    if (concealed && span !== undefined && seen.current !== span) change({ everything: true });
    if (concealed || chosen !== undefined) seen.current = span;
  }, [concealed, chosen, span, change]);
}
