//! What a span that ended made use of: a resource, a prompt template.

use super::facts::Facts;
use super::names::Slot;
use crate::model::{AttributeValue, EventKind, Span, SpanKind};

/// The longest address, type or name that an event repeats, and the most of a prompt's parameters, in bytes. The span has
/// them whole.
const MAX_TOLD_BYTES: usize = 1024;

/// The event that says so. `None` for a span that runs or failed, or is of another kind. To be called after redaction.
pub(crate) fn used(span: &Span) -> Option<EventKind> {
    if span.end_time.is_none() || span.error.is_some() {
        return None;
    }
    let span_id = span.span_id;
    match span.kind {
        SpanKind::Resource => {
            let facts = Facts::of(span);
            // A list and a subscription fetch nothing.
            let uri = facts.text(Slot::ResourceUri).filter(|_| by(&facts, "resources/read"))?;
            let mime_type = facts.text(Slot::ResourceType).map(told);
            let bytes = facts.count(Slot::ResourceBytes);
            Some(EventKind::ResourceFetched { span_id, uri: told(uri), mime_type, bytes })
        }
        SpanKind::Prompt => {
            let facts = Facts::of(span);
            let template = facts.text(Slot::PromptTemplate).filter(|_| by(&facts, "prompts/get"))?;
            let parameters = facts.value(Slot::PromptParameters).and_then(parameters);
            Some(EventKind::PromptUsed { span_id, template_id: told(template), parameters })
        }
        _ => None,
    }
}

/// Whether the span is of this MCP method, or of none.
fn by(facts: &Facts<'_>, method: &str) -> bool {
    facts.text(Slot::McpMethod).is_none_or(|said| said == method)
}

fn told(text: &str) -> String {
    let mut end = text.len().min(MAX_TOLD_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Small parameters; large ones stand in the span.
fn parameters(value: &AttributeValue) -> Option<serde_json::Value> {
    let value = match value.as_str() {
        Some(text) if text.len() <= MAX_TOLD_BYTES => serde_json::from_str(text).ok()?,
        Some(_) => return None,
        None if value.size() <= MAX_TOLD_BYTES => serde_json::to_value(value).ok()?,
        None => return None,
    };
    Some(value)
}
