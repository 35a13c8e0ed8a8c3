//! Small questions to JSON values of which nothing is certain.

use crate::model::AttributeValue;

use super::budget::MAX_JSON_BYTES;
use super::place::At;

/// The fields of an object.
pub(super) type Fields = Vec<(String, AttributeValue)>;

/// What a text turned out to be.
#[derive(Debug)]
pub(super) enum Read {
    /// JSON.
    Json(AttributeValue),
    /// Text that does not look like JSON.
    Text(String),
    /// What begins like JSON and is none, or is too long to be read.
    Broken(String),
}

/// Reads a text that may be the JSON of an object or a list.
pub(super) fn read(text: &str) -> Read {
    let begins = |open| text.trim_start().starts_with(open);
    // What was taken out looks like a list.
    if !(begins('{') || begins('[')) || text == "[redacted]" {
        return Read::Text(text.to_owned());
    }
    match (text.len() <= MAX_JSON_BYTES).then(|| serde_json::from_str(text)) {
        Some(Ok(json)) => Read::Json(json),
        _ => Read::Broken(text.to_owned()),
    }
}

/// A value whose text may be the JSON of an object or a list.
pub(super) fn opened(value: AttributeValue) -> AttributeValue {
    match value.as_str().map(read) {
        Some(Read::Json(json)) => json,
        _ => value,
    }
}

/// The object's fields.
pub(super) fn fields(value: AttributeValue) -> Option<Fields> {
    if let AttributeValue::Object(fields) = value { Some(fields) } else { None }
}

/// The value of a field, unless it is null.
pub(super) fn peek<'a>(fields: &'a Fields, name: &str) -> Option<&'a AttributeValue> {
    let field = fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    field.filter(|value| **value != AttributeValue::Null)
}

/// The text of a field.
pub(super) fn peek_text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    peek(fields, name).and_then(AttributeValue::as_str)
}

/// Whether one of these fields is there.
pub(super) fn has(fields: &Fields, names: &[&str]) -> bool {
    names.iter().any(|name| peek(fields, name).is_some())
}

/// Takes the first of these fields that is there, with its name.
pub(super) fn take<'n>(fields: &mut Fields, names: &[&'n str]) -> Option<(&'n str, AttributeValue)> {
    names.iter().find_map(|name| {
        let (_, value) =
            fields.iter_mut().find(|(key, value)| key == name && *value != AttributeValue::Null)?;
        Some((*name, std::mem::take(value)))
    })
}

/// Takes the first of these fields that is a text, or a number.
pub(super) fn take_text(fields: &mut Fields, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let (_, value) = fields.iter_mut().find(|(key, value)| key == name && is_text(value))?;
        text(std::mem::take(value))
    })
}

fn is_text(value: &AttributeValue) -> bool {
    matches!(value, AttributeValue::String(_) | AttributeValue::Static(_) | AttributeValue::Int(_))
}

/// The text, when the value is one or a whole number.
pub(super) fn text(value: AttributeValue) -> Option<String> {
    match value {
        AttributeValue::String(text) => Some(text),
        AttributeValue::Static(text) => Some(text.to_owned()),
        AttributeValue::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The elements of a list, each with its place. A list whose elements are attributes of their own is an object with
/// numbers for names.
pub(super) fn items(value: AttributeValue) -> Option<Vec<(usize, AttributeValue)>> {
    match value {
        AttributeValue::Array(items) => Some(items.into_iter().enumerate().collect()),
        AttributeValue::Object(fields) if is_numbered(&fields) => {
            let number = |(key, value): (String, _)| Some((key.parse().ok()?, value));
            let mut items: Vec<(usize, _)> = fields.into_iter().filter_map(number).collect();
            items.sort_by_key(|(index, _)| *index);
            Some(items)
        }
        _ => None,
    }
}

/// Whether the value is a list.
pub(super) fn is_list(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::Array(_) => true,
        AttributeValue::Object(fields) => is_numbered(fields),
        _ => false,
    }
}

fn is_numbered(fields: &Fields) -> bool {
    let number = |key: &str| key.bytes().all(|byte| byte.is_ascii_digit()) && key.parse::<usize>().is_ok();
    !fields.is_empty() && fields.iter().all(|(key, _)| number(key))
}

/// Lists as lists, in a value that was put together from many attributes.
pub(super) fn solid(value: AttributeValue, at: &At<'_>) -> AttributeValue {
    if at.is_flat() { solidified(value) } else { value }
}

fn solidified(value: AttributeValue) -> AttributeValue {
    if is_list(&value) {
        let items = items(value).unwrap_or_default();
        return AttributeValue::Array(items.into_iter().map(|(_, item)| solidified(item)).collect());
    }
    match value {
        AttributeValue::Object(fields) => {
            AttributeValue::Object(fields.into_iter().map(|(key, item)| (key, solidified(item))).collect())
        }
        other => other,
    }
}

/// How much was taken out where this text stands in a list. The redaction's and the receiver's marks are texts in square
/// brackets.
pub(super) fn omitted(text: &str) -> Option<u64> {
    if text == "[the rest is left out]" {
        return Some(0);
    }
    let count = text.strip_prefix("[… ")?.strip_suffix(" items left out]")?;
    count.parse().ok()
}

/// How long a text was before it was cut, as the mark at its end says.
pub(super) fn length_before_cut(text: &str) -> Option<(usize, u64)> {
    let (kept, mark) = text.rsplit_once("… [")?;
    Some((kept.len(), mark.strip_suffix(" bytes]")?.parse().ok()?))
}
