import type { JsonNode } from "../../../../model/json";
import { isContainer, printJson } from "../../../../model/json";
import { type Change, type DifferenceRow, diffText } from "../../../../model/jsonDiff";
import { labelOf } from "../../../../model/jsonTree";
import { formatCount } from "../../../../model/format";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import type { Limits } from "./JsonLine";

const SIGNS: Record<Change, string> = { same: "", added: "+", removed: "−", changed: "~" };
/** So much of what stays the same is shown around what changed in a text. */
const AROUND = 60;

/** One place that differs, with its sign and its word, or a run of places that don't. */
export function DifferenceLine({ row, limit, setLimit }: { row: DifferenceRow } & Limits) {
  const { difference, folded } = row;
  if (folded > 0) return <span className="faint">… {formatCount(folded)} the same</span>;
  const { change, name, before, after, inside } = difference;
  const item = after ?? before;
  const label = typeof name === "number" && item !== undefined && inside.length > 0 ? labelOf(item) : undefined;
  const long = (node: JsonNode) => (
    <LongText text={shown(node)} limit={limit(node)} onLimit={(next) => setLimit(node, next)} />
  );
  return (
    <div className={`difference is-${change}`}>
      <span className="difference-sign" aria-hidden="true">
        {SIGNS[change]}
      </span>
      <span className={`json-name foreign${typeof name === "number" ? " is-index" : ""}`}>
        {name === undefined ? "" : typeof name === "number" ? name : <Revealed text={name} />}
        {name !== undefined && <span className="faint">:</span>}
      </span>
      {label !== undefined && (
        <span className="faint foreign">
          <Revealed text={label} />
        </span>
      )}
      {change !== "same" && <span className="difference-word">{inside.length > 0 ? "" : change}</span>}
      {inside.length === 0 && (
        <div className="difference-value">
          {change === "changed" && before && after ? <Changed before={before} after={after} long={long} /> : null}
          {change === "added" && after && <ins>{long(after)}</ins>}
          {change === "removed" && before && <del>{long(before)}</del>}
          {change === "same" && after && long(after)}
        </div>
      )}
    </div>
  );
}

function Changed({ before, after, long }: { before: JsonNode; after: JsonNode; long: (node: JsonNode) => React.ReactNode }) {
  if (before.kind !== "string" || after.kind !== "string" || before.text === "" || after.text === "") {
    return (
      <>
        <del>{long(before)}</del>
        <ins>{long(after)}</ins>
      </>
    );
  }
  const { start, removed, added, end } = diffText(before.text, after.text);
  const common = Math.max(start.length, end.length);
  // Texts that share next to nothing are easier to read beside each other than mixed.
  if (common < 8 || removed.length > 2_000 || added.length > 2_000) {
    return (
      <>
        <del>{long(before)}</del>
        <ins>{long(after)}</ins>
      </>
    );
  }
  return (
    <pre className="foreign">
      <Revealed text={start.length > AROUND ? `…${start.slice(-AROUND)}` : start} />
      {removed !== "" && (
        <del>
          <Revealed text={removed} />
        </del>
      )}
      {added !== "" && (
        <ins>
          <Revealed text={added} />
        </ins>
      )}
      <Revealed text={end.length > AROUND ? `${end.slice(0, AROUND)}…` : end} />
    </pre>
  );
}

function shown(node: JsonNode): string {
  return isContainer(node) || node.kind !== "string" ? printJson(node) : node.text;
}
