//! What the host's threads hand over.

use crate::model::{
    Attributes, EventKind, Link, SessionId, SessionStatus, Span, SpanEvent, SpanId, SpanStatus, Timestamp,
    TraceId,
};

/// One thing that happened in the host. Small, so that handing it over is a short copy.
#[derive(Debug)]
pub(crate) enum Record {
    /// A session of the explicit API began.
    SessionStarted(Box<SessionStarted>),
    /// A session of the explicit API ended.
    SessionEnded(Box<SessionEnded>),
    /// A span began.
    SpanStarted(Box<SpanStarted>),
    /// More became known of a span that still runs.
    SpanChanged(Box<SpanChange>),
    /// A span ended.
    SpanEnded { trace_id: TraceId, span_id: SpanId, at: Timestamp, change: Option<Box<SpanChange>> },
    /// An event of a session, or of none.
    Event(Box<CapturedEvent>),
}

#[derive(Debug)]
pub(crate) struct SessionStarted {
    pub(crate) id: SessionId,
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

#[derive(Debug)]
pub(crate) struct SpanStarted {
    /// The session it was opened in; absent for a span that stands for itself.
    pub(crate) session: Option<SessionId>,
    pub(crate) span: Span,
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

#[derive(Debug)]
pub(crate) struct CapturedEvent {
    pub(crate) session: Option<SessionId>,
    pub(crate) at: Timestamp,
    pub(crate) kind: EventKind,
}

impl Record {
    /// About how many bytes of memory it holds.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::SessionStarted(start) => size_of::<SessionStarted>() + start.title.len(),
                Self::SessionEnded(end) => {
                    size_of::<SessionEnded>() + end.error.as_ref().map_or(0, String::len)
                }
                Self::SpanStarted(start) => start.span.size(),
                Self::SpanChanged(change) => change.size(),
                Self::SpanEnded { change, .. } => change.as_ref().map_or(0, |change| change.size()),
                Self::Event(event) => size_of::<CapturedEvent>() + event.size(),
            }
    }

    /// Whether losing it would leave something open for ever: such a record is taken also when the lane is full.
    pub(crate) fn is_vital(&self) -> bool {
        matches!(self, Self::SessionStarted(_) | Self::SessionEnded(_) | Self::SpanEnded { .. })
    }
}

impl CapturedEvent {
    fn size(&self) -> usize {
        match &self.kind {
            EventKind::Custom { name, data } => name.len() + json_size(data),
            EventKind::Log { message, attributes, .. } => message.len() + attributes.size(),
            EventKind::ProgressUpdate { message, .. } => message.as_ref().map_or(0, String::len),
            _ => 0,
        }
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
