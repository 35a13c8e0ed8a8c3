import { Fragment, useDeferredValue, useMemo, useState } from "react";
import type { Attributes } from "../../../../api/types";
import { CopyButton } from "../../../../components/CopyButton";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { type AttributeRow, attributeRows, filterRows } from "../../../../model/attributes";
import { cutMark } from "../../../../model/cut";
import { parseJson, printJson } from "../../../../model/json";
import { printValue } from "../../../../model/text";
import { CutNote } from "../CutNote";

/** Below this many rows a filter costs more room than it saves. */
const FILTER_FROM = 6;
/** A JSON string larger than this stays as it was recorded: reading it into objects and back would stall the page. */
const PRETTY_LIMIT = 400_000;

interface Props {
  attributes: Attributes;
  empty?: string;
  filterable?: boolean;
}

export function AttributeList({ attributes, empty, filterable = false }: Props) {
  const [filter, setFilter] = useState("");
  const words = useDeferredValue(filter);
  const all = useMemo(() => attributeRows(attributes), [attributes]);
  const rows = useMemo(() => filterRows(all, words), [all, words]);
  if (all.length === 0) return empty === undefined ? null : <p className="panel-note">{empty}</p>;
  return (
    <>
      {filterable && all.length >= FILTER_FROM && (
        <input
          className="panel-filter"
          type="text"
          data-search
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") {
              setFilter("");
              event.currentTarget.blur();
            }
          }}
          placeholder={`Filter ${all.length} attributes`}
          aria-label="Filter the attributes"
          autoComplete="off"
          spellCheck={false}
        />
      )}
      <dl className="attributes">
        {rows.map((row) => (
          <AttributeItem key={row.key} row={row} />
        ))}
      </dl>
      {rows.length === 0 && <p className="panel-note">No attribute matches.</p>}
    </>
  );
}

function AttributeItem({ row }: { row: AttributeRow }) {
  const text = useMemo(() => readable(row.value), [row.value]);
  const long = text.length > 60 || text.includes("\n");
  return (
    <div className={long ? "is-long" : ""}>
      <dt className="foreign">
        {wordsOf(row.key).map((word, index) => (
          <Fragment key={index}>
            {index > 0 && <wbr />}
            <Revealed text={word} />
          </Fragment>
        ))}
        <CopyButton text={() => row.key} label={`Copy the name ${row.key}`} />
      </dt>
      <dd>
        <LongText text={text} />
        {row.truncated && <CutNote cut={cutMark(printValue(row.value))} />}
        <CopyButton text={() => printValue(row.value)} label={`Copy ${row.key}`} />
      </dd>
    </div>
  );
}

/** A long name is broken where its words end, rather than within one. */
function wordsOf(name: string): string[] {
  return name.split(/(?<=[._])/);
}

/** JSON that was recorded as text is laid out; copying still gives what was recorded. */
function readable(value: unknown): string {
  if (typeof value !== "string" || value.length > PRETTY_LIMIT) return printValue(value);
  const first = value.trimStart()[0];
  const json = first === "{" || first === "[" ? parseJson(value) : undefined;
  return json === undefined ? value : printJson(json);
}
