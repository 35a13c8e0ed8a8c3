//! Shortening what is too long for a span.

use std::borrow::Cow;

use super::mask::{may_be_json, written};
use super::shrink::{json_bytes, shortened, shrink};
use crate::model::{AttributeValue, Attributes, Span};

/// The largest value of an attribute in bytes, as text or as JSON: 30 KiB, a page of which a person reads the
/// beginning. A longer one is cut.
pub const MAX_ATTRIBUTE_BYTES: usize = 30 * 1024;

/// The longest name of a span, an event, a model, an agent or a tool in bytes: lists show them whole.
pub const MAX_NAME_BYTES: usize = 1024;

/// Shortens every value above [`MAX_ATTRIBUTE_BYTES`] and says so in the attribute `<name>_truncated`; how many
/// values were shortened.
///
/// JSON stays JSON: its long texts, lists and objects are shortened, each with a mark. Other text ends at a character.
pub fn cut(span: &mut Span) -> u32 {
    let mut cuts = 0;
    let mut name = |name: &mut String| cuts += u32::from(cut_text(name, MAX_NAME_BYTES));
    name(&mut span.name);
    for text in [&mut span.trace_state, &mut span.model, &mut span.provider, &mut span.agent, &mut span.tool]
    {
        text.as_mut().map(&mut name);
    }
    name(&mut span.scope.name);
    span.scope.version.as_mut().map(&mut name);
    span.events.iter_mut().for_each(|event| name(&mut event.name));
    if let Some(error) = &mut span.error {
        error.kind.as_mut().map(&mut name);
    }

    let messages =
        [span.error.as_mut().and_then(|error| error.message.as_mut()), span.status.message.as_mut()];
    for message in messages.into_iter().flatten() {
        cuts += u32::from(cut_text(message, MAX_ATTRIBUTE_BYTES));
    }
    cuts += cut_attributes(&mut span.attributes) + cut_attributes(&mut span.resource);
    for event in &mut span.events {
        cuts += cut_attributes(&mut event.attributes);
    }
    for link in &mut span.links {
        cuts += cut_attributes(&mut link.attributes);
    }
    cuts
}

/// Shortens the data of an event as [`cut`] does the value of an attribute.
pub(super) fn cut_data(data: &mut serde_json::Value) {
    let mut value = AttributeValue::from(std::mem::take(data));
    cut_value(&mut value);
    // Every attribute value has a JSON form.
    *data = serde_json::to_value(value).unwrap_or_default();
}

/// Shortens a title or a word to [`MAX_NAME_BYTES`].
pub(crate) fn cut_name(text: Cow<'_, str>) -> String {
    if text.len() > MAX_NAME_BYTES { shortened(&text, MAX_NAME_BYTES) } else { text.into_owned() }
}

pub(super) fn cut_attributes(attributes: &mut Attributes) -> u32 {
    let mut names = Vec::new();
    for (name, value) in attributes.iter_mut() {
        if cut_value(value) {
            names.push(format!("{name}_truncated"));
        }
    }
    let cuts = u32::try_from(names.len()).unwrap_or(u32::MAX);
    for name in names {
        attributes.set(name, true);
    }
    cuts
}

fn cut_value(value: &mut AttributeValue) -> bool {
    match value {
        AttributeValue::String(text) if text.len() > MAX_ATTRIBUTE_BYTES => {
            *text = cut_json(text).unwrap_or_else(|| shortened(text, MAX_ATTRIBUTE_BYTES));
            true
        }
        // As base64, three bytes are four characters.
        AttributeValue::Bytes(bytes) if bytes.len() > MAX_ATTRIBUTE_BYTES / 4 * 3 => {
            bytes.truncate(MAX_ATTRIBUTE_BYTES / 4 * 3);
            true
        }
        // An item takes at least two bytes of JSON and at most six per byte of memory.
        AttributeValue::Array(_) | AttributeValue::Object(_)
            if value.size() > MAX_ATTRIBUTE_BYTES / 6 && json_bytes(value) > MAX_ATTRIBUTE_BYTES =>
        {
            shrink(value, MAX_ATTRIBUTE_BYTES);
            true
        }
        _ => false,
    }
}

/// The text of a shorter JSON value; `None` when `text` is not JSON.
fn cut_json(text: &str) -> Option<String> {
    if !may_be_json(text) {
        return None;
    }
    let mut json: AttributeValue = serde_json::from_str(text).ok()?;
    // White space may be all that was too long.
    if json_bytes(&json) > MAX_ATTRIBUTE_BYTES {
        shrink(&mut json, MAX_ATTRIBUTE_BYTES);
    }
    Some(written(&json))
}

pub(super) fn cut_text(text: &mut String, most: usize) -> bool {
    let cut = text.len() > most;
    if cut {
        *text = shortened(text, most);
    }
    cut
}
