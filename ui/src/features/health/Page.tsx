import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { getHealth } from "../../api/requests";
import type { Health } from "../../api/types";
import { Amount } from "../../components/Time";
import { ErrorState, SkeletonRows } from "../../components/States";
import { useTitle } from "../../components/useTitle";
import { formatBytes, formatCount } from "../../model/format";
import { formatElapsed } from "../../model/time";
import "./health.css";

const EVERY_MS = 5_000;

/** How the inspector itself is doing: what it holds, what it lost, and which part is in trouble. */
export function HealthPage() {
  useTitle("Health");
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => getHealth(signal),
    refetchInterval: EVERY_MS,
    staleTime: 0,
  });
  return (
    <main className="health">
      <div className="health-body">
        <h1>Health</h1>
        {health.data ? (
          <HealthView health={health.data} />
        ) : health.error ? (
          <ErrorState error={health.error} doing="Asking for its health" retry={() => void health.refetch()} />
        ) : (
          <SkeletonRows rows={8} height={28} />
        )}
      </div>
    </main>
  );
}

export function HealthView({ health }: { health: Health }) {
  const { store, parts, counters } = health;
  return (
    <>
      <section aria-labelledby="health-parts">
        <h2 id="health-parts">Parts</h2>
        <ul className="health-parts">
          {parts.map((part) => (
            <li key={part.name} className={`is-${part.state}`}>
              <PartMark ok={part.state === "ok"} />
              <span>{part.name}</span>
              <span className="health-state">{part.state === "ok" ? "Ok" : "Degraded"}</span>
              {part.why != null && <span className="foreign health-why">{part.why}</span>}
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="health-store">
        <h2 id="health-store">Store</h2>
        {store ? (
          <Facts
            facts={[
              ["Kind", store.kind === "sqlite" ? "SQLite" : "Memory"],
              ...(store.path == null ? [] : ([["Path", store.path]] as [string, ReactNode][])),
              ["Size", <Amount key="size" text={formatBytes(store.bytes)} />],
              ["Sessions", formatCount(store.sessions)],
              ["Spans", formatCount(store.spans)],
              ["Events", formatCount(store.events)],
            ]}
          />
        ) : (
          <p className="muted">The store does not answer.</p>
        )}
      </section>
      <section aria-labelledby="health-now">
        <h2 id="health-now">Now</h2>
        <Facts
          facts={[
            ["Sessions active in 24 hours", health.sessions_active_24h == null ? "—" : formatCount(health.sessions_active_24h)],
            ["Events in the last minute", formatCount(health.events_last_minute)],
            ["Readers of the stream", formatCount(health.subscribers)],
            ["Up for", <Amount key="up" text={formatElapsed(health.uptime_seconds * 1000)} />],
            ["Version", health.version],
            ["Mounted at", health.mount === "" ? "/" : health.mount],
            ["Instance", health.instance],
          ]}
        />
      </section>
      <section aria-labelledby="health-prices">
        <h2 id="health-prices">Prices</h2>
        <Facts facts={priceFacts(health.prices)} />
      </section>
      <section aria-labelledby="health-counters">
        <h2 id="health-counters">Counters since start</h2>
        <Facts facts={Object.entries(counters).map(([name, value]) => [name.replaceAll("_", " "), formatCount(value)])} />
      </section>
    </>
  );
}

/** From what costs are computed that nobody reported. */
function priceFacts(prices: Health["prices"]): [string, ReactNode][] {
  const facts: [string, ReactNode][] = [
    ["List of", prices.date],
    ["From", prices.source],
    ["Models", formatCount(prices.models)],
  ];
  if (prices.own_models != null) facts.push(["Your own", formatCount(prices.own_models)]);
  if (prices.path != null) facts.push(["In", prices.path]);
  return facts;
}

function PartMark({ ok }: { ok: boolean }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      {ok ? (
        <path d="M2 6.5l2.75 2.75L10 3.5" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
      ) : (
        <path d="M6 1.5l5 9H1z M6 5v2.5" fill="none" stroke="currentColor" strokeWidth="1.25" strokeLinejoin="round" />
      )}
    </svg>
  );
}

function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="health-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="foreign">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
