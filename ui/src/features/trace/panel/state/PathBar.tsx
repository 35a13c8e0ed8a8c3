import { useState } from "react";
import { copyText } from "../../../../components/copyText";
import { printJson } from "../../../../model/json";
import { pathOf, printPath, printPointer } from "../../../../model/jsonTree";
import { revealed } from "../../../../model/reveal";
import type { StateRow } from "./stateView";

/** Where the chosen row stands, and its value and place to be taken along. */
export function PathBar({ row }: { row: Extract<StateRow, { type: "json" }> | undefined }) {
  const [done, setDone] = useState<{ what: string; row: unknown }>();
  if (row === undefined) return <div className="path-bar faint">Choose a row to copy its value or its path</div>;
  const { node } = row.row;
  const path = pathOf(row.row);
  const said = printPath(path) || row.entry.name;
  const copies: [string, string, () => string][] = [
    ["Value", "Copy the value", () => (node.kind === "string" ? node.text : printJson(node))],
    ["Path", "Copy the path as code", () => printPath(path)],
    ["Pointer", "Copy the path as a JSON pointer", () => printPointer(path)],
  ];
  return (
    <div className="path-bar">
      <code className="cut foreign" title={revealed(said)}>
        {revealed(said)}
      </code>
      {copies.map(([what, title, text]) => (
        <button
          key={what}
          type="button"
          className="panel-toggle"
          title={title}
          aria-label={title}
          onClick={() => {
            copyText(text()).then(
              () => setDone({ what, row: node }),
              () => setDone({ what: `no ${what}`, row: node }),
            );
          }}
        >
          {what}
        </button>
      ))}
      <span className="only-read" role="status">
        {done?.row === node ? (done.what.startsWith("no ") ? "Could not copy" : `${done.what} copied`) : ""}
      </span>
      {done?.row === node && <span className="faint" aria-hidden="true">{done.what.startsWith("no ") ? "refused" : "copied"}</span>}
    </div>
  );
}
