import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLiveBatches } from "../../../api/hooks";
import { listWaits } from "../../../api/requests";
import type { Session, Wait } from "../../../api/types";
import { plural } from "../../../model/format";
import { StepCard } from "./StepCard";
import { WaitCard } from "./WaitCard";
import "./answer.css";

/** What begins or ends a wait. */
const NEWS = new Set(["WaitingOnSignal", "BeforeStep", "SignalReceived", "CancelRequested", "SessionUpdated", "SessionFinished"]);

/** What a paused session waits for, each with the means to answer it. */
export default function Waits({ session }: { session: Session }) {
  const client = useQueryClient();
  const queryKey = ["waits", session.id];
  const { data } = useQuery({ queryKey, queryFn: ({ signal }) => listWaits(session.id, signal), refetchOnWindowFocus: true });
  useLiveBatches((batch) => {
    const own = batch.events.some((event) => event.session_id === session.id && NEWS.has(event.type === "Other" ? event.name : event.type));
    if (own || batch.resync !== undefined) void client.invalidateQueries({ queryKey });
  });
  if (data === undefined) return null;
  if (data.total === 0) {
    return session.status === "paused" ? (
      <p className="answer-elsewhere">It is answered where it was asked: the program that waits takes no answer from here.</p>
    ) : null;
  }
  const key = (wait: Wait): string => wait.wait_id ?? wait.signal_name;
  return (
    <section className="answers" aria-label={plural(data.total, "open question")}>
      {data.waits.map((wait) =>
        wait.step === undefined ? (
          <WaitCard key={key(wait)} session={session} wait={wait} />
        ) : (
          <StepCard key={key(wait)} session={session} wait={wait} point={wait.step} />
        ),
      )}
      {data.total > data.waits.length && <p className="answer-elsewhere">{`and ${data.total - data.waits.length} more, in turn`}</p>}
    </section>
  );
}
