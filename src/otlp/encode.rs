//! Spans as OTLP's JSON: what one inspector writes out another one, or any OpenTelemetry backend, takes in.

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::model::{
    AttributeValue, Attributes, OtelKind, Scope, Span, SpanId, StatusCode, Timestamp, TraceId,
};

/// Writes an `ExportTraceServiceRequest` with these spans into `out`, on one line. Neighbours of the same resource and scope
/// share them. Numbers of 64 bits are text and ids hexadecimal, as OTLP's JSON has it.
///
/// # Errors
///
/// Never for the spans of a store: their values come from JSON.
pub(crate) fn request(spans: &[Span], out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *out, &Request { resource_spans: By(spans, resource_spans) })?;
    out.push(b'\n');
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: By<'a, ResourceSpans<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: KeyValues<'a>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: &'a Scope,
    spans: Vec<WireSpan<'a>>,
}

/// Neighbours that share resource and scope.
struct By<'a, T>(&'a [Span], fn(&'a [Span]) -> T);

impl<T: Serialize> Serialize for By<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = self.0.chunk_by(|one, next| one.resource == next.resource && one.scope == next.scope);
        let mut list = serializer.serialize_seq(None)?;
        for group in groups {
            list.serialize_element(&(self.1)(group))?;
        }
        list.end()
    }
}

fn resource_spans(spans: &[Span]) -> ResourceSpans<'_> {
    // A group is never empty.
    let first = &spans[0];
    ResourceSpans {
        resource: Resource { attributes: KeyValues(&first.resource) },
        scope_spans: [ScopeSpans { scope: &first.scope, spans: spans.iter().map(WireSpan::of).collect() }],
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSpan<'a> {
    trace_id: TraceId,
    span_id: SpanId,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<SpanId>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: Nanos,
    /// Absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time_unix_nano: Option<Nanos>,
    attributes: KeyValues<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<WireEvent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<WireLink<'a>>,
    status: WireStatus<'a>,
}

impl<'a> WireSpan<'a> {
    fn of(span: &'a Span) -> Self {
        let event = |event: &'a crate::model::SpanEvent| WireEvent {
            time_unix_nano: Nanos(event.time),
            name: &event.name,
            attributes: KeyValues(&event.attributes),
        };
        let link = |link: &'a crate::model::Link| WireLink {
            trace_id: link.trace_id,
            span_id: link.span_id,
            attributes: KeyValues(&link.attributes),
        };
        Self {
            trace_id: span.trace_id,
            span_id: span.span_id,
            trace_state: span.trace_state.as_deref(),
            parent_span_id: span.parent_span_id,
            name: &span.name,
            kind: match span.otel_kind {
                OtelKind::Unspecified => 0,
                OtelKind::Internal => 1,
                OtelKind::Server => 2,
                OtelKind::Client => 3,
                OtelKind::Producer => 4,
                OtelKind::Consumer => 5,
            },
            start_time_unix_nano: Nanos(span.start_time),
            end_time_unix_nano: span.end_time.map(Nanos),
            attributes: KeyValues(&span.attributes),
            dropped_attributes_count: span.dropped_attributes,
            events: span.events.iter().map(event).collect(),
            links: span.links.iter().map(link).collect(),
            status: WireStatus {
                code: match span.status.code {
                    StatusCode::Unset => 0,
                    StatusCode::Ok => 1,
                    StatusCode::Error => 2,
                },
                message: span.status.message.as_deref(),
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireEvent<'a> {
    time_unix_nano: Nanos,
    name: &'a str,
    attributes: KeyValues<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireLink<'a> {
    trace_id: TraceId,
    span_id: SpanId,
    attributes: KeyValues<'a>,
}

#[derive(Serialize)]
struct WireStatus<'a> {
    #[serde(skip_serializing_if = "is_zero_code")]
    code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero_code(number: &u8) -> bool {
    *number == 0
}

/// OTLP's times are unsigned; nothing here began before 1970.
#[derive(Clone, Copy)]
struct Nanos(Timestamp);

impl Serialize for Nanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.as_nanos().max(0))
    }
}

/// Attributes as a list of names and values.
struct KeyValues<'a>(&'a Attributes);

impl Serialize for KeyValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(key, value)| KeyValue { key, value: AnyValue(value) }))
    }
}

#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'a str,
    value: AnyValue<'a>,
}

struct AnyValue<'a>(&'a AttributeValue);

impl Serialize for AnyValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            // A value that is not set.
            AttributeValue::Null => {}
            AttributeValue::Bool(value) => map.serialize_entry("boolValue", value)?,
            AttributeValue::Int(value) => map.serialize_entry("intValue", &value.to_string())?,
            AttributeValue::Double(_) => map.serialize_entry("doubleValue", &Double(self.0))?,
            AttributeValue::String(text) => map.serialize_entry("stringValue", text)?,
            AttributeValue::Static(text) => map.serialize_entry("stringValue", text)?,
            AttributeValue::Bytes(_) => map.serialize_entry("bytesValue", self.0)?,
            AttributeValue::Array(items) => {
                let values: Vec<_> = items.iter().map(AnyValue).collect();
                map.serialize_entry("arrayValue", &Values { values })?;
            }
            AttributeValue::Object(items) => {
                let values = items.iter().map(|(key, value)| KeyValue { key, value: AnyValue(value) });
                map.serialize_entry("kvlistValue", &Values { values: values.collect() })?;
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Values<T> {
    values: Vec<T>,
}

/// The numbers that JSON cannot say are words in protobuf's JSON.
struct Double<'a>(&'a AttributeValue);

impl Serialize for Double<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_f64() {
            Some(value) if value.is_finite() => serializer.serialize_f64(value),
            Some(value) if value.is_nan() => serializer.serialize_str("NaN"),
            Some(value) if value > 0.0 => serializer.serialize_str("Infinity"),
            Some(_) => serializer.serialize_str("-Infinity"),
            None => Err(S::Error::custom("not a number")),
        }
    }
}
