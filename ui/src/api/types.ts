/**
 * The wire, by its everyday names. This is the only file that names the generated schema, so a regenerated
 * contract is felt here first. Types only: every layer, even `model`, may import it.
 */
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type ProblemPart = Schemas["ProblemPart"];
/** Something that a session waits for, and how it is answered. */
export type Wait = Schemas["Wait"];
export type WaitList = Schemas["WaitList"];
export type StepPoint = Schemas["StepPoint"];
export type Breakpoint = Schemas["Breakpoint"];
export type BreakpointList = Schemas["BreakpointList"];
export type BreakpointRule = Schemas["BreakpointRule"];

export type Counters = Schemas["Counters"];
export type Usage = Schemas["Usage"];
export type Cost = Schemas["Cost"];
export type Session = Schemas["Session"];
export type SessionStatus = Session["status"];
export type StatusCounts = Schemas["StatusCounts"];
export type Activity = Schemas["Activity"];
export type SessionName = Schemas["SessionName"];
export type SessionList = Schemas["SessionList"];
export type SpanSummary = Schemas["SpanSummary"];
export type SpanKind = SpanSummary["kind"];
export type SpanPage = Schemas["SpanPage"];
export type Health = Schemas["Health"];
export type SearchResults = Schemas["SearchResults"];
export type SearchHit = Schemas["SpanSearchHit"] | Schemas["EventSearchHit"];
export type SearchMatch = Schemas["SearchMatch"];
export type Problem = Schemas["Problem"];

/** One span, whole. A host of an older version says nothing of its content. */
export type Span = Schemas["Span"] & { content?: SpanContent };
export type SpanContent = Schemas["SpanContent"];
export type Message = Schemas["Message"];
export type MessagePart = Schemas["MessagePart"];
export type Media = Schemas["Media"];
export type ToolDefinition = Schemas["ToolDefinition"];
export type Document = Schemas["Document"];
/** Attribute values are any JSON, null included: they are kept as they are. */
export type Attributes = Schemas["Attributes"];

export type SessionQuery = Omit<NonNullable<operations["list_sessions"]["parameters"]["query"]>, "limit" | "cursor" | "counts">;

type WireEvent = Schemas["Event"];
/** What a type of event brings, with the parts of it that this page reads. */
type Body<Type extends WireEvent["type"], Key extends keyof Extract<WireEvent, { type: Type }>> = { type: Type } & Pick<
  Extract<WireEvent, { type: Type }>,
  Key
>;

/**
 * One message of the stream, for the types this page acts on. The stream is open: a type that is not listed here
 * arrives as `Other` and is left to whoever wants to show it.
 */
export type LiveEvent = { id: number; session_id?: string; timestamp?: string } & (
  | Body<"SessionStarted" | "SessionUpdated" | "SessionFinished", "session">
  | ({ session_id: string } & Body<"SessionMerged", "into">)
  | ({ session_id: string } & Body<"SessionRemoved", never>)
  | ({ session_id: string } & Body<"SpanStarted" | "SpanFinished", "span">)
  | ({ session_id: string } & Body<"SignalReceived", "signal_name" | "wait_id" | "decision" | "by">)
  | ({ session_id: string } & Body<"CancelRequested", "by">)
  | Body<"WaitingOnSignal" | "BeforeStep" | "BreakpointSet" | "BreakpointRemoved", never>
  | Body<"Gap", "at_most">
  | Body<"RecordsDropped", "total">
  | { type: "Other"; name: string }
);
