//! What the host's threads hand over.

use std::borrow::Cow;

use tracing_core::Metadata;

use super::flat::{Flat, Listed, Slice, field_names};
use crate::model::{
    Attributes, EventKind, Link, OtelKind, SessionId, SessionStatus, Span, SpanEvent, SpanId, SpanKind,
    SpanStatus, Timestamp, TraceId,
};

/// One thing that happened in the host. Small, so that handing it over is a short copy.
#[derive(Debug)]
pub(crate) enum Record {
    /// A session of the explicit API began.
    SessionStarted(Box<SessionStarted>),
    /// A session of the explicit API ended.
    SessionEnded(Box<SessionEnded>),
    /// A trace that began elsewhere goes on in a session of the host's.
    TraceJoined { trace_id: TraceId, session: Box<SessionId> },
    /// A span began.
    SpanStarted(SpanStarted),
    /// A span began or ended, in another library's own form.
    Foreign { ended: bool, span: Box<dyn Foreign> },
    /// Fields were recorded on a span that still runs.
    SpanFields { trace_id: TraceId, span_id: SpanId, callsite: &'static Metadata<'static>, attributes: Slice },
    /// More became known of a span that still runs.
    SpanChanged(Box<SpanChange>),
    /// A span ended.
    SpanEnded {
        trace_id: TraceId,
        span_id: SpanId,
        at: Timestamp,
        change: Option<Box<SpanChange>>,
        /// In the [`Flat`] that the record came with; they come before those of the change.
        listed: Listed,
    },
}

/// A span in the form of the library that recorded it. It becomes a span of ours on the pump's thread.
pub(crate) trait Foreign: Send + std::fmt::Debug {
    /// The span.
    fn into_span(self: Box<Self>) -> Span;

    /// About how many bytes of memory it holds.
    fn size(&self) -> usize;
}

/// The kinds of records, as losses are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Session,
    SpanStarted,
    SpanChanged,
    SpanEnded,
    Event,
}

impl RecordKind {
    /// All, in the order above.
    pub(crate) const ALL: [Self; 5] =
        [Self::Session, Self::SpanStarted, Self::SpanChanged, Self::SpanEnded, Self::Event];

    /// As it is called in the stream and in the metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::SpanStarted => "span_started",
            Self::SpanChanged => "span_changed",
            Self::SpanEnded => "span_ended",
            Self::Event => "event",
        }
    }
}

#[derive(Debug)]
pub(crate) struct SessionStarted {
    pub(crate) id: SessionId,
    /// What runs it.
    pub(crate) engine: &'static str,
    pub(crate) title: String,
    pub(crate) agent: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) parent: Option<SessionId>,
    pub(crate) trace_id: TraceId,
    pub(crate) at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct SessionEnded {
    pub(crate) id: SessionId,
    pub(crate) status: SessionStatus,
    pub(crate) error: Option<String>,
    pub(crate) at: Timestamp,
}

/// A span as its source first knows it. The session is not in it: the pump knows which session a trace belongs to, and
/// sharing its id between threads would cost the host's.
#[derive(Debug)]
pub(crate) struct SpanStarted {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) at: Timestamp,
    /// Where `tracing` opened it: its name, its target and the names of its attributes.
    pub(crate) callsite: Option<&'static Metadata<'static>>,
    /// What the callsite does not say.
    pub(crate) details: Option<Box<Details>>,
    /// In the [`Flat`] that the record came with.
    pub(crate) attributes: Slice,
}

/// What few spans of `tracing` have, and all of the session API.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) kind: SpanKind,
    pub(crate) otel_kind: Option<OtelKind>,
    pub(crate) status: Option<SpanStatus>,
    pub(crate) agent: Option<String>,
    /// W3C `tracestate`, when the caller sent one.
    pub(crate) trace_state: Option<String>,
    pub(crate) link: Option<Link>,
    /// What is known of it beside what lies flat.
    pub(crate) attributes: Attributes,
    /// The names of what lies flat, when it has no callsite.
    pub(crate) names: &'static [&'static str],
    /// How it came here, where that is not the session API.
    pub(crate) source: Option<&'static str>,
    /// It waits for a person: losing it would leave nobody to answer.
    pub(crate) waits: bool,
    /// When it began is not known; it is no later than said.
    pub(crate) began_before: bool,
}

/// The attribute of a span whose beginning nobody saw: it began at some time before its start.
pub(crate) const START_UNKNOWN: &str = "inspector.start_unknown";

impl SpanStarted {
    /// The span, made on the pump's thread.
    pub(crate) fn into_span(self, flat: &Flat) -> Span {
        let details = self.details.map(|details| *details).unwrap_or_default();
        let name = details.name.or(self.callsite.map(|callsite| Cow::Borrowed(callsite.name())));
        let mut span = Span::new(self.trace_id, self.span_id, name.unwrap_or_default(), self.at);
        span.parent_span_id = self.parent;
        span.kind = details.kind;
        span.status = details.status.unwrap_or_default();
        span.agent = details.agent;
        span.trace_state = details.trace_state;
        span.links.extend(details.link);
        span.attributes = details.attributes;
        span.source = Cow::Borrowed(details.source.unwrap_or("session"));
        if let Some(callsite) = self.callsite {
            span.otel_kind = OtelKind::Internal;
            span.attributes.merge(flat.attributes(self.attributes, &field_names(callsite.fields())));
            callsite.target().clone_into(&mut span.scope.name);
            span.source = Cow::Borrowed("tracing");
        } else {
            span.attributes.merge(flat.attributes(self.attributes, details.names));
        }
        if let Some(kind) = details.otel_kind {
            span.otel_kind = kind;
        }
        if details.began_before {
            span.attributes.set(START_UNKNOWN, true);
        }
        span
    }
}

/// What is added to a span that was handed over before.
#[derive(Debug)]
pub(crate) struct SpanChange {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<SpanStatus>,
    pub(crate) attributes: Attributes,
    pub(crate) events: Vec<SpanEvent>,
    pub(crate) links: Vec<Link>,
}

impl SpanChange {
    pub(crate) fn new(trace_id: TraceId, span_id: SpanId) -> Self {
        Self {
            trace_id,
            span_id,
            name: None,
            status: None,
            attributes: Attributes::new(),
            events: Vec::new(),
            links: Vec::new(),
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.attributes.size()
            + self.events.iter().map(|event| event.name.len() + event.attributes.size()).sum::<usize>()
    }
}

/// Whose event it is. A session of the host's is named by its trace, because a counted reference to its id would be taken on
/// the host's core and given back on the pump's, which is slow for all threads that record in that session.
#[derive(Debug)]
pub(crate) enum Of {
    /// No session's.
    Nobody,
    /// The session's that this trace belongs to.
    Trace(TraceId),
    /// This session's.
    Session(SessionId),
}

#[derive(Debug)]
pub(crate) struct CapturedEvent {
    pub(crate) of: Of,
    pub(crate) at: Timestamp,
    pub(crate) kind: EventKind,
}

impl Record {
    /// About how many bytes of memory it holds, without its flat attributes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::SessionStarted(start) => size_of::<SessionStarted>() + start.title.len(),
                Self::SessionEnded(end) => {
                    size_of::<SessionEnded>() + end.error.as_ref().map_or(0, String::len)
                }
                Self::SpanStarted(start) => start
                    .details
                    .as_ref()
                    .map_or(0, |details| size_of::<Details>() + details.attributes.size()),
                Self::TraceJoined { .. } => size_of::<SessionId>(),
                Self::Foreign { span, .. } => span.size(),
                Self::SpanFields { .. } => 0,
                Self::SpanChanged(change) => change.size(),
                Self::SpanEnded { change, .. } => change.as_ref().map_or(0, |change| change.size()),
            }
    }

    /// What it is, for counting what did not fit.
    pub(crate) fn kind(&self) -> RecordKind {
        match self {
            Self::SessionStarted(_) | Self::SessionEnded(_) | Self::TraceJoined { .. } => RecordKind::Session,
            Self::SpanStarted(_) | Self::Foreign { ended: false, .. } => RecordKind::SpanStarted,
            Self::SpanFields { .. } | Self::SpanChanged(_) => RecordKind::SpanChanged,
            Self::SpanEnded { .. } | Self::Foreign { ended: true, .. } => RecordKind::SpanEnded,
        }
    }

    /// Whether losing it would leave something open for ever: such a record is taken also when the lane is full.
    pub(crate) fn is_vital(&self) -> bool {
        matches!(
            self,
            Self::SessionStarted(_)
                | Self::SessionEnded(_)
                | Self::TraceJoined { .. }
                | Self::SpanEnded { .. }
                | Self::Foreign { ended: true, .. }
        ) || matches!(self, Self::SpanStarted(start) if start.details.as_ref().is_some_and(|details| details.waits))
    }
}

impl CapturedEvent {
    /// Whether losing it would leave what a person did, or is to do, without a trace.
    pub(crate) fn is_vital(&self) -> bool {
        matches!(
            self.kind,
            EventKind::WaitingOnSignal { .. }
                | EventKind::SignalReceived { .. }
                | EventKind::CancelRequested { .. }
                | EventKind::BeforeStep { .. }
                | EventKind::BreakpointSet { .. }
                | EventKind::BreakpointRemoved { .. }
        )
    }

    /// About how many bytes of memory it holds.
    pub(crate) fn size(&self) -> usize {
        let content = match &self.kind {
            EventKind::Custom { name, data } => name.len() + json_size(data),
            EventKind::Log { message, attributes, .. } => message.len() + attributes.size(),
            EventKind::ProgressUpdate { message, .. } => message.as_ref().map_or(0, String::len),
            EventKind::SignalReceived { signal_name, .. } => signal_name.len(),
            EventKind::WaitingOnSignal { prompt, schema, .. } => {
                prompt.as_ref().map_or(0, String::len) + schema.as_ref().map_or(0, json_size)
            }
            EventKind::BeforeStep { state, .. } => json_size(state),
            _ => 0,
        };
        size_of::<Self>() + content
    }
}

fn json_size(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(json_size).sum(),
            Value::Object(items) => items.iter().map(|(key, item)| key.len() + json_size(item)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}
