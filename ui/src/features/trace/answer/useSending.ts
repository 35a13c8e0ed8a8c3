import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../../api/client";
import { type Said, answerWait } from "../../../api/control";
import { refusalWords } from "../../../api/refusal";
import type { Wait } from "../../../api/types";
import { revealed } from "../../../model/reveal";
import type { Wrong } from "../../../model/schemaForm";

/** Where an answer stands. */
export type Sending =
  | { readonly at: "open" }
  | { readonly at: "sending" }
  | { readonly at: "accepted" }
  | { readonly at: "refused"; readonly message: string; readonly wrong: readonly Wrong[]; readonly over: boolean };

/** Sends an answer, and says what became of it. What was refused can be mended and sent again, unless somebody was faster. */
export function useSending(session: string, wait: Wait): [Sending, (said: Said) => Promise<void>] {
  const client = useQueryClient();
  const [sending, setSending] = useState<Sending>({ at: "open" });
  async function send(said: Said): Promise<void> {
    setSending({ at: "sending" });
    try {
      await answerWait(session, wait, said);
      setSending({ at: "accepted" });
    } catch (error) {
      setSending(refusal(error));
    }
    void client.invalidateQueries({ queryKey: ["waits", session] });
  }
  return [sending, send];
}

function refusal(error: unknown): Sending {
  if (!(error instanceof ApiError)) return { at: "refused", message: "The host can’t be reached. Nothing was sent twice: try again.", wrong: [], over: false };
  if (error.code === "nothing_waits") return { at: "refused", message: "Somebody else has answered, or the wait is over.", wrong: [], over: true };
  const wrong = error.parts.map(({ pointer, message }) => ({ pointer, message: revealed(message) }));
  return { at: "refused", message: refusalWords(error), wrong, over: false };
}
