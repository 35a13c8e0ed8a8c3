//! Shapes, bounds and hostile input. That each name is read stands in `normalize::cells`.

mod conventions;
mod hostile;
mod shapes;

use serde_json::Value;

use super::content;
use crate::model::{Attributes, Span, SpanContent, SpanId, SpanKind, Timestamp, TraceId};

/// The content of a span of this kind with these attributes.
fn of(kind: SpanKind, attributes: Value) -> SpanContent {
    content(&span(kind, serde_json::from_value(attributes).unwrap()))
}

fn span(kind: SpanKind, attributes: Attributes) -> Span {
    let (trace, id) = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([2; 8]).unwrap());
    let mut span = Span::new(trace, id, "span", Timestamp::EPOCH);
    span.kind = kind;
    span.attributes = attributes;
    span
}

/// The messages that a model call with this JSON in its input has.
fn input(messages: &Value) -> Value {
    let attributes = serde_json::json!({"gen_ai.input.messages": messages.to_string()});
    serde_json::to_value(of(SpanKind::Llm, attributes).input_messages).unwrap()
}

/// The parts of the only message of these.
fn parts(messages: &Value) -> Value {
    let messages = input(messages);
    assert_eq!(messages.as_array().map(Vec::len), Some(1), "{messages}");
    messages[0]["parts"].clone()
}
