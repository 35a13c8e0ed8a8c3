import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { findSpans, getSpan } from "../../../../api/requests";
import type { Span, SpanSummary } from "../../../../api/types";
import { type JsonNode, jsonOf, parseJson } from "../../../../model/json";
import { type Snapshots, snapshotsAround } from "../../../../model/snapshots";
import { useParameter } from "../useParameter";

/** A state that was written more often than this in one session is compared with its newest writings only. */
const MOST_SNAPSHOTS = 1_000;

export interface Former {
  snapshots: Snapshots | undefined;
  /** The span whose value is compared with, and that value. */
  chosen: SpanSummary | undefined;
  root: JsonNode | undefined;
  loading: boolean;
  error: Error | null;
  sessionId: string;
  choose: (key: string) => void;
  retry: () => void;
}

export function snapshotKey(span: SpanSummary): string {
  return `${span.trace_id}:${span.span_id}`;
}

/** The values of the same name in other spans of the session: the one before this, unless another is chosen. */
export function useSnapshots(sessionId: string, span: Span, compared: string | undefined): Former {
  const key = compared ?? "";
  // A name with a quotation mark cannot be asked for.
  const isAsked = compared !== undefined && !key.includes('"');
  const [wanted, setWanted] = useParameter("against");
  const holders = useQuery({
    queryKey: ["holders", sessionId, key, span.end_time],
    queryFn: ({ signal }) => findSpans(`"${key}":*`, sessionId, MOST_SNAPSHOTS, signal),
    enabled: isAsked,
  });
  const snapshots = useMemo(
    () => holders.data && snapshotsAround(span, holders.data.map((found) => found.span)),
    [holders.data, span],
  );
  const all = snapshots && [...snapshots.earlier, ...snapshots.later];
  const chosen = all?.find((each) => snapshotKey(each) === wanted) ?? snapshots?.earlier.at(-1);
  const former = useQuery({
    queryKey: ["span", sessionId, chosen?.trace_id, chosen?.span_id, chosen?.event_id],
    queryFn: ({ signal }) => getSpan(sessionId, chosen?.trace_id ?? "", chosen?.span_id ?? "", signal),
    enabled: chosen !== undefined,
  });
  const root = useMemo(() => {
    const value = former.data?.attributes[key];
    return typeof value === "string" ? parseJson(value) : value === undefined ? undefined : jsonOf(value);
  }, [former.data, key]);
  return {
    snapshots: isAsked ? snapshots : { earlier: [], later: [] },
    chosen,
    root,
    loading: former.isFetching,
    error: holders.error ?? former.error,
    sessionId,
    choose: setWanted,
    retry: () => {
      void holders.refetch();
      if (chosen !== undefined) void former.refetch();
    },
  };
}
