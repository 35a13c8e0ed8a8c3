import type { Session } from "../../../api/types";
import { plural } from "../../../model/format";
import { StepCard } from "./StepCard";
import { WaitCard } from "./WaitCard";
import { useWaits } from "./useWaits";
import "./answer.css";

/** What a paused session waits for, each with the means to answer it, and what became of what was answered elsewhere. */
export default function Waits({ session }: { session: Session }) {
  const waits = useWaits(session);
  const { shown, total, more } = waits;
  if (total === undefined) return null;
  const elsewhere = total === 0 && session.status === "paused";
  // Keys go to the one that has waited longest.
  const first = shown.find(({ over, wait }) => over === 0 && wait.step !== undefined);
  return (
    <>
      {elsewhere && <p className="answer-elsewhere">{elsewhereWords(session)}</p>}
      {shown.length > 0 && (
        <section className="answers" aria-label={total > 0 ? plural(total, "open question") : "Questions that are over"}>
          {shown.map((each) => {
            const { key, wait } = each;
            const common = {
              session,
              wait,
              over: each.over > 0 ? { end: waits.endOf(wait), cancelledBy: waits.cancelledBy, onDismiss: () => waits.dismiss(key) } : undefined,
              onMark: (mark: typeof each.mark) => waits.mark(key, mark),
            };
            return wait.step === undefined ? (
              <WaitCard key={key} {...common} />
            ) : (
              <StepCard key={key} {...common} point={wait.step} hasKeys={each === first} />
            );
          })}
          {more > 0 && <p className="answer-elsewhere">{`and ${more} more, in turn`}</p>}
        </section>
      )}
    </>
  );
}

/** Who is waited for, when it is nobody here. */
function elsewhereWords({ engine, waiting_on: waiting }: Session): string {
  if (engine === "mcp-inbound" && waiting?.signal_name === "elicitation") {
    return "The MCP client is asked, and answers in its own window. The session goes on when it has.";
  }
  if (engine === "mcp-inbound" && waiting?.signal_name === "sampling") {
    return "The MCP client is asked to let its model answer. The session goes on when it has.";
  }
  return "It is answered where it was asked: the program that waits takes no answer from here.";
}
