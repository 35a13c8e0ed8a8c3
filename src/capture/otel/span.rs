//! A span of the SDK becomes one of ours.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{Link as OtelLink, SpanKind as OtelSpanKind, Status};
use opentelemetry::{Array, Key, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use crate::capture::filter::is_agent_field;
use crate::capture::record::Foreign;
use crate::model::{
    AttributeValue, Attributes, Link, OtelKind, Scope, Span, SpanEvent, SpanId, SpanStatus, StatusCode,
    Timestamp, TraceId,
};

/// The `source` of these spans.
const SOURCE: &str = "otel";

/// Attributes kept of one span, event, link or resource; the SDK's own limit is 128 unless the host raised it.
const MAX_ATTRIBUTES: usize = 512;

/// Events and links kept of one span; the SDK's own limits are 128 unless the host raised them.
const MAX_EVENTS: usize = 512;

/// Where OpenTelemetry's mapping for formats without such fields puts the number of events that were left out.
const DROPPED_EVENTS: &str = "otel.dropped_events_count";

/// As [`DROPPED_EVENTS`], for links.
const DROPPED_LINKS: &str = "otel.dropped_links_count";

/// What is handed over.
#[derive(Debug)]
pub(super) struct OtelSpan {
    pub(super) ids: (TraceId, SpanId),
    pub(super) data: SpanData,
    pub(super) resource: Arc<Attributes>,
    pub(super) ended: bool,
}

impl Foreign for OtelSpan {
    fn into_span(self: Box<Self>) -> Span {
        let Self { ids: (trace_id, span_id), data, resource, ended } = *self;
        let start = time(data.start_time);
        let mut span = Span::new(trace_id, span_id, data.name, start);
        span.source = SOURCE.into();
        span.parent_span_id =
            SpanId::from_bytes(data.parent_span_id.to_bytes()).filter(|parent| *parent != span_id);
        span.trace_state = Some(data.span_context.trace_state().header()).filter(|state| !state.is_empty());
        span.otel_kind = match data.span_kind {
            OtelSpanKind::Client => OtelKind::Client,
            OtelSpanKind::Server => OtelKind::Server,
            OtelSpanKind::Producer => OtelKind::Producer,
            OtelSpanKind::Consumer => OtelKind::Consumer,
            OtelSpanKind::Internal => OtelKind::Internal,
        };
        span.end_time = ended.then(|| time(data.end_time).max(start));
        span.status = status(data.status);
        span.scope.name = data.instrumentation_scope.name().to_owned();
        span.scope = Scope { version: data.instrumentation_scope.version().map(str::to_owned), ..span.scope };
        span.resource = Attributes::clone(&resource);
        let (kept, dropped) = attributes(data.attributes);
        span.attributes = kept;
        span.dropped_attributes = data.dropped_attributes_count.saturating_add(dropped);
        let more = left_out(data.events.dropped_count, data.events.events.len());
        for event in data.events.events.into_iter().take(MAX_EVENTS) {
            let (kept, dropped) = attributes(event.attributes);
            let (name, time) = (event.name.into_owned(), time(event.timestamp));
            span.events.push(SpanEvent { name, time, attributes: kept });
            span.dropped_attributes = span
                .dropped_attributes
                .saturating_add(event.dropped_attributes_count)
                .saturating_add(dropped);
        }
        if more > 0 {
            span.attributes.set(DROPPED_EVENTS, more);
        }
        let more = left_out(data.links.dropped_count, data.links.links.len());
        span.links.extend(data.links.links.into_iter().take(MAX_EVENTS).filter_map(link));
        if more > 0 {
            span.attributes.set(DROPPED_LINKS, more);
        }
        span
    }

    fn size(&self) -> usize {
        let events = self.data.events.events.iter();
        let events: usize = events.map(|event| event.name.len() + size(&event.attributes)).sum();
        let links: usize = self.data.links.links.iter().map(|link| size(&link.attributes)).sum();
        size_of::<Self>() + self.data.name.len() + size(&self.data.attributes) + events + links
    }
}

/// Whether a span has an attribute of an agent's span.
pub(super) fn is_agents(data: &SpanData) -> bool {
    data.attributes.iter().any(|attribute| is_agent_field(attribute.key.as_str()))
}

/// Whether `tracing-opentelemetry` made it, as far as its attributes tell.
pub(super) fn is_from_tracing(data: &SpanData) -> bool {
    data.attributes.iter().any(|attribute| attribute.key.as_str() == "target")
}

/// A resource's attributes.
pub(super) fn resource(resource: &Resource) -> Attributes {
    resource.iter().take(MAX_ATTRIBUTES).map(|(name, value)| (key(name), any_value(value.clone()))).collect()
}

fn left_out(by_sdk: u32, given: usize) -> u64 {
    u64::from(by_sdk) + given.saturating_sub(MAX_EVENTS) as u64
}

fn size(attributes: &[KeyValue]) -> usize {
    let value = |value: &Value| match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| text.as_str().len()).sum(),
        Value::Array(Array::Bool(items)) => items.len(),
        Value::Array(Array::I64(items)) => size_of_val(items.as_slice()),
        Value::Array(Array::F64(items)) => size_of_val(items.as_slice()),
        _ => 0,
    };
    attributes.iter().map(|one| size_of::<KeyValue>() + one.key.as_str().len() + value(&one.value)).sum()
}

fn time(time: SystemTime) -> Timestamp {
    Timestamp::from(time)
}

fn status(status: Status) -> SpanStatus {
    match status {
        Status::Unset => SpanStatus::default(),
        Status::Ok => SpanStatus { code: StatusCode::Ok, message: None },
        Status::Error { description } => SpanStatus {
            code: StatusCode::Error,
            message: Some(description.into_owned()).filter(|text| !text.is_empty()),
        },
    }
}

fn link(link: OtelLink) -> Option<Link> {
    let (trace_id, span_id) = super::ids(&link.span_context)?;
    Some(Link { trace_id, span_id, attributes: attributes(link.attributes).0 })
}

/// The attributes, and how many were left out. Of a name that comes twice the last value counts.
fn attributes(list: Vec<KeyValue>) -> (Attributes, u32) {
    let dropped = u32::try_from(list.len().saturating_sub(MAX_ATTRIBUTES)).unwrap_or(u32::MAX);
    let kept = list.into_iter().take(MAX_ATTRIBUTES);
    (kept.map(|KeyValue { key: name, value, .. }| (key(&name), any_value(value))).collect(), dropped)
}

fn key(key: &Key) -> String {
    key.as_str().to_owned()
}

fn any_value(value: Value) -> AttributeValue {
    fn list<T: Into<AttributeValue>>(items: Vec<T>) -> AttributeValue {
        AttributeValue::Array(items.into_iter().map(Into::into).collect())
    }
    match value {
        Value::Bool(value) => value.into(),
        Value::I64(value) => value.into(),
        Value::F64(value) => value.into(),
        Value::String(text) => AttributeValue::String(text.into()),
        Value::Array(Array::Bool(items)) => list(items),
        Value::Array(Array::I64(items)) => list(items),
        Value::Array(Array::F64(items)) => list(items),
        Value::Array(Array::String(texts)) => list(texts.into_iter().map(String::from).collect()),
        // A kind of value that came later.
        other => AttributeValue::String(other.to_string()),
    }
}
