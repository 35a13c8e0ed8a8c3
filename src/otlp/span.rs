//! One span.

use std::sync::Arc;

use opentelemetry_proto::tonic::trace::v1::span as message;
use opentelemetry_proto::tonic::trace::v1::{Span as Message, Status};

use super::mapper::Item;
use super::value::{self, Budget};
use super::{DROPPED_EVENTS, DROPPED_LINKS, MAX_EVENTS, MAX_LINKS, OWN};
use crate::model::{
    Attributes, DERIVED_SOURCES, Link, OtelKind, Scope, Span, SpanEvent, SpanId, SpanKind, SpanStatus,
    StatusCode, Timestamp, TraceId,
};

/// The `source` of spans that came over OTLP.
pub(crate) const SOURCE: &str = "otlp";

impl Item for Span {
    type Message = Message;

    const ONE: &'static str = "span";
    const MANY: &'static str = "spans";
    const COPIES: bool = true;

    fn mapped(message: Message, _: Timestamp) -> Result<Self, &'static str> {
        span(message)
    }

    fn memory(&self) -> usize {
        self.size()
    }

    fn set_scope(&mut self, scope: &Arc<Scope>) {
        self.scope = (**scope).clone();
    }

    fn set_resource(&mut self, resource: &Arc<Attributes>, dropped: u32) {
        self.resource = (**resource).clone();
        self.dropped_attributes = self.dropped_attributes.saturating_add(dropped);
    }
}

fn span(message: Message) -> Result<Span, &'static str> {
    let trace_id = trace_id(&message.trace_id).ok_or("a trace id is 16 bytes, not all zero")?;
    let span_id = span_id(&message.span_id).ok_or("a span id is 8 bytes, not all zero")?;
    let (start_time, end_time) = times(message.start_time_unix_nano, message.end_time_unix_nano);
    let mut budget = Budget::new();

    let mut span = Span::new(trace_id, span_id, message.name, start_time);
    span.source = SOURCE.into();
    span.parent_span_id = parent(&message.parent_span_id, span_id)?;
    span.trace_state = Some(message.trace_state).filter(|state| !state.is_empty());
    span.otel_kind = otel_kind(message.kind);
    span.end_time = end_time;
    span.status = message.status.map(status).unwrap_or_default();
    let (attributes, dropped) = value::attributes(message.attributes, &mut budget);
    span.attributes = attributes;
    span.dropped_attributes = message.dropped_attributes_count.saturating_add(dropped);

    let more_events = dropped_count(message.dropped_events_count, message.events.len(), MAX_EVENTS);
    for event in message.events.into_iter().take(MAX_EVENTS) {
        let (event, dropped) = span_event(event, start_time, &mut budget);
        span.events.push(event);
        span.dropped_attributes = span.dropped_attributes.saturating_add(dropped);
    }
    let mut more_links = dropped_count(message.dropped_links_count, message.links.len(), MAX_LINKS);
    for link in message.links.into_iter().take(MAX_LINKS) {
        match span_link(link, &mut budget) {
            Some((link, dropped)) => {
                span.links.push(link);
                span.dropped_attributes = span.dropped_attributes.saturating_add(dropped);
            }
            None => more_links += 1,
        }
    }
    for (key, count) in [(DROPPED_EVENTS, more_events), (DROPPED_LINKS, more_links)] {
        if count > 0 {
            span.attributes.set(key, count);
        }
    }
    own(&mut span);
    Ok(span)
}

/// Takes in what another inspector said of the span.
fn own(span: &mut Span) {
    let Span { attributes, kind, source, call_id, detail, abandoned, .. } = span;
    let said = attributes.iter().filter_map(|(key, value)| Some((key.strip_prefix(OWN)?, value)));
    for (name, value) in said {
        match name {
            "kind" => *kind = value.as_str().and_then(SpanKind::parse).unwrap_or(*kind),
            "source" => {
                let known = DERIVED_SOURCES.iter().copied().find(|known| value.as_str() == Some(known));
                *source = known.map_or_else(|| source.clone(), Into::into);
            }
            "call_id" => *call_id = value.as_str().map(str::to_owned),
            "detail" => *detail = value.as_bool() == Some(true),
            "abandoned" => *abandoned = value.as_bool() == Some(true),
            _ => {}
        }
    }
}

fn dropped_count(by_sender: u32, given: usize, kept: usize) -> u64 {
    u64::from(by_sender) + given.saturating_sub(kept) as u64
}

pub(super) fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    bytes.try_into().ok().and_then(TraceId::from_bytes)
}

pub(super) fn span_id(bytes: &[u8]) -> Option<SpanId> {
    bytes.try_into().ok().and_then(SpanId::from_bytes)
}

/// Senders leave the parent of a root out, empty, or all zero. A span that names itself is a root too.
fn parent(bytes: &[u8], own: SpanId) -> Result<Option<SpanId>, &'static str> {
    match bytes.len() {
        0 => Ok(None),
        8 => Ok(span_id(bytes).filter(|parent| *parent != own)),
        _ => Err("a parent span id is 8 bytes, or absent"),
    }
}

/// Start and end. An absent end means that the span still runs, an absent start is taken from the end, an end before
/// the start (a clock that was set back) becomes the start.
fn times(start: u64, end: u64) -> (Timestamp, Option<Timestamp>) {
    let start = Timestamp::from_unsigned_nanos(if start == 0 { end } else { start });
    let end = (end != 0).then(|| Timestamp::from_unsigned_nanos(end).max(start));
    (start, end)
}

fn status(status: Status) -> SpanStatus {
    SpanStatus {
        code: match status.code {
            1 => StatusCode::Ok,
            2 => StatusCode::Error,
            _ => StatusCode::Unset,
        },
        message: Some(status.message).filter(|text| !text.is_empty()),
    }
}

fn otel_kind(number: i32) -> OtelKind {
    match number {
        1 => OtelKind::Internal,
        2 => OtelKind::Server,
        3 => OtelKind::Client,
        4 => OtelKind::Producer,
        5 => OtelKind::Consumer,
        _ => OtelKind::Unspecified,
    }
}

fn span_event(event: message::Event, start: Timestamp, budget: &mut Budget) -> (SpanEvent, u32) {
    let time =
        if event.time_unix_nano == 0 { start } else { Timestamp::from_unsigned_nanos(event.time_unix_nano) };
    let (attributes, dropped) = value::attributes(event.attributes, budget);
    (SpanEvent { name: event.name, time, attributes }, event.dropped_attributes_count.saturating_add(dropped))
}

fn span_link(link: message::Link, budget: &mut Budget) -> Option<(Link, u32)> {
    let (trace_id, span_id) = (trace_id(&link.trace_id)?, span_id(&link.span_id)?);
    let (attributes, dropped) = value::attributes(link.attributes, budget);
    Some((Link { trace_id, span_id, attributes }, link.dropped_attributes_count.saturating_add(dropped)))
}
