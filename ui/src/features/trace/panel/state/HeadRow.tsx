import { ChevronRight, ChevronsDownUp, ChevronsUpDown } from "lucide-react";
import { CopyButton } from "../../../../components/CopyButton";
import { formatBytes, plural } from "../../../../model/format";
import { printJson } from "../../../../model/json";
import type { EntryGroup, JsonEntry } from "../../../../model/jsonEntries";
import { revealed } from "../../../../model/reveal";
import { oneLine, byteLength } from "../../../../model/text";

const GROUPS: Record<EntryGroup, string> = { state: "State", result: "Result", tool: "Tool", other: "Attribute" };

interface Props {
  entry: JsonEntry;
  open: boolean;
  compared: boolean;
  onCompare: () => void;
  onAll: (open: boolean) => void;
}

/** Names a value and holds what can be done with all of it. */
export function HeadRow({ entry, open, compared, onCompare, onAll }: Props) {
  const { root, text } = entry;
  return (
    <>
      <ChevronRight className={open ? "is-open" : ""} size={14} aria-hidden />
      <span className="state-group faint">{GROUPS[entry.group]}</span>
      <strong className="cut foreign" title={revealed(entry.key)}>
        {oneLine(entry.name)}
      </strong>
      <span className="state-size faint">
        {root?.kind === "array" && `${plural(root.items.length, "item")} · `}
        {text !== undefined && formatBytes(byteLength(text))}
      </span>
      {entry.cut && <span className="cut-mark">cut</span>}
      <span className="state-tools">
        {root && root.items.length > 0 && open && !compared && (
          <>
            <button type="button" className="panel-button" title="Open everything in it" aria-label={revealed(`Open all of ${entry.name}`)} onClick={() => onAll(true)}>
              <ChevronsUpDown size={14} aria-hidden />
            </button>
            <button type="button" className="panel-button" title="Close everything in it" aria-label={revealed(`Close all of ${entry.name}`)} onClick={() => onAll(false)}>
              <ChevronsDownUp size={14} aria-hidden />
            </button>
          </>
        )}
        {root && entry.comparable && (
          <button
            type="button"
            className="panel-toggle"
            aria-pressed={compared}
            title="How it differs from its earlier value in this session"
            onClick={onCompare}
          >
            Compare
          </button>
        )}
        <CopyButton text={() => text ?? (root ? printJson(root) : "")} label={`Copy ${entry.name}`} />
      </span>
    </>
  );
}
