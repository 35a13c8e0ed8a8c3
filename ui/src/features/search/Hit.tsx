import { ScrollText } from "lucide-react";
import { Link } from "wouter";
import type { SearchHit, SearchMatch, SessionName } from "../../api/types";
import { KindIcon, kindWord } from "../../components/KindIcon";
import { Revealed } from "../../components/Revealed";
import { Ago, Amount } from "../../components/Time";
import { eventWords } from "../../model/eventWords";
import { formatCost, formatTokens } from "../../model/format";
import { fieldName, markedPieces } from "../../model/marked";
import { revealed } from "../../model/reveal";
import { oneLine } from "../../model/text";
import { formatDuration, toMillis } from "../../model/time";

/** One span or event, with the text in which it was found. All of it is foreign text and stays text. */
export function Hit({ hit, name }: { hit: SearchHit; name: SessionName | undefined }) {
  const sessionId = hit.session_id ?? undefined;
  const failed = hit.type === "span" && hit.span.status === "error";
  return (
    <li className={`hit${failed ? " is-failed" : ""}`}>
      <div className="hit-line">
        {hit.type === "span" ? (
          <>
            <KindIcon kind={hit.span.kind} />
            <span className="only-read">{kindWord(hit.span.kind)}</span>
          </>
        ) : (
          <ScrollText className="kind-icon" size={14} strokeWidth={1.75} aria-hidden />
        )}
        <HitLink hit={hit} sessionId={sessionId} />
        <Numbers hit={hit} />
        <span className="hit-time number">
          <Ago time={hit.type === "span" ? hit.span.start_time : hit.event.timestamp} />
        </span>
      </div>
      {hit.type === "span" && hit.span.error != null && <p className="hit-error cut foreign">{oneLine(hit.span.error)}</p>}
      {hit.matches.map((match, index) => (
        <Snippet key={index} match={match} />
      ))}
      {sessionId !== undefined && <InSession id={sessionId} name={name} />}
    </li>
  );
}

function HitLink({ hit, sessionId }: { hit: SearchHit; sessionId: string | undefined }) {
  const words = hit.type === "span" ? hit.span.name : `${hit.event.type} ${eventWords(hit.event).text}`;
  const name = oneLine(words, 200) || "unnamed";
  if (sessionId === undefined) return <span className="cut foreign">{name}</span>;
  const span = hit.type === "span" ? hit.span : hit.event;
  const place = new URLSearchParams();
  if ("span_id" in span && typeof span.span_id === "string") place.set("span", span.span_id);
  if ("trace_id" in span && typeof span.trace_id === "string") place.set("trace", span.trace_id);
  const search = place.size === 0 ? "" : `?${place}`;
  return (
    <Link className="cut foreign" href={`/sessions/${encodeURIComponent(sessionId)}${search}`}>
      {name}
    </Link>
  );
}

function Numbers({ hit }: { hit: SearchHit }) {
  if (hit.type !== "span") return null;
  const { span } = hit;
  const tokens = span.usage == null ? undefined : (span.usage.input_tokens ?? 0) + (span.usage.output_tokens ?? 0);
  const cost = span.cost == null ? undefined : formatCost(span.cost);
  return (
    <span className="hit-numbers">
      {span.model != null && <span className="cut foreign">{oneLine(span.model)}</span>}
      {tokens !== undefined && <span>{formatTokens(tokens)} tok</span>}
      {cost !== undefined && <span title={cost.meaning}>{cost.text}</span>}
      {span.end_time == null ? (
        <span>{span.abandoned === true ? "abandoned" : "running"}</span>
      ) : (
        <Amount text={formatDuration(toMillis(span.end_time) - toMillis(span.start_time))} />
      )}
    </span>
  );
}

function Snippet({ match }: { match: SearchMatch }) {
  return (
    <p className="hit-snippet">
      <span className="hit-field cut" title={revealed(match.field)}>
        {revealed(fieldName(match.field))}
      </span>
      <span className="foreign">
        {markedPieces(match).map(({ text, hit }, index) => 
          hit ? (
            <mark key={index}>
              <Revealed text={text} />
            </mark>
          ) : (
            <Revealed key={index} text={text} />
          ),
        )}
      </span>
    </p>
  );
}

function InSession({ id, name }: { id: string; name: SessionName | undefined }) {
  const agent = name?.agent ?? "";
  const own = name?.title ?? "";
  // An agent's name tells none of its runs from the others.
  const title = own === "" || own.toLowerCase() === agent.toLowerCase() ? revealed(id) : oneLine(own);
  return (
    <p className="hit-session cut foreign">
      {title}
      {agent !== "" && <span className="faint"> · {oneLine(agent)}</span>}
    </p>
  );
}
