import type { Document, ToolDefinition } from "../../../../api/types";
import { Fold } from "../../../../components/Fold";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { plural } from "../../../../model/format";
import { oneLine, printValue } from "../../../../model/text";
import { RichText } from "./RichText";

/** What a search found, in its order, with the score that the store gave. */
export function Documents({ documents, raw }: { documents: readonly Document[]; raw: boolean }) {
  return (
    <section className="context-part" aria-label="Documents">
      <h3>{plural(documents.length, "document")} found</h3>
      <ol className="documents">
        {documents.map((document, index) => (
          <li key={index}>
            <p>
              <span className="faint number">{index + 1}</span>{" "}
              {document.id != null && (
                <code className="foreign">
                  <Revealed text={document.id} />
                </code>
              )}
              {document.score != null && (
                <span className="documents-score" title="What the number means is the store’s own affair">
                  <span className="unit">score </span>
                  {Number(document.score.toPrecision(4))}
                </span>
              )}
            </p>
            {document.text != null ? <RichText text={document.text} raw={raw} subject={document} /> : <p className="context-note">Its text wasn’t recorded.</p>}
            {document.metadata !== undefined && (
              <Fold summary="Metadata">{() => <LongText text={printValue(document.metadata)} />}</Fold>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What the model was told it may call. Folded: a run has dozens, and they are the same in every call. */
export function Tools({ tools }: { tools: readonly ToolDefinition[] }) {
  return (
    <Fold summary={`${plural(tools.length, "tool")} it could call: ${tools.map((tool) => oneLine(tool.name, 40)).join(", ")}`}>
      {() =>
        tools.map((tool, index) => (
          <Fold
            key={index}
            summary={
              <>
                <span className="foreign">{oneLine(tool.name, 80)}</span>{" "}
                <span className="faint foreign">{oneLine(tool.description ?? "", 120)}</span>
              </>
            }
          >
            {() => (
              <>
                {tool.description != null && <LongText text={tool.description} />}
                {tool.parameters === undefined ? (
                  <p className="context-note">It was told of no parameters.</p>
                ) : (
                  <LongText text={printValue(tool.parameters)} />
                )}
              </>
            )}
          </Fold>
        ))
      }
    </Fold>
  );
}
