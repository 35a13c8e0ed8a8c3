import { Revealed } from "../../components/Revealed";
import type { QueryError } from "../../model/queryError";

/** What the host doesn't understand, at its place, and what it wants there. */
export function QueryFault({ query, fault }: { query: string; fault: QueryError }) {
  return (
    <div id="query-fault" className="query-fault" role="alert">
      <pre className="foreign">
        <Revealed text={query.slice(0, fault.start)} />
        <mark><Revealed text={query.slice(fault.start, fault.end) || " "} /></mark>
        <Revealed text={query.slice(fault.end)} />
      </pre>
      <p>
        <Revealed text={fault.advice} />
      </p>
    </div>
  );
}
