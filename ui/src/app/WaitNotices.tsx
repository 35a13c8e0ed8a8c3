import { useRef } from "react";
import { useLocation } from "wouter";
import type { Session } from "../api/types";
import { useBarred } from "../api/barred";
import { useLiveBatches } from "../api/hooks";
import { useNotices } from "../components/notices";
import { noticeLine, oneLine } from "../model/text";

/** So many waits are remembered as told. */
const MOST_TOLD = 1_000;

/** Tells of each new question once, outside of the page, while the reader looks elsewhere. */
export function WaitNotices() {
  const on = useNotices();
  const [, navigate] = useLocation();
  // Nobody is told of what only others may answer.
  const barred = useBarred("change") !== undefined;
  const told = useRef(new Set<string>());
  useLiveBatches((batch) => {
    for (const event of batch.events) {
      if (event.type !== "SessionUpdated" || event.session.status !== "paused") continue;
      const key = `${event.session.id} ${event.session.waiting_on?.since}`;
      if (told.current.has(key)) continue;
      told.current.add(key);
      if (told.current.size > MOST_TOLD) told.current.delete(told.current.values().next().value ?? "");
      if (!on || barred || document.hasFocus()) continue;
      try {
        tell(event.session, key, navigate);
      } catch {
        // Some browsers let only a service worker tell; the strip on the page says it too.
      }
    }
  });
  return null;
}

/** One for all tabs: the browser puts notices with the same tag in one place. */
function tell(session: Session, tag: string, navigate: (to: string) => void): void {
  const wait = session.waiting_on;
  // Bounded, and nothing that turns the reading around: a stranger may have written it.
  const body = noticeLine(wait?.prompt ?? wait?.signal_name ?? "");
  const notice = new Notification(`${oneLine(session.title, 60) || session.id} waits for you`, { body, tag });
  notice.onclick = () => {
    window.focus();
    navigate(`/sessions/${encodeURIComponent(session.id)}`);
    notice.close();
  };
}
