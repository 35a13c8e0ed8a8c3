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

export type Span = Present<Schemas["Span"]>;
/** Attribute values are any JSON, null included: they are kept as they are. */
export type Attributes = Schemas["Attributes"];

export type SessionQuery = Omit<NonNullable<operations["list_sessions"]["parameters"]["query"]>, "limit" | "cursor">;

type WireEvent = Schemas["Event"];
/** What a type of event brings, with the parts of it that this page reads. */
type Body<Type extends WireEvent["type"], Key extends keyof Extract<WireEvent, { type: Type }>> = { type: Type } & Present<
  Pick<Extract<WireEvent, { type: Type }>, Key>
>;

/**
 * One message of the stream, for the types this page acts on. The stream is open: a type that is not listed here
 * arrives as `Other` and is left to whoever wants to show it.
 */
export type LiveEvent = { id: number; session_id?: string } & (
  | Body<"SessionStarted" | "SessionUpdated" | "SessionFinished", "session">
  | ({ session_id: string } & Body<"SessionMerged", "into">)
  | ({ session_id: string } & Body<"SpanStarted" | "SpanFinished", "span">)
  | Body<"Gap", "at_most">
  | { type: "Other"; name: string }
);
