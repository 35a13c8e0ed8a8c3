import { oneLine } from "./text";

/** How a wait ended. */
export interface WaitEnd {
  /** In a word, as the host says it: `answered`, `denied`, `timed_out`, what was said at a checkpoint, and others. */
  readonly decision: string | undefined;
  readonly by: string | undefined;
}

const MOST_NAME = 80;

/** The host's words for people it has no name for. */
const NAMELESS: Record<string, string> = {
  local: "somebody at the host’s machine",
  token: "somebody with the token",
  granted: "somebody whom the host lets in",
  host: "the host’s own program",
  viewer: "a viewer",
  operator: "an operator",
  admin: "an administrator",
};

/** Who it was, within a sentence. */
export function personWords(by: string | undefined): string {
  if (by === undefined || by === "") return "somebody";
  return Object.hasOwn(NAMELESS, by) ? (NAMELESS[by] ?? "") : oneLine(by, MOST_NAME);
}

/** What became of a question that this reader did not answer, as a sentence. */
export function endWords(end: WaitEnd | undefined): string {
  const { decision, by } = end ?? { decision: undefined, by: undefined };
  const who = personWords(by);
  switch (decision) {
    case undefined:
      return by === undefined ? "This is no longer asked." : `Ended by ${who}.`;
    case "answered":
      return `Answered by ${who}.`;
    case "denied":
      return `Denied by ${who}.`;
    case "timed_out":
      return "Nobody answered in time.";
    case "cancelled":
      return by === undefined ? "The session was cancelled." : `The session was cancelled by ${who}.`;
    case "dropped":
      return "The program that asked waits no longer.";
    case "continue":
      return `Continued by ${who}.`;
    case "step":
      return `Let on to the next checkpoint by ${who}.`;
    case "skip":
      return `Skipped by ${who}.`;
    case "edit":
      return `Continued with a changed state by ${who}.`;
    case "abort":
      return `Aborted by ${who}.`;
    default:
      return `Ended by ${who}: ${oneLine(decision, MOST_NAME)}.`;
  }
}

/** What the span of a wait says of its end; undefined while it says nothing. */
export function endOfSpan(attributes: Readonly<Record<string, unknown>>): WaitEnd | undefined {
  const text = (key: string): string | undefined => {
    const value = attributes[key];
    return typeof value === "string" ? value : undefined;
  };
  const decision = text("inspector.wait.outcome");
  return decision === undefined ? undefined : { decision, by: text("inspector.wait.by") };
}
