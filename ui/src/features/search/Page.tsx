import { Search, X } from "lucide-react";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { ErrorState, SkeletonRows } from "../../components/States";
import { useAddress } from "../../components/useAddress";
import { useDebounced } from "../../components/useDebounced";
import { useTitle } from "../../components/useTitle";
import { readQueryError } from "../../model/queryError";
import { revealed } from "../../model/reveal";
import { readMoment } from "../../model/since";
import { Fields } from "./Fields";
import { Hits } from "./Hits";
import { QueryFault } from "./QueryFault";
import { TimeRange } from "./TimeRange";
import { type Asked, useHits } from "./useHits";
import "./search.css";

const TYPING_PAUSE_MS = 200;

/** Searches every span and every kept event. The address says what for, so that a search is a link. */
export function SearchPage() {
  const [parameters, change] = useAddress();
  const query = parameters.get("q") ?? "";
  const since = momentIn(parameters, "since");
  const until = momentIn(parameters, "until");
  const session = parameters.get("session") ?? undefined;
  useTitle(query === "" ? "Search" : `Search: ${query}`);
  const settled = useDebounced(query, TYPING_PAUSE_MS, query);
  const asked: Asked = { q: settled.trim(), since, until, session };
  const hits = useHits(asked);
  const fault = hits.error instanceof ApiError ? readQueryError(hits.error.detail, asked.q) : undefined;

  return (
    <main className="search">
      <h1 className="only-read">Search</h1>
      <div className="search-bar">
        <QueryBox query={query} invalid={fault !== undefined} onChange={(q) => change({ q })} />
        <TimeRange since={since} until={until} onChange={change} />
        {session !== undefined && (
          <button type="button" className="chip-only" onClick={() => change({ session: "" })} title="Search all sessions again">
            <span className="cut foreign">only in {revealed(session)}</span>
            <X size={12} aria-hidden />
          </button>
        )}
      </div>
      {fault !== undefined && <QueryFault query={asked.q} fault={fault} />}
      {asked.q === "" ? (
        <Fields onPick={(field) => change({ q: field })} />
      ) : fault !== undefined ? (
        <Fields onPick={(field) => change({ q: `${query} ${field}`.trim() })} />
      ) : hits.data !== undefined ? (
        <Hits key={JSON.stringify(asked)} query={asked.q} hits={hits} onAnyTime={() => change({ since: "", until: "" })} ranged={since !== undefined || until !== undefined} />
      ) : hits.error !== null ? (
        <ErrorState error={hits.error} doing="Searching" retry={() => void hits.refetch()} />
      ) : (
        <SkeletonRows rows={8} height={52} />
      )}
    </main>
  );
}

/** What the address says is only taken when it means a moment. */
function momentIn(parameters: URLSearchParams, name: string): string | undefined {
  const word = parameters.get(name);
  return word !== null && readMoment(word, 0) !== undefined ? word : undefined;
}

function QueryBox({ query, invalid, onChange }: { query: string; invalid: boolean; onChange: (query: string) => void }) {
  const [first] = useState(query === "");
  return (
    <div className="search-box">
      <Search size={14} aria-hidden />
      <input
        type="text"
        data-search
        value={query}
        maxLength={1000}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "Enter") {
            event.preventDefault();
            document.querySelector<HTMLElement>(".hit a")?.focus();
          } else if (event.key === "Escape") event.currentTarget.blur();
        }}
        placeholder="Words, fields, &quot;a phrase&quot; or /a pattern/"
        aria-label="Search every span and event"
        aria-invalid={invalid}
        aria-describedby={invalid ? "query-fault" : undefined}
        autoComplete="off"
        spellCheck={false}
        // Whoever comes here to search has nothing else to do first.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={first}
      />
      {query !== "" && (
        <button type="button" className="box-clear" aria-label="Clear the search" onClick={() => onChange("")}>
          <X size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}
