import {
  Bot,
  CircleDashed,
  FileText,
  type LucideIcon,
  MessageSquareQuote,
  Plug,
  Search,
  Sparkles,
  UserRound,
  Workflow,
  Wrench,
} from "lucide-react";
import type { ReactElement } from "react";
import type { SpanKind } from "../api/types";
import "./kind.css";

interface Kind {
  word: string;
  icon: LucideIcon | undefined;
}

const KINDS: Record<SpanKind, Kind> = {
  workflow: { word: "Workflow", icon: Workflow },
  agent: { word: "Agent", icon: Bot },
  llm: { word: "LLM call", icon: Sparkles },
  tool: { word: "Tool", icon: Wrench },
  mcp: { word: "MCP", icon: Plug },
  retrieval: { word: "Retrieval", icon: Search },
  resource: { word: "Resource", icon: FileText },
  prompt: { word: "Prompt", icon: MessageSquareQuote },
  human: { word: "Human", icon: UserRound },
  // Plain spans are the background of a trace; a picture would give them weight.
  other: { word: "Span", icon: undefined },
};

/** A younger host may know kinds that this page doesn't. */
function known(kind: SpanKind): Kind {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind] : KINDS.other;
}

export function kindWord(kind: SpanKind): string {
  return known(kind).word;
}

/** Drawn once for each kind: lists have them by the hundred, and what is the same element is not drawn anew. */
const drawn = new Map<string, ReactElement>();

/** What a span is, at a glance. `unknown` is a parent that nobody has reported yet. */
export function KindIcon({ kind, unknown = false }: { kind: SpanKind; unknown?: boolean }) {
  const key = `${kind} ${unknown}`;
  let icon = drawn.get(key);
  if (icon === undefined) {
    icon = draw(kind, unknown);
    drawn.set(key, icon);
  }
  return icon;
}

function draw(kind: SpanKind, unknown: boolean): ReactElement {
  const Icon = unknown ? CircleDashed : known(kind).icon;
  if (Icon !== undefined) return <Icon className={`kind-icon kind-${kind}`} size={14} strokeWidth={1.75} aria-hidden />;
  return (
    <svg className={`kind-icon kind-${kind}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <circle cx="7" cy="7" r="2.25" fill="currentColor" />
    </svg>
  );
}
