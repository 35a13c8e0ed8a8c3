/**
 * The wire, by its everyday names. This is the only file that names the generated schema, so a regenerated
 * contract is felt here first. Types only: every layer, even `model`, may import it.
 */
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

/** The wire leaves absent fields out and never sends null, whatever a generator makes of an optional field. */
type Present<T> = T extends readonly (infer Item)[]
  ? Present<Item>[]
  : T extends object
    ? { [Key in keyof T]: Present<Exclude<T[Key], null>> }
    : T;

export type Counters = Present<Schemas["Counters"]>;
export type Usage = Present<Schemas["Usage"]>;
export type Cost = Present<Schemas["Cost"]>;
export type Session = Present<Schemas["Session"]>;
export type SessionStatus = Session["status"];
export type SessionList = Present<Schemas["SessionList"]>;
export type SpanSummary = Present<Schemas["SpanSummary"]>;
export type SpanKind = SpanSummary["kind"];
export type SpanPage = Present<Schemas["SpanPage"]>;
export type Health = Present<Schemas["Health"]>;
export type Problem = Present<Schemas["Problem"]>;

/** Attribute values are any JSON, null included: they are kept as they are. */
export type Attributes = Record<string, unknown>;
type Wire<T, Key extends keyof T> = Present<Omit<T, Key>> & Record<Key, Attributes>;
export type Span = Omit<Wire<Schemas["Span"], "attributes" | "resource">, "events" | "links"> & {
  events: Wire<Schemas["Span"]["events"][number], "attributes">[];
  links: Wire<Schemas["Span"]["links"][number], "attributes">[];
};

export type SessionQuery = Omit<NonNullable<operations["list_sessions"]["parameters"]["query"]>, "limit" | "cursor">;

/**
 * One message of the stream, for the types this page acts on. The stream is open: a type that is not listed here
 * arrives as `Other` and is left to whoever wants to show it.
 */
export type LiveEvent = { id: number; session_id?: string } & (
  | { type: "SessionStarted" | "SessionUpdated" | "SessionFinished"; session: Session }
  | { type: "SessionMerged"; session_id: string; into: string }
  | { type: "SpanStarted" | "SpanFinished"; session_id: string; span: SpanSummary }
  | { type: "Gap"; at_most: number }
  | { type: "Other"; name: string }
);
