import { type ReactNode, useId } from "react";
import type { Counters, Session } from "../../api/types";
import { Amount } from "../../components/Time";
import { UNKNOWN, formatCount, formatSessionCost, formatTokens, formatUsd, totalTokens } from "../../model/format";

interface Props {
  session: Session;
  /** Spans that are here, of how many there are, while they are being fetched. */
  spans: number;
  total: number | undefined;
  loading: boolean;
}

/** What a session amounts to; tokens and cost with their parts for whoever points at them. */
export function TraceCounters({ session, spans, total, loading }: Props) {
  const { counters } = session;
  const all = total ?? counters.spans;
  const words = loading && spans < all ? `${formatCount(spans)} / ${formatCount(all)}` : formatCount(counters.spans);
  return (
    <ul className="trace-counters">
      <li>
        <Amount text={`${words} ${counters.spans === 1 ? "span" : "spans"}`} />
      </li>
      <li>
        {formatCount(counters.llm_calls)} <span className="unit">LLM</span>
      </li>
      <li>
        <Amount text={`${formatCount(counters.tool_calls)} ${counters.tool_calls === 1 ? "tool" : "tools"}`} />
      </li>
      {counters.errors > 0 && (
        <li className="is-error">
          {formatCount(counters.errors)} {counters.errors === 1 ? "error" : "errors"}
        </li>
      )}
      <li>
        <Tokens counters={counters} />
      </li>
      {(counters.cost_usd != null || counters.unpriced_calls > 0) && (
        <li>
          <Cost counters={counters} />
        </li>
      )}
    </ul>
  );
}

function Tokens({ counters }: { counters: Counters }) {
  const tokens = totalTokens(counters);
  if (tokens === undefined) {
    return (
      <span title="No call said how many tokens it took">
        <span className="faint">{UNKNOWN}</span> <span className="unit">tokens</span>
      </span>
    );
  }
  const parts: [string, number, boolean][] = [
    ["Input", counters.input_tokens, false],
    ["of it read from a cache", counters.cache_read_tokens, true],
    ["of it written to a cache", counters.cache_write_tokens, true],
    ["Output", counters.output_tokens, false],
    ["of it reasoning", counters.reasoning_tokens, true],
  ];
  return (
    <Parts
      label={
        <>
          {formatTokens(tokens)} <span className="unit">tokens</span>
        </>
      }
    >
      {parts
        .filter(([, count, part]) => !part || count > 0)
        .map(([name, count, part]) => (
          <Part key={name} name={name} isPart={part}>
            {formatCount(count)}
          </Part>
        ))}
    </Parts>
  );
}

function Cost({ counters }: { counters: Counters }) {
  const cost = formatSessionCost(counters);
  const { cost_usd: usd, computed_cost_usd: computed, unpriced_calls: unpriced } = counters;
  const reported = usd == null ? undefined : usd - (computed ?? 0);
  return (
    <Parts label={cost.text === UNKNOWN ? <span className="faint">unpriced</span> : cost.text}>
      {reported !== undefined && reported > (usd ?? 0) * 1e-9 && <Part name="Reported by providers">{formatUsd(reported)}</Part>}
      {computed != null && <Part name="Computed from tokens and the price list">≈{formatUsd(computed)}</Part>}
      {unpriced > 0 && <Part name="Calls without a known price">{formatCount(unpriced)}</Part>}
    </Parts>
  );
}

/** A number that opens into its parts: on hover, on focus, and when it is pressed where there is neither. */
function Parts({ label, children }: { label: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <span className="parts">
      <button type="button" className="parts-label" aria-describedby={id}>
        {label}
      </button>
      <span id={id} role="tooltip" className="parts-box">
        {children}
      </span>
    </span>
  );
}

function Part({ name, isPart = false, children }: { name: string; isPart?: boolean; children: ReactNode }) {
  return (
    <span className={`part${isPart ? " is-part" : ""}`}>
      <span className="muted">{name}</span> <span className="number">{children}</span>
    </span>
  );
}
