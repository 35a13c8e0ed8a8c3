import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { hostNow } from "../../api/clock";
import { getHealth } from "../../api/requests";
import type { Health } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { Amount } from "../../components/Time";
import { Banner, ErrorState, SkeletonRows } from "../../components/States";
import { useNow } from "../../components/useNow";
import { useTitle } from "../../components/useTitle";
import { UNKNOWN, formatBytes, formatCount } from "../../model/format";
import { revealed } from "../../model/reveal";
import { formatElapsed } from "../../model/time";
import { type Fact, lag, limits, losses, summary, traffic } from "./words";
import "./health.css";

const EVERY_MS = 5_000;

/** How the inspector itself is doing: what it holds, what it lost, and which part is in trouble. */
export function HealthPage() {
  useTitle("Health");
  const health = useQuery({
    queryKey: ["health"],
    queryFn: async ({ signal }) => ({ health: await getHealth(signal), at: hostNow() }),
    refetchInterval: EVERY_MS,
    staleTime: 0,
  });
  return (
    <main className="health">
      {health.data && health.error && (
        <Banner tone="warn">The host doesn’t answer any more; this is how it was when it last did.</Banner>
      )}
      <div className="health-body">
        <header>
          <h1>Health</h1>
          {health.data && <Asked at={health.data.at} health={health.data.health} />}
        </header>
        {health.data ? (
          <HealthView health={health.data.health} />
        ) : health.error ? (
          <ErrorState error={health.error} doing="Asking for its health" retry={() => void health.refetch()} />
        ) : (
          <SkeletonRows rows={8} height={28} />
        )}
      </div>
    </main>
  );
}

/** When it was asked, and the whole answer for a report. */
function Asked({ at, health }: { at: number; health: Health }) {
  const now = useNow();
  return (
    <p className="health-asked">
      asked {formatElapsed(now - at)} ago
      <CopyButton text={() => JSON.stringify(health, null, 2)} label="Copy all of it as JSON" />
    </p>
  );
}

export function HealthView({ health }: { health: Health }) {
  const { text, ok } = summary(health);
  const lost = losses(health);
  return (
    <>
      <p className={`health-summary is-${ok ? "ok" : "degraded"}`}>
        <PartMark ok={ok} />
        <span className="foreign">{revealed(text)}</span>
      </p>
      <div className="health-columns">
        <Section title="Parts">
          <ul className="health-parts">
            {health.parts.map((part) => (
              <li key={part.name} className={`is-${part.state}`}>
                <PartMark ok={part.state === "ok"} />
                <span className="foreign">{revealed(part.name)}</span>
                <span className="health-state">{part.state === "ok" ? "Ok" : "Degraded"}</span>
                {part.why != null && <span className="foreign health-why">{revealed(part.why)}</span>}
              </li>
            ))}
          </ul>
        </Section>
        <Section title="Now">
          <Facts
            facts={[
              ["Sessions active in 24 hours", health.sessions_active_24h == null ? UNKNOWN : formatCount(health.sessions_active_24h)],
              ["Events in the last minute", formatCount(health.events_last_minute)],
              ["Readers of the stream", formatCount(health.subscribers)],
              ["Lag of the store", lag(health)],
              ["Up for", <Amount key="up" text={formatElapsed(health.uptime_seconds * 1000)} />],
              ["Version", health.version],
              ["Mounted at", health.mount === "" ? "/" : health.mount],
              ["Instance", health.instance],
            ]}
          />
        </Section>
        <Section title="Store">
          <Store store={health.store ?? undefined} />
        </Section>
        <Section title="Lost since the start">
          <Counted facts={lost} />
        </Section>
        <Section title="Taken since the start">
          <Counted facts={traffic(health)} />
        </Section>
        <Section title="Prices">
          <Facts facts={priceFacts(health.prices)} />
        </Section>
      </div>
      <details className="health-limits">
        <summary>Limits: what goes beyond one is counted above</summary>
        <div className="health-columns">
          <Counted facts={limits(health)} />
        </div>
      </details>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = `health-${title.toLowerCase().replaceAll(" ", "-")}`;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

function Store({ store }: { store: Health["store"] }) {
  if (store == null) return <p className="muted">The store does not answer.</p>;
  const facts: [string, ReactNode][] = [["Kind", store.kind === "sqlite" ? "SQLite" : "Memory"]];
  if (store.path != null) facts.push(["Path", store.path]);
  facts.push(
    ["Size", <Amount key="size" text={formatBytes(store.bytes)} />],
    ["Sessions", formatCount(store.sessions)],
    ["Spans", formatCount(store.spans)],
    ["Events that can be replayed", formatCount(store.events)],
  );
  if (store.unindexed != null) facts.push(["Not yet indexed for search, and found all the same", formatCount(store.unindexed)]);
  return <Facts facts={facts} />;
}

/** Counters, each by what it means; its own name is for whoever looks for it in the metrics. */
function Counted({ facts }: { facts: Fact[] }) {
  return (
    <dl className="health-facts">
      {facts.map(({ name, words, value, bad }) => (
        <div key={name} className={bad ? "is-lost" : undefined} title={name}>
          <dt>{words}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
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
          <dd className="foreign">{typeof value === "string" ? revealed(value) : value}</dd>
        </div>
      ))}
    </dl>
  );
}
