//! One log record.

use std::sync::Arc;

use opentelemetry_proto::tonic::logs::v1::LogRecord as Message;

use super::MAX_LOG_RECORDS;
use super::mapper::Item;
use super::span::{span_id, trace_id};
use super::value::{self, Budget};
use crate::model::{AttributeValue, Attributes, Scope, SpanId, Timestamp, TraceId};

/// A log record as it was sent, not yet redacted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogRecord {
    /// The trace it belongs to. An id that is none is left out, as OTLP asks of receivers.
    pub(crate) trace_id: Option<TraceId>,
    /// The span it belongs to.
    pub(crate) span_id: Option<SpanId>,
    /// When it happened; otherwise when it was noticed; otherwise when it came here.
    pub(crate) time: Timestamp,
    /// `trace`, `debug`, `info`, `warn` or `error`.
    pub(crate) level: &'static str,
    /// The kind of event it is, when it is one.
    pub(crate) event_name: Option<String>,
    /// What it says: text, or a value with parts.
    pub(crate) body: Option<AttributeValue>,
    /// What it says besides.
    pub(crate) attributes: Attributes,
    /// How many attributes were left out, by the sender or here.
    pub(crate) dropped_attributes: u32,
    /// What is said of the program that sent it.
    pub(crate) resource: Arc<Attributes>,
    /// The library that recorded it.
    pub(crate) scope: Arc<Scope>,
}

impl Item for LogRecord {
    type Message = Message;

    const ONE: &'static str = "log record";
    const MANY: &'static str = "log records";
    const COPIES: bool = false;
    const MOST: usize = MAX_LOG_RECORDS;

    fn mapped(message: Message, arrival: Timestamp) -> Result<Self, &'static str> {
        let time =
            [message.time_unix_nano, message.observed_time_unix_nano].into_iter().find(|nanos| *nanos > 0);
        let mut budget = Budget::new();
        let body = value::value(message.body, &mut budget);
        let (attributes, dropped) = value::attributes(message.attributes, &mut budget);
        Ok(Self {
            trace_id: trace_id(&message.trace_id),
            span_id: span_id(&message.span_id),
            time: time.map_or(arrival, Timestamp::from_unsigned_nanos),
            level: level(message.severity_number, &message.severity_text),
            event_name: Some(message.event_name).filter(|name| !name.is_empty()),
            body: Some(body).filter(|body| *body != AttributeValue::Null),
            attributes,
            dropped_attributes: message.dropped_attributes_count.saturating_add(dropped),
            resource: Arc::default(),
            scope: Arc::default(),
        })
    }

    fn memory(&self) -> usize {
        let texts = self.event_name.as_ref().map_or(0, String::len)
            + self.body.as_ref().map_or(0, AttributeValue::size);
        size_of::<Self>() + texts + self.attributes.size()
    }

    fn set_scope(&mut self, scope: &Arc<Scope>) {
        self.scope = Arc::clone(scope);
    }

    fn set_resource(&mut self, resource: &Arc<Attributes>, dropped: u32) {
        self.resource = Arc::clone(resource);
        self.dropped_attributes = self.dropped_attributes.saturating_add(dropped);
    }
}

/// The level of a severity: OpenTelemetry's number, otherwise the word of the library that logged.
fn level(number: i32, text: &str) -> &'static str {
    match number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=24 => "error",
        _ => level_of_word(text),
    }
}

fn level_of_word(text: &str) -> &'static str {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["trace", "verbose", "finest", "finer"]) {
        "trace"
    } else if is(&["debug", "fine"]) {
        "debug"
    } else if is(&["warn", "warning"]) {
        "warn"
    } else if is(&[
        "error",
        "err",
        "severe",
        "critical",
        "crit",
        "fatal",
        "alert",
        "emerg",
        "emergency",
        "panic",
    ]) {
        "error"
    } else {
        "info"
    }
}
