import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getSpan } from "../../../api/requests";
import type { Session, Wait } from "../../../api/types";
import { copyText } from "../../../components/copyText";
import { type WaitEnd, endOfSpan, endWords } from "../../../model/waitEnd";

/** That a wait is over, as its card is told. */
export interface Over {
  /** What the stream told of it, if it did. */
  end: WaitEnd | undefined;
  cancelledBy: string | undefined;
  onDismiss: () => void;
}

interface Props {
  session: Session;
  wait: Wait;
  over: Over;
  /** What the reader had begun to say, made when it is asked for; absent when that is nothing. */
  draft?: (() => string) | undefined;
  onDismiss: () => void;
}

/** The span is written by the program that waited, when it gets to it. */
const ASK_AGAIN_MS = 1_000;
const MOST_ASKED = 10;

/** Who ended a wait and how. What was begun is said to be unsent, and can be taken along. */
export function OverNote({ session, wait, over, draft, onDismiss }: Props) {
  const [copied, setCopied] = useState<string>();
  const { wait_id: span, trace_id: trace } = wait;
  // The stream tells who answered; an end that nobody chose, or that was missed, is told by the span.
  const { data } = useQuery({
    queryKey: ["wait-end", session.id, trace, span],
    queryFn: async ({ signal }) => endOfSpan((await getSpan(session.id, trace ?? "", span ?? "", signal)).attributes) ?? null,
    enabled: over.end === undefined && span !== undefined && trace !== undefined,
    refetchInterval: ({ state }) => (state.data === null && state.dataUpdateCount < MOST_ASKED ? ASK_AGAIN_MS : false),
  });
  const found = over.end ?? data ?? undefined;
  const end = found?.decision === "cancelled" && found.by === undefined ? { ...found, by: over.cancelledBy } : found;
  return (
    <div className="answer-over">
      <p role="alert" className="foreign">
        <b>{endWords(end)}</b>
        {draft && " What you had begun was not sent; it stays here until you dismiss it."}
      </p>
      <div className="answer-buttons">
        {draft && (
          <button
            type="button"
            className="button"
            onClick={() =>
              void copyText(draft()).then(
                () => setCopied("Copied"),
                () => setCopied("The browser did not let it be copied"),
              )
            }
          >
            Copy what you had begun
          </button>
        )}
        <button type="button" className="button" onClick={onDismiss}>
          Dismiss
        </button>
        <span role="status" className="answer-copied faint">
          {copied}
        </span>
      </div>
    </div>
  );
}
