import { ChevronRight } from "lucide-react";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { isCutText } from "../../../../model/cut";
import { formatCount } from "../../../../model/format";
import type { JsonNode } from "../../../../model/json";
import { type JsonRow, labelOf } from "../../../../model/jsonTree";
import { Highlighted } from "./Highlighted";

/** A longer text, or one of several lines, stands below its name. */
const INLINE_CHARS = 120;

export interface Limits {
  limit: (of: object) => number;
  setLimit: (of: object, limit: number) => void;
}

/** One place of a value: its name, and its text or how much is in it. */
export function JsonLine({ row, open, wanted, limit, setLimit }: { row: JsonRow; open: boolean; wanted: string } & Limits) {
  const { node, name } = row;
  const label = labelOf(node);
  return (
    <>
      {node.items.length > 0 && <ChevronRight className={open ? "is-open" : ""} size={14} aria-hidden />}
      {name !== undefined && (
        <span className={`json-name foreign${typeof name === "number" ? " is-index" : ""}`}>
          {typeof name === "number" ? name : <Highlighted text={name === "" ? '""' : name} wanted={wanted} />}
          <span className="faint">:</span>{" "}
        </span>
      )}
      {open && typeof name === "number" && label !== undefined && (
        <span className="json-sum faint foreign">
          <Revealed text={label} />
        </span>
      )}
      <JsonValue node={node} open={open} wanted={wanted} limit={limit} setLimit={setLimit} />
    </>
  );
}

export function JsonValue({ node, open, wanted, limit, setLimit }: { node: JsonNode; open: boolean; wanted: string } & Limits) {
  if (node.kind === "object" || node.kind === "array") return <span className="json-sum faint">{sum(node, open)}</span>;
  if (node.kind !== "string") {
    return (
      <span className={`json-${node.kind}`}>
        <Highlighted text={node.text} wanted={wanted} />
      </span>
    );
  }
  const cut = isCutText(node.text) && <span className="cut-mark">cut</span>;
  if (node.text.length <= INLINE_CHARS && !node.text.includes("\n")) {
    return (
      <span className="json-string foreign">
        <span className="faint">“</span>
        <Highlighted text={node.text} wanted={wanted} />
        <span className="faint">”</span> {cut}
      </span>
    );
  }
  return (
    <div className="json-text">
      <LongText
        text={node.text}
        limit={limit(node)}
        onLimit={(next) => setLimit(node, next)}
        draw={(text) => (
          <pre className="foreign">
            <Highlighted text={text} wanted={wanted} />
          </pre>
        )}
      />
      {cut}
    </div>
  );
}

/** What a closed one holds: its names tell more than their number. */
function sum(node: JsonNode, open: boolean) {
  const count = node.items.length;
  if (node.kind === "array") return open ? `[${formatCount(count)}]` : `[${formatCount(count)} ${count === 1 ? "item" : "items"}]`;
  if (open || count === 0) return count === 0 ? "{}" : "";
  return (
    <span className="foreign">
      {"{"}
      <Revealed text={`${node.names.slice(0, 6).join(", ").slice(0, 80)}${count > 6 ? ", …" : ""}`} />
      {"}"}
    </span>
  );
}
