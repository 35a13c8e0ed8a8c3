import type { SpanNode } from "./traceTree";
import { isRunning } from "./traceTree";

/** The next span after `from` in reading order that fits, going round; undefined when none does. */
export function nextWhere(
  order: readonly SpanNode[],
  from: number,
  fits: (node: SpanNode) => boolean,
  direction: 1 | -1 = 1,
): SpanNode | undefined {
  const { length } = order;
  for (let step = 1; step <= length; step += 1) {
    const node = order[(((from + direction * step) % length) + length) % length];
    if (node !== undefined && fits(node)) return node;
  }
  return undefined;
}

export function isError(node: SpanNode): boolean {
  return node.span.status === "error";
}

/** Somebody was waited for: a pause of the session is a span of this kind. */
export function isWait(node: SpanNode): boolean {
  return node.span.kind === "human";
}

/** The child that took longest, one that still runs counted until `until`; undefined without children. */
export function slowestChild(node: SpanNode, until: number): SpanNode | undefined {
  let slowest: SpanNode | undefined;
  let longest = -1;
  for (const child of node.children) {
    const took = (child.end ?? (isRunning(child.span) ? until : child.start)) - child.start;
    if (took <= longest) continue;
    longest = took;
    slowest = child;
  }
  return slowest;
}

/** A call reads markedly more than the one before when it is half as much again … */
const JUMP_FACTOR = 1.5;
/** … and this many tokens more, so that small talk at the beginning of a run is not one. */
const JUMP_TOKENS = 1_000;

/**
 * The model calls whose input is markedly larger than that of the call before, in order of start: where a context began to
 * grow out of hand. Calls are compared within what their nearest agent does with one model, because a sub-agent begins with a
 * small context of its own. A call that doesn't say its input is passed over.
 */
export function tokenJumps(order: readonly SpanNode[]): SpanNode[] {
  const calls = order.filter((node) => node.span.kind === "llm" && node.span.usage?.input_tokens !== undefined);
  calls.sort((a, b) => a.start - b.start);
  const before = new Map<string, number>();
  return calls.filter((node) => {
    const input = node.span.usage?.input_tokens ?? 0;
    const thread = `${agentOf(node)?.key ?? ""} ${node.span.model ?? ""}`;
    const last = before.get(thread);
    before.set(thread, input);
    return last !== undefined && input >= last * JUMP_FACTOR && input - last >= JUMP_TOKENS;
  });
}

function agentOf(node: SpanNode): SpanNode | undefined {
  let up = node.parent;
  while (up !== undefined && up.span.kind !== "agent") up = up.parent;
  return up;
}

/** Whether a span is one that is looked for: all words occur in its name, model, tool, agent or error, in any case. */
export function matcher(query: string): ((node: SpanNode) => boolean) | undefined {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  return ({ span }) => {
    const text = `${span.name}\n${span.model ?? ""}\n${span.tool ?? ""}\n${span.agent ?? ""}\n${span.error ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** How long a span did something itself: its duration without the time in which any of its children ran. */
export function selfTime(node: SpanNode): number | undefined {
  if (node.end === undefined) return undefined;
  let self = node.end - node.start;
  let covered = node.start;
  // Children are kept in order of start.
  for (const child of node.children) {
    const from = Math.max(covered, child.start);
    const to = Math.min(node.end, child.end ?? node.end);
    if (to <= from) continue;
    self -= to - from;
    covered = to;
  }
  return Math.max(0, self);
}
