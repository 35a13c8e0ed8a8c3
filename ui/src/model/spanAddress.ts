/** Where a span is looked at, below the page's own path. */
export function spanAddress(sessionId: string, traceId: string, spanId: string): string {
  return `/sessions/${encodeURIComponent(sessionId)}?${new URLSearchParams({ span: spanId, trace: traceId }).toString()}`;
}
