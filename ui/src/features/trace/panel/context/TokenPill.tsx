import type { Span, Usage } from "../../../../api/types";
import { Revealed } from "../../../../components/Revealed";
import { UNKNOWN, formatCost, formatTokens } from "../../../../model/format";

const PARTS: [keyof Usage, string][] = [
  ["cache_read_tokens", "cached"],
  ["cache_write_tokens", "written to the cache"],
  ["reasoning_tokens", "reasoning"],
];

/** What the conversation cost, beside it. Unknown is told as unknown. */
export function TokenPill({ span }: { span: Span }) {
  const { usage, model, cost } = span;
  if (span.kind !== "llm" && usage === undefined && cost === undefined) return null;
  const price = formatCost(cost);
  const parts = PARTS.filter(([key]) => (usage?.[key] ?? 0) > 0);
  return (
    <ul className="token-pill" aria-label="Model, tokens and cost">
      {model != null && (
        <li className="foreign cut">
          <Revealed text={model} />
        </li>
      )}
      <li>
        {formatTokens(usage?.input_tokens)} <span className="unit">in</span>
        {parts.length > 0 && (
          <span className="faint"> ({parts.map(([key, word]) => `${formatTokens(usage?.[key])} ${word}`).join(", ")})</span>
        )}
      </li>
      <li>
        {formatTokens(usage?.output_tokens)} <span className="unit">out</span>
      </li>
      <li title={price.meaning}>{price.text === UNKNOWN ? <span className="faint">unpriced</span> : price.text}</li>
    </ul>
  );
}
