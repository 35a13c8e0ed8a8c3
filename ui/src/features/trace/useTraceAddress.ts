import { useCallback, useEffect, useEffectEvent, useMemo, useRef } from "react";
import { useSearchParams } from "wouter";
import { type TraceAddress, readTraceAddress, withTraceAddress } from "../../model/traceAddress";
import type { FoldWish, SpanName, TraceFrame, ViewWish } from "../../worker/trace/messages";
import type { TraceStore } from "./traceStore";

/** Browsers refuse more than twenty changes of the address a second; a held-down key makes thirty. */
const SETTLE_MS = 150;

export type ChangeAddress = (change: Partial<TraceAddress>) => void;

/** What the address says, and how to have it say something else. Parameters of others stay as they are. */
export function useTraceAddress(): [TraceAddress, ChangeAddress] {
  const [parameters, setParameters] = useSearchParams();
  const address = useMemo(() => readTraceAddress(parameters), [parameters]);
  const change = useCallback(
    (changed: Partial<TraceAddress>) => setParameters((now) => withTraceAddress(now, changed), { replace: true }),
    [setParameters],
  );
  return [address, change];
}

/**
 * Keeps the address and the keeper of the trace in step. A reader's move is answered by the keeper at once and written into
 * the address when it has been still for a moment; an address that changed by itself, by a link or the back button, is
 * told to the keeper.
 */
export function useTraceSync(store: TraceStore, frame: TraceFrame, address: TraceAddress, change: ChangeAddress, failed: boolean): void {
  const ours = useRef({ span: address.span, folds: foldText(address) });
  const { hidden, everything, find, range } = address;
  const time = range && range[1] - range[0];
  const view = useMemo((): ViewWish => ({ hidden, everything, find, time, failed }), [hidden, everything, find, time, failed]);
  const seen = useRef("");

  const open = useEffectEvent(() => {
    seen.current = JSON.stringify(view);
    store.open(nameOf(address), view, foldsOf(address));
  });
  useEffect(() => {
    open();
    return () => store.close();
  }, [store]);

  useEffect(() => {
    const text = JSON.stringify(view);
    if (text !== seen.current) store.send({ type: "view", view });
    seen.current = text;
  }, [store, view]);

  useEffect(() => {
    const name = nameOf(address);
    if (name !== undefined && address.span !== ours.current.span) store.send({ type: "choose", span: name });
    ours.current.span = address.span;
    const folds = foldText(address);
    if (folds !== ours.current.folds) store.send({ type: "folds", folds: foldsOf(address) });
    ours.current.folds = folds;
  }, [store, address]);

  const { chosen, named, folds } = frame;
  const span = named ? chosen?.span.span_id : undefined;
  const trace = chosen?.ambiguous === true ? chosen.span.trace_id : undefined;
  const moved = `${span ?? ""} ${trace ?? ""} ${foldText(folds)}`;
  const wroteAt = useRef(-Infinity);
  const write = useEffectEvent(() => {
    wroteAt.current = performance.now();
    const next: Partial<TraceAddress> = { ...folds, ...(span !== undefined && { span, trace }) };
    const said = (what: Partial<TraceAddress>): string => withTraceAddress(new URLSearchParams(), what).toString();
    const now = { ...foldsOf(address), ...(span !== undefined && { span: address.span, trace: address.trace }) };
    if (said(next) === said(now)) return;
    if (span !== undefined) ours.current.span = span;
    ours.current.folds = foldText(readTraceAddress(new URLSearchParams(said(next))));
    change(next);
  });
  useEffect(() => {
    // An address that names a span is right until that span is known to be missing or another is chosen.
    if (frame.spans === 0) return;
    const timer = setTimeout(write, Math.max(0, wroteAt.current + SETTLE_MS - performance.now()));
    return () => clearTimeout(timer);
  }, [moved, frame.spans]);
}

function nameOf({ span, trace }: TraceAddress): SpanName | undefined {
  return span === undefined ? undefined : { span, trace };
}

function foldsOf({ level, opened, closed }: FoldWish): FoldWish {
  return { level, opened, closed };
}

function foldText({ level, opened, closed }: FoldWish): string {
  return `${level ?? ""} ${opened.join()} ${closed.join()}`;
}
