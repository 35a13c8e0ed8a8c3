import { formatDuration, toMillis } from "./time";
import { oneLine } from "./text";
import { personWords } from "./waitEnd";

export type Tone = "bad" | "warn" | "wait" | undefined;

export interface EventWords {
  text: string;
  tone: Tone;
}

type Fields = Record<string, unknown>;

const MOST_CHARS = 300;
/** They stand in columns of their own. */
const SHOWN_ELSEWHERE = new Set(["id", "type", "timestamp", "session_id"]);

/** What an event says, in one line. One of a type that nobody here knows says its fields. */
export function eventWords(event: Fields): EventWords {
  const type = String(event.type);
  const words = Object.hasOwn(WORDS, type) ? WORDS[type]?.(event) : undefined;
  return words === undefined || words.text === "" ? { text: fieldsOf(event), tone: words?.tone } : { ...words, text: oneLine(words.text, MOST_CHARS) };
}

const WORDS: Record<string, (event: Fields) => EventWords> = {
  SessionStarted: sessionWords,
  SessionUpdated: sessionWords,
  SessionFinished: sessionWords,
  SessionMerged: (event) => plain(`now part of ${text(event.into)}`),
  SpanStarted: ({ span }) => plain(join([text(record(span).kind), text(record(span).name)], " ")),
  SpanFinished: spanFinished,
  WaitingOnSignal: ({ signal_name, prompt }) => ({ text: join([`waits for ${text(signal_name)}`, text(prompt)], ": "), tone: "wait" }),
  SignalReceived: (event) => plain(join([`got ${text(event.signal_name) || text(event.signal)}`, decidedWords(event)], ": ")),
  CancelRequested: deed("asked to end"),
  SessionPinned: deed("pinned"),
  SessionUnpinned: deed("unpinned"),
  SessionRemoved: deed("removed"),
  BreakpointSet: ({ breakpoint }) => plain(`${breakpointWords(record(breakpoint).id)} set${personOf(record(breakpoint))}`),
  BreakpointRemoved: (event) => plain(`${breakpointWords(event.breakpoint_id)} removed${personOf(event)}`),
  BeforeStep: ({ checkpoint, tool, agent }) => ({ text: join([`stopped at ${text(checkpoint)}`, text(agent), text(tool)], " · "), tone: "wait" }),
  Log: ({ level, message }) => ({ text: join([text(level), text(message)], ": "), tone: LEVELS[text(level)] }),
  ProgressUpdate: ({ message, percent }) => plain(join([typeof percent === "number" ? `${Math.round(percent)} %` : "", text(message)], " ")),
  Custom: ({ name, data }) => plain(join([text(name), data == null ? "" : print(data)], " ")),
  Heartbeat: ({ open_spans }) => plain(typeof open_spans === "number" ? `${open_spans} spans running` : ""),
  ResourceFetched: ({ uri, name }) => plain(text(uri) || text(name)),
  McpRequestStarted: ({ method, tool }) => plain(join([text(method), text(tool)], " ")),
  McpRequestFinished: ({ method, tool, error }) => ({ text: join([join([text(method), text(tool)], " "), text(error)], ": "), tone: error ? "bad" : undefined }),
  PromptUsed: ({ name }) => plain(text(name)),
  Gap: ({ at_most }) => ({ text: typeof at_most === "number" ? `up to ${at_most} events were missed` : "some events were missed", tone: "warn" }),
  RecordsDropped: ({ total }) => ({ text: typeof total === "number" ? `${total} records were not captured` : "", tone: "warn" }),
};

function decidedWords(event: Fields): string {
  const decision = text(event.decision);
  return decision === "" ? "" : `${decision}${personOf(event)}`;
}

/** What somebody did, with who it was and from where. */
function deed(done: string): (event: Fields) => EventWords {
  return (event) => plain(`${done}${personOf(event)}`);
}

function breakpointWords(id: unknown): string {
  return typeof id === "number" ? `breakpoint ${id}` : "a breakpoint";
}

/** Whom the host names, and where they were. A host that does not know where says nothing worth a word. */
function personOf({ by, from }: Fields): string {
  const [who, where] = [text(by), text(from)];
  const place = where === "proxy" ? " through a proxy" : where === "" || where === "unknown" || who === "local" ? "" : ` from ${where}`;
  return `${who === "" ? "" : ` by ${personWords(who)}`}${place}`;
}

const LEVELS: Record<string, Tone> = { error: "bad", warn: "warn" };

function sessionWords({ session }: Fields): EventWords {
  const { title, status, error } = record(session);
  return { text: join([text(title), text(status), text(error)], " · "), tone: status === "failed" ? "bad" : status === "paused" ? "wait" : undefined };
}

function spanFinished(event: Fields): EventWords {
  const span = record(event.span);
  const [start, end] = [text(span.start_time), text(span.end_time)];
  const took = start === "" || end === "" ? "" : formatDuration(toMillis(end) - toMillis(start));
  return {
    text: join([join([text(span.kind), text(span.name)], " "), took, text(span.error)], " · "),
    tone: span.status === "error" ? "bad" : undefined,
  };
}

function plain(words: string): EventWords {
  return { text: words, tone: undefined };
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MOST_CHARS) : "";
}

function record(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function join(parts: readonly string[], between: string): string {
  return parts.filter((part) => part !== "").join(between);
}

function print(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MOST_CHARS) : JSON.stringify(value).slice(0, MOST_CHARS);
}

function fieldsOf(event: Fields): string {
  const rest = Object.entries(event).filter(([key]) => !SHOWN_ELSEWHERE.has(key));
  return oneLine(rest.map(([key, value]) => `${key}: ${print(value)}`).join(", "), MOST_CHARS);
}
