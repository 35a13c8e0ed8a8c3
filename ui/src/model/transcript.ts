import type { Message, MessagePart } from "../api/types";

type Part<Type extends MessagePart["type"]> = Extract<MessagePart, { type: Type }>;

/** A call with what the tool answered, when the same span tells both. */
export interface CallPart {
  readonly type: "call";
  readonly call: Part<"tool_call">;
  readonly result: Part<"tool_result"> | undefined;
}

export type TurnPart = CallPart | Exclude<MessagePart, { type: "tool_call" }>;

/** A message as it is read. */
export interface Turn {
  readonly role: string;
  readonly name: string | undefined;
  readonly finish: string | undefined;
  readonly parts: readonly TurnPart[];
  /** It is what the model answered, not what it was given. */
  readonly isAnswer: boolean;
}

/** The conversation with every result moved to its call, so that both are read as one. */
export function transcript(input: readonly Message[], output: readonly Message[]): Turn[] {
  const results = new Map<string, Part<"tool_result">[]>();
  const calls = new Set<string>();
  for (const { parts } of [...input, ...output]) {
    for (const part of parts) {
      if (part.type === "tool_call" && part.id != null) calls.add(part.id);
      if (part.type !== "tool_result" || part.id == null) continue;
      // A result before its call belongs to another call with the same id.
      if (calls.has(part.id)) results.set(part.id, [...(results.get(part.id) ?? []), part]);
    }
  }
  const joined = new Set<MessagePart>();
  const turns: Turn[] = [];
  const add = (message: Message, isAnswer: boolean): void => {
    const parts: TurnPart[] = [];
    for (const part of message.parts) {
      if (joined.has(part)) continue;
      if (part.type !== "tool_call") parts.push(part);
      else {
        // An id that is used again has its results in the order of its calls.
        const result = part.id == null ? undefined : results.get(part.id)?.shift();
        if (result !== undefined) joined.add(result);
        parts.push({ type: "call", call: part, result });
      }
    }
    if (parts.length === 0 && message.parts.length > 0) return;
    turns.push({ role: message.role, name: message.name, finish: message.finish_reason, parts, isAnswer });
  };
  for (const message of input) add(message, false);
  for (const message of output) add(message, true);
  return turns;
}

/** What the system and the developer say to the model before anybody asks anything. */
export function isInstruction(turn: Turn): boolean {
  return turn.role === "system" || turn.role === "developer";
}
