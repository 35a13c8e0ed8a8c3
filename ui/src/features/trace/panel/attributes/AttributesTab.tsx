import type { Span } from "../../../../api/types";
import { LongText } from "../../../../components/LongText";
import { formatCount } from "../../../../model/format";
import { PanelBody } from "../PanelBody";
import { AttributeList } from "./AttributeList";
import { Overview } from "./Overview";
import { SpanExtras } from "./SpanExtras";
import "./attributes.css";

interface Props {
  span: Span;
  sessionId: string;
  alive: boolean;
  raw: boolean;
}

/** Normalised fields first, then everything that was recorded. */
export function AttributesTab({ span, sessionId, alive, raw }: Props) {
  if (raw) {
    return (
      <PanelBody className="panel-raw">
        <LongText text={JSON.stringify(span, null, 2)} />
      </PanelBody>
    );
  }
  return (
    <PanelBody>
      <Overview span={span} sessionId={sessionId} alive={alive} />
      <div className="panel-title">
        <h3>Attributes</h3>
      </div>
      <AttributeList
        attributes={span.attributes}
        filterable
        empty="No attributes were recorded: whoever made this span gave it a name and times only."
      />
      {span.dropped_attributes != null && span.dropped_attributes > 0 && (
        <p className="panel-note">{formatCount(span.dropped_attributes)} more were dropped, because a span holds a bounded number.</p>
      )}
      <SpanExtras span={span} sessionId={sessionId} />
    </PanelBody>
  );
}
