//! Keeping the structure of a span and none of its content.

use serde_json::Value;

use super::MASK;
use crate::model::{AttributeValue, Attributes, Span};

/// The last parts of the names of attributes that say what something is, not what it says.
const KEPT_ENDINGS: [&str; 20] = [
    "name",
    "id",
    "model",
    "model_name",
    "type",
    "kind",
    "system",
    "provider",
    "version",
    "method",
    "role",
    "reason",
    "reasons",
    "finish_reason",
    "finish_reasons",
    "status",
    "code",
    "language",
    "operationId",
    "mime_type",
];

/// Whom something is about is content, whatever the name ends in.
const PERSONAL: [&str; 3] = ["user.", "enduser.", "customer."];

/// The longest text that can be a name.
const MAX_KEPT_BYTES: usize = 256;

/// Drops the content. Numbers, truth values, names and shapes stay.
pub(super) fn keep_only(span: &mut Span, kept: &[String]) {
    for text in [&mut span.status.message, &mut span.trace_state] {
        if text.is_some() {
            *text = Some(MASK.to_owned());
        }
    }
    if let Some(message) = span.error.as_mut().and_then(|error| error.message.as_mut()) {
        MASK.clone_into(message);
    }
    keep_only_attributes(&mut span.attributes, kept);
    keep_only_attributes(&mut span.resource, kept);
    for event in &mut span.events {
        keep_only_attributes(&mut event.attributes, kept);
    }
    for link in &mut span.links {
        keep_only_attributes(&mut link.attributes, kept);
    }
}

/// Drops the texts of attributes.
pub(super) fn keep_only_attributes(attributes: &mut Attributes, kept: &[String]) {
    for (name, value) in attributes.iter_mut() {
        if !kept.iter().any(|kept| kept == name) {
            drop_texts(value, is_structure(name));
        }
    }
}

fn is_structure(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    KEPT_ENDINGS.contains(&last) && !PERSONAL.iter().any(|prefix| name.starts_with(prefix))
}

fn drop_texts(value: &mut AttributeValue, structure: bool) {
    match value {
        AttributeValue::String(text) if structure && text.len() <= MAX_KEPT_BYTES && !text.contains('\n') => {
        }
        AttributeValue::String(_) | AttributeValue::Bytes(_) => *value = AttributeValue::Static(MASK),
        AttributeValue::Array(items) => items.iter_mut().for_each(|item| drop_texts(item, structure)),
        AttributeValue::Object(items) => {
            for (name, item) in items {
                drop_texts(item, is_structure(name));
            }
        }
        AttributeValue::Static(_)
        | AttributeValue::Null
        | AttributeValue::Bool(_)
        | AttributeValue::Int(_)
        | AttributeValue::Double(_) => {}
    }
}

/// Drops the texts in JSON.
pub(super) fn keep_only_json(value: &mut Value, kept: &[String]) {
    drop_json_texts(value, false, kept);
}

fn drop_json_texts(value: &mut Value, structure: bool, kept: &[String]) {
    match value {
        Value::String(text) if !(structure && is_short(text)) => MASK.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| drop_json_texts(item, structure, kept)),
        Value::Object(items) => {
            for (name, item) in items {
                if !kept.contains(name) {
                    drop_json_texts(item, is_structure(name), kept);
                }
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a text can be a name.
fn is_short(text: &str) -> bool {
    text.len() <= MAX_KEPT_BYTES && !text.contains('\n')
}
