import { EmptyState, ErrorState } from "../../components/States";
import { useKeys } from "../../components/useKeys";
import { plural } from "../../model/format";
import { revealed } from "../../model/reveal";
import { formatExact, toMillis } from "../../model/time";
import { Hit } from "./Hit";
import type { useHits } from "./useHits";

interface Props {
  query: string;
  hits: ReturnType<typeof useHits>;
  ranged: boolean;
  onAnyTime: () => void;
}

/** The keys move the focus from link to link: what is focused is what Enter opens. */
export function Hits({ query, hits, ranged, onAnyTime }: Props) {
  const pages = hits.data?.pages ?? [];
  const found = pages.flatMap(({ hits: each, sessions }) => each.map((hit) => ({ hit, name: sessions[hit.session_id ?? ""] })));
  const searchedTo = pages.at(-1)?.searched_to;

  function move(step: number): void {
    const links = [...document.querySelectorAll<HTMLElement>(".hit a")];
    const at = links.findIndex((link) => link === document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
  }
  useKeys({ j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1) });

  if (found.length === 0 && !hits.hasNextPage) {
    return (
      <EmptyState title="Nothing found">
        <p className="muted">
          No span and no event holds <code className="foreign">{revealed(query)}</code>
          {ranged ? " in this time." : "."}
        </p>
        {ranged && (
          <button type="button" className="button" onClick={onAnyTime}>
            Search any time
          </button>
        )}
      </EmptyState>
    );
  }
  return (
    <div className="hits">
      <p className="hits-count" role="status">
        {plural(found.length, "hit")}
        {hits.hasNextPage ? " so far" : ""}, newest first
      </p>
      <ul>
        {found.map(({ hit, name }, index) => (
          <Hit key={index} hit={hit} name={name} />
        ))}
      </ul>
      {hits.isFetchNextPageError ? (
        <ErrorState error={hits.error} doing="Searching further" retry={() => void hits.fetchNextPage()} />
      ) : (
        <div className="hits-more">
          {searchedTo !== undefined && (
            <p className="muted">Searched back to {formatExact(toMillis(searchedTo))} before the time was up.</p>
          )}
          {hits.hasNextPage ? (
            <button type="button" className="button" disabled={hits.isFetchingNextPage} onClick={() => void hits.fetchNextPage()}>
              {hits.isFetchingNextPage ? "Searching …" : searchedTo === undefined ? "Load more" : "Search further back"}
            </button>
          ) : (
            <p className="faint">That is all.</p>
          )}
        </div>
      )}
    </div>
  );
}
