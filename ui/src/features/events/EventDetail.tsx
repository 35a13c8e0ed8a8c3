import { X } from "lucide-react";
import { Link } from "wouter";
import type { FeedEvent } from "../../api/feed";
import { CopyButton } from "../../components/CopyButton";
import { LongText } from "../../components/LongText";
import { revealed } from "../../model/reveal";
import { formatExact, toMillis } from "../../model/time";

interface Props {
  event: FeedEvent | undefined;
  onOnlySession: (id: string) => void;
  onClose: () => void;
}

/** One event, whole, with the ways to what it speaks of. */
export function EventDetail({ event, onOnlySession, onClose }: Props) {
  return (
    <section className="event-detail" aria-label="Chosen event">
      <header>
        <h2 className="cut foreign">{revealed(event?.type ?? "Event")}</h2>
        {event !== undefined && <CopyButton text={() => indented(event.json)} label="Copy the event" />}
        <button type="button" className="icon-button" aria-label="Close" title="Close (Esc)" onClick={onClose}>
          <X size={15} aria-hidden />
        </button>
      </header>
      {event === undefined ? (
        <p className="muted">It is not among the events that are kept here. It may still be found by search.</p>
      ) : (
        <>
          <p className="muted">{event.timestamp === "" ? "" : formatExact(toMillis(event.timestamp))}</p>
          <p className="foreign">{event.text}</p>
          {event.session_id !== undefined && (
            <p className="event-links">
              <Link href={placeOf(event)}>{event.span_id === undefined ? "Open the session" : "Open the span"}</Link>
              <button type="button" onClick={() => onOnlySession(event.session_id ?? "")}>
                Only this session
              </button>
            </p>
          )}
          <LongText key={event.id} text={indented(event.json)} />
        </>
      )}
    </section>
  );
}

function placeOf(event: FeedEvent): string {
  const place = new URLSearchParams();
  if (event.span_id !== undefined) place.set("span", event.span_id);
  if (event.trace_id !== undefined) place.set("trace", event.trace_id);
  return `/sessions/${encodeURIComponent(event.session_id ?? "")}${place.size === 0 ? "" : `?${place}`}`;
}

/** As it was sent, with line breaks. What isn't JSON, and that cannot happen, is shown as it is. */
function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json) as unknown, null, 2);
  } catch {
    return json;
  }
}
