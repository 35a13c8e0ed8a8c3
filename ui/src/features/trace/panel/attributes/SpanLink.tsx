import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { findSpans } from "../../../../api/requests";
import { spanAddress } from "../../../../model/spanAddress";
import { oneLine } from "../../../../model/text";

interface Props {
  traceId: string;
  spanId: string;
  sessionId: string;
}

/** A span that is linked to, in this session or another one. Where it is has to be asked; until then its ids stand there. */
export function SpanLink({ traceId, spanId, sessionId }: Props) {
  const found = useQuery({
    queryKey: ["span-home", traceId, spanId],
    queryFn: ({ signal }) => findSpans(`span:${spanId} trace:${traceId}`, undefined, 1, signal),
  });
  const home = found.data?.[0];
  const ids = (
    <>
      <code>{spanId}</code> <span className="faint">in trace</span> <code>{traceId}</code>
    </>
  );
  if (home?.session === undefined) {
    return (
      <>
        {ids}
        {found.isSuccess && <span className="faint"> · not recorded here</span>}
      </>
    );
  }
  return (
    <>
      <Link href={spanAddress(home.session, traceId, spanId)} className="foreign">
        {oneLine(home.span.name) || spanId}
      </Link>
      <span className="faint">{home.session === sessionId ? " in this session · " : " in another session · "}</span>
      {ids}
    </>
  );
}
