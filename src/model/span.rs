//! Spans: OpenTelemetry's, plus what every convention's attributes were normalised to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Attributes, Cost, EventId, SpanId, Timestamp, TraceId, Usage};

/// The longest error text in a [`SpanSummary`], in characters.
pub const MAX_ERROR_CHARS: usize = 200;

/// The `source` of spans that were put together from what is no span: the calls of hooks, log records, a session's
/// transcript, lines that a program printed, metrics, posted events. A span of the same call that was reported as one is better.
pub const DERIVED_SOURCES: &[&str] = &["hooks", "logs", "transcript", "lines", "metrics", "events"];

/// How the [`Span::call_id`] of a sum begins: not one call, but several. It counts only in a session of which nothing else
/// says any tokens.
pub(crate) const SUM_CALL: &str = "usage:";

/// How the [`Span::call_id`] of what can only stand alone begins: it cannot be told which of the calls it is that other
/// reports tell of, so it counts only where none of them says any tokens.
pub(crate) const LONE_CALL: &str = "alone:";

/// What a span does, whatever convention it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SpanKind {
    /// A fixed sequence of steps.
    Workflow,
    /// An agent's turn or run.
    Agent,
    /// A model call.
    Llm,
    /// A tool call.
    Tool,
    /// Any other request of the Model Context Protocol.
    Mcp,
    /// A search for documents.
    Retrieval,
    /// Reading a resource.
    Resource,
    /// Filling in a prompt template.
    Prompt,
    /// Waiting for a person.
    Human,
    /// Anything else.
    #[default]
    Other,
}

impl SpanKind {
    /// All, in the order above.
    pub const ALL: &'static [Self] = &[
        Self::Workflow,
        Self::Agent,
        Self::Llm,
        Self::Tool,
        Self::Mcp,
        Self::Retrieval,
        Self::Resource,
        Self::Prompt,
        Self::Human,
        Self::Other,
    ];

    /// The wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Agent => "agent",
            Self::Llm => "llm",
            Self::Tool => "tool",
            Self::Mcp => "mcp",
            Self::Retrieval => "retrieval",
            Self::Resource => "resource",
            Self::Prompt => "prompt",
            Self::Human => "human",
            Self::Other => "other",
        }
    }

    /// From the wire form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// OpenTelemetry's span kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OtelKind {
    /// Not said.
    #[default]
    Unspecified,
    /// Within the process.
    Internal,
    /// Answers a remote request.
    Server,
    /// Makes a remote request.
    Client,
    /// Puts a message on a queue.
    Producer,
    /// Takes a message from a queue.
    Consumer,
}

/// How a span ended, in OpenTelemetry's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StatusCode {
    /// Not said.
    #[default]
    Unset,
    /// Said to be well.
    Ok,
    /// In an error.
    Error,
}

/// How a span ended, with the sender's words.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct SpanStatus {
    /// The code.
    pub code: StatusCode,
    /// The sender's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What went wrong in a span, whatever convention said so.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct SpanError {
    /// A short class, such as `timeout` or an exception's type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl SpanError {
    /// The error as one line of at most [`MAX_ERROR_CHARS`] characters.
    #[must_use]
    pub fn one_line(&self) -> String {
        let text = match (&self.kind, &self.message) {
            (Some(kind), Some(message)) if !message.contains(kind.as_str()) => format!("{kind}: {message}"),
            (_, Some(message)) => message.clone(),
            (Some(kind), None) => kind.clone(),
            (None, None) => "error".to_owned(),
        };
        let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = line.char_indices().nth(MAX_ERROR_CHARS) {
            let keep = line.char_indices().nth(MAX_ERROR_CHARS - 1).map_or(end, |(at, _)| at);
            line.truncate(keep);
            line.push('…');
        }
        line
    }

    /// With this message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { kind: None, message: Some(message.into()) }
    }
}

/// Something that happened at one moment of a span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct SpanEvent {
    /// What happened.
    pub name: String,
    /// When.
    pub time: Timestamp,
    /// The rest.
    #[serde(default)]
    #[schema(required)]
    pub attributes: Attributes,
}

impl SpanEvent {
    /// Without attributes.
    #[must_use]
    pub fn new(name: impl Into<String>, time: Timestamp) -> Self {
        Self { name: name.into(), time, attributes: Attributes::default() }
    }
}

/// A pointer from a span to another one that is not its parent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Link {
    /// The other span's trace.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// The rest.
    #[serde(default)]
    #[schema(required)]
    pub attributes: Attributes,
}

impl Link {
    /// Without attributes.
    #[must_use]
    pub fn new(trace_id: TraceId, span_id: SpanId) -> Self {
        Self { trace_id, span_id, attributes: Attributes::default() }
    }
}

/// The library that recorded a span (OpenTelemetry's instrumentation scope).
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Scope {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// One span, whole. It is one line of a session's trace; a span may stand on several lines, and the last one wins.
///
/// The session is not in it: a session is a set of traces, and which trace belongs to which session may become
/// known later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Span {
    /// The trace.
    pub trace_id: TraceId,
    /// The span, unique within its trace.
    pub span_id: SpanId,
    /// The span that caused it; absent on a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// W3C `tracestate`, when the sender gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_state: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it does.
    pub kind: SpanKind,
    /// OpenTelemetry's span kind.
    #[serde(default)]
    #[schema(required)]
    pub otel_kind: OtelKind,
    /// When it began.
    pub start_time: Timestamp,
    /// When it ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// How it ended.
    #[serde(default)]
    #[schema(required)]
    pub status: SpanStatus,
    /// Its attributes as they were sent, after redaction and cutting.
    #[serde(default)]
    #[schema(required)]
    pub attributes: Attributes,
    /// What happened in it.
    #[serde(default)]
    #[schema(required)]
    pub events: Vec<SpanEvent>,
    /// What it points to.
    #[serde(default)]
    #[schema(required)]
    pub links: Vec<Link>,
    /// The program that sent it (OpenTelemetry's resource).
    #[serde(default)]
    #[schema(required)]
    pub resource: Attributes,
    /// The library that recorded it.
    #[serde(default)]
    #[schema(required)]
    pub scope: Scope,
    /// How it came here: `tracing`, `session`, `mcp` (a request to an MCP server in the host), `otel` (the host's OpenTelemetry SDK), `otlp`, `file`; or, when it was put
    /// together from what is no span, one of [`DERIVED_SOURCES`].
    pub source: std::borrow::Cow<'static, str>,
    /// The trace that the parent is in, when that is another one of the same session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_trace_id: Option<TraceId>,
    /// Nobody said what the parent is; it was the one that fits best.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred_parent: bool,
    /// What the span is one report of, when its program reports the same thing in several ways: `tool:`, `llm:` or `turn:`
    /// with the program's own id. Within a session a [derived](DERIVED_SOURCES) span gives way to any other with the same
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// It matters only to who works on the program that sent it: not counted, and not shown unless asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detail: bool,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Who runs the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The agent's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The tool's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<SpanError>,
    /// Attributes that were left out because of a bound.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_attributes: u32,
    /// Its process died before it ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abandoned: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Span {
    /// A span that has just begun, with nothing known but this.
    #[must_use]
    pub fn new(trace_id: TraceId, span_id: SpanId, name: impl Into<String>, start_time: Timestamp) -> Self {
        Self {
            trace_id,
            span_id,
            parent_span_id: None,
            trace_state: None,
            name: name.into(),
            kind: SpanKind::Other,
            otel_kind: OtelKind::Unspecified,
            start_time,
            end_time: None,
            status: SpanStatus::default(),
            attributes: Attributes::new(),
            events: Vec::new(),
            links: Vec::new(),
            resource: Attributes::new(),
            scope: Scope::default(),
            source: "".into(),
            parent_trace_id: None,
            inferred_parent: false,
            call_id: None,
            detail: false,
            model: None,
            provider: None,
            agent: None,
            tool: None,
            usage: None,
            cost: None,
            error: None,
            dropped_attributes: 0,
            abandoned: false,
        }
    }

    /// What lists and trees show of it. `event_id` is the event that announced this state.
    #[must_use]
    pub fn summary(&self, event_id: EventId) -> SpanSummary {
        SpanSummary {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            name: self.name.clone(),
            kind: self.kind,
            start_time: self.start_time,
            end_time: self.end_time,
            status: self.status.code,
            error: self.error.as_ref().map(SpanError::one_line),
            model: self.model.clone(),
            provider: self.provider.clone(),
            agent: self.agent.clone(),
            tool: self.tool.clone(),
            usage: self.usage,
            cost: self.cost,
            parent_trace_id: self.parent_trace_id,
            inferred_parent: self.inferred_parent,
            call_id: self.call_id.clone(),
            detail: self.detail,
            derived: DERIVED_SOURCES.contains(&&*self.source),
            placeholder: false,
            abandoned: self.abandoned,
            event_id,
        }
    }

    /// About how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>()
            + self.name.len()
            + self.attributes.size()
            + self.resource.size()
            + self.events.iter().map(|event| event.name.len() + event.attributes.size()).sum::<usize>()
            + self.links.iter().map(|link| link.attributes.size()).sum::<usize>()
    }
}

/// What lists, trees and live events show of a span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct SpanSummary {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The span that caused it; absent on a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// What it is called.
    pub name: String,
    /// What it does.
    pub kind: SpanKind,
    /// When it began.
    pub start_time: Timestamp,
    /// When it ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// How it ended.
    pub status: StatusCode,
    /// What went wrong, in one line of at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Who runs the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The agent's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The tool's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The trace that the parent is in, when that is another one of the same session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_trace_id: Option<TraceId>,
    /// Nobody said what the parent is; it was the one that fits best.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred_parent: bool,
    /// What the span is one report of, when its program reports the same thing in several ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// It matters only to who works on the program that sent it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detail: bool,
    /// It was put together from what is no span: hooks, log records, metrics, a transcript, lines of output.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub derived: bool,
    /// Nobody reported this span yet; it stands in for a parent that its children name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub placeholder: bool,
    /// Its process died before it ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abandoned: bool,
    /// The last event that changed it.
    pub event_id: EventId,
}
