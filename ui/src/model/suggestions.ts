import { MOMENTS } from "./since";
import { STATUSES } from "./sessionFilter";

export interface Suggestion {
  /** What takes the place of the word at the cursor. */
  text: string;
  hint: string;
}

export interface Suggestions {
  from: number;
  to: number;
  items: Suggestion[];
}

/** Values that are known from what is on screen. */
export interface KnownValues {
  engines: readonly string[];
  agents: readonly string[];
  tags: readonly string[];
}

const MOST = 10;

const FIELDS: readonly Suggestion[] = [
  { text: "status:", hint: "running, paused, failed …" },
  { text: "engine:", hint: "what runs it" },
  { text: "agent:", hint: "the agent’s name" },
  { text: "tag:", hint: "one of its tags" },
  { text: "parent:", hint: "the id of the session that started it" },
  { text: "since:", hint: "began at this moment or later" },
  { text: "until:", hint: "began before this moment" },
  { text: "pinned:", hint: "yes or no" },
];

/** What the word at the cursor may become: a field's name, or after its colon one of its values. */
export function suggest(query: string, cursor: number, known: KnownValues): Suggestions {
  const [from, to] = wordAt(query, cursor);
  const word = query.slice(from, cursor);
  const colon = word.indexOf(":");
  const typed = (colon < 0 ? word : word.slice(colon + 1)).replaceAll('"', "").toLowerCase();
  const all = colon < 0 ? FIELDS : valuesOf(word.slice(0, colon), known);
  const value = (item: Suggestion): string => item.text.slice(item.text.indexOf(":") + 1).replaceAll('"', "").toLowerCase();
  const fits = (item: Suggestion): boolean => (colon < 0 ? item.text.startsWith(typed) : value(item).startsWith(typed));
  const items = all.filter(fits).slice(0, MOST);
  // What stands there already needs no proposal.
  const done = items.length === 1 && items[0]?.text === query.slice(from, to);
  return { from, to, items: done ? [] : items };
}

function valuesOf(field: string, known: KnownValues): Suggestion[] {
  const of = (values: readonly string[], hint = ""): Suggestion[] => values.map((value) => ({ text: `${field}:${quoted(value)}`, hint }));
  switch (field) {
    case "status":
      return of(STATUSES);
    case "engine":
      return of(known.engines);
    case "agent":
      return of(known.agents);
    case "tag":
      return of(known.tags);
    case "since":
      return MOMENTS.map(([word, hint]) => ({ text: `since:${word}`, hint }));
    case "until":
      return MOMENTS.map(([word, hint]) => ({ text: `until:${word}`, hint: hint.replace(/^(the last|since)/, "before $1").replace("before since", "before") }));
    case "pinned":
      return of(["yes", "no"]);
    default:
      return [];
  }
}

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value.replaceAll('"', "")}"` : value;
}

/** The word around the cursor; blanks within quotes belong to it. */
function wordAt(query: string, cursor: number): [number, number] {
  let from = 0;
  let open = false;
  for (let index = 0; index < cursor; index += 1) {
    if (query[index] === '"') open = !open;
    else if (query[index] === " " && !open) from = index + 1;
  }
  let to = cursor;
  while (to < query.length && (open || query[to] !== " ")) {
    if (query[to] === '"') open = !open;
    to += 1;
  }
  return [from, to];
}

/** The box with a suggestion in place, and where the cursor then stands. A whole field is followed by a blank. */
export function accept(query: string, { from, to }: Suggestions, { text }: Suggestion): { query: string; cursor: number } {
  const blank = text.endsWith(":") || query[to] === " " ? "" : " ";
  const cursor = from + text.length + blank.length;
  return { query: query.slice(0, from) + text + blank + query.slice(to), cursor };
}
