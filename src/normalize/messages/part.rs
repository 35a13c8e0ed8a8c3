//! One part of a message, in the shapes of OpenTelemetry, OpenAI, Anthropic, Gemini, Bedrock, MCP, OpenInference, the Vercel
//! AI SDK and pydantic-ai.

use super::budget::Budget;
use super::place::At;
use super::value::{Fields, has, omitted, peek, peek_text, take, take_text, text};
use super::{media, tool};
use crate::model::{AttributeValue, MessagePart as Part};

/// What a part turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Reasoning,
    Refusal,
    Call,
    Result,
    Media,
    Resource,
}

/// The words that parts call themselves, with `_` for `-`.
const TYPES: &[(&str, Shape)] = &[
    ("text", Shape::Text),
    ("input_text", Shape::Text),
    ("output_text", Shape::Text),
    ("user_prompt", Shape::Text),
    ("system_prompt", Shape::Text),
    ("summary_text", Shape::Text),
    ("compaction", Shape::Text),
    ("reasoning", Shape::Reasoning),
    ("reasoning_text", Shape::Reasoning),
    ("thinking", Shape::Reasoning),
    ("redacted_thinking", Shape::Reasoning),
    ("redacted_reasoning", Shape::Reasoning),
    ("refusal", Shape::Refusal),
    ("tool_call", Shape::Call),
    ("tool_use", Shape::Call),
    ("function", Shape::Call),
    ("builtin_tool_call", Shape::Call),
    ("tool_call_response", Shape::Result),
    ("server_tool_call_response", Shape::Result),
    ("tool_result", Shape::Result),
    ("tool_return", Shape::Result),
    ("builtin_tool_return", Shape::Result),
    ("retry_prompt", Shape::Result),
    ("resource", Shape::Resource),
    ("resource_link", Shape::Resource),
];

/// What a part is that has no type but one of these fields.
const FIELDS: &[(&str, Shape)] = &[
    ("functionCall", Shape::Call),
    ("toolUse", Shape::Call),
    ("toolRequest", Shape::Call),
    ("function", Shape::Call),
    ("tool_call", Shape::Call),
    ("toolCallId", Shape::Call),
    ("functionResponse", Shape::Result),
    ("toolResult", Shape::Result),
    ("toolResponse", Shape::Result),
    ("reasoningContent", Shape::Reasoning),
    ("reasoning", Shape::Reasoning),
    ("text", Shape::Text),
    ("inlineData", Shape::Media),
    ("inline_data", Shape::Media),
    ("fileData", Shape::Media),
    ("image", Shape::Media),
    ("video", Shape::Media),
    ("document", Shape::Media),
    ("media", Shape::Media),
    ("image_url", Shape::Media),
    ("resource", Shape::Resource),
];

/// The type that the part names.
fn kind(fields: &Fields) -> Option<String> {
    let kind = peek_text(fields, "type").or_else(|| peek_text(fields, "part_kind"))?;
    Some(kind.to_ascii_lowercase().replace('-', "_"))
}

fn shape(fields: &Fields, kind: Option<&str>) -> Option<Shape> {
    let Some(kind) = kind else {
        return FIELDS.iter().find(|(field, _)| peek(fields, field).is_some()).map(|(_, shape)| *shape);
    };
    let known = TYPES.iter().find(|(word, _)| *word == kind).map(|(_, shape)| *shape);
    known.or_else(|| media::is_one(kind).then_some(Shape::Media)).or_else(|| match kind {
        // Tools that a provider runs itself have types of their own: web_search_call, mcp_tool_use, bash_code_execution_tool_result.
        _ if kind.ends_with("_call") || kind.ends_with("tool_use") => Some(Shape::Call),
        _ if kind.ends_with("_result") || kind.ends_with("_call_output") => Some(Shape::Result),
        _ => None,
    })
}

/// Who says a part that stands alone, without a message around it; `None` when it is no part that is known.
pub(super) fn role(fields: &Fields) -> Option<Option<&'static str>> {
    let kind = kind(fields);
    Some(match shape(fields, kind.as_deref())? {
        Shape::Call | Shape::Reasoning | Shape::Refusal => Some("assistant"),
        Shape::Result => Some("tool"),
        Shape::Text if kind.as_deref() == Some("output_text") => Some("assistant"),
        Shape::Text | Shape::Media | Shape::Resource => None,
    })
}

/// Reads one part.
pub(super) fn read(value: AttributeValue, at: &At<'_>, budget: &mut Budget, parts: &mut Vec<Part>) {
    if value == AttributeValue::Null || !budget.part() {
        return;
    }
    parts.push(match value {
        AttributeValue::Object(fields) => object(fields, at, budget),
        AttributeValue::Bytes(bytes) => media::of_bytes(&bytes, at),
        AttributeValue::Bool(_) | AttributeValue::Double(_) | AttributeValue::Array(_) => {
            unknown(value, at, budget)
        }
        other => plain(text(other).unwrap_or_default(), at, budget),
    });
}

/// A text that is a part.
pub(super) fn plain(text: String, at: &At<'_>, budget: &mut Budget) -> Part {
    if let Some(items) = omitted(&text) {
        return Part::Omitted { items };
    }
    media::of_text(&text, at).unwrap_or_else(|| Part::Text { text: budget.text(text) })
}

fn unknown(value: AttributeValue, at: &At<'_>, budget: &mut Budget) -> Part {
    Part::Unknown { json: tool::kept(value, at, budget) }
}

fn object(mut fields: Fields, at: &At<'_>, budget: &mut Budget) -> Part {
    // OpenInference wraps each part.
    if let Some((_, AttributeValue::Object(inner))) = take(&mut fields, &["message_content"]) {
        return object(inner, &at.key("message_content"), budget);
    }
    let kind = kind(&fields);
    let name = kind.as_deref().unwrap_or_default();
    match shape(&fields, kind.as_deref()) {
        // Gemini marks thoughts.
        Some(Shape::Text)
            if peek(&fields, "thought").is_some_and(|thought| thought.as_bool() == Some(true)) =>
        {
            reasoning(fields, at, budget)
        }
        Some(Shape::Text) => words(fields, at, budget, |text| Part::Text { text }),
        Some(Shape::Refusal) => words(fields, at, budget, |text| Part::Refusal { text }),
        Some(Shape::Reasoning) => reasoning(fields, at, budget),
        Some(Shape::Call) => tool::call(name, fields, at, budget),
        Some(Shape::Result) => tool::result(fields, at, budget),
        Some(Shape::Media) => {
            if let Some(resource) = quoted(&mut fields, budget) {
                return resource;
            }
            media::read(name, fields, at, budget)
                .unwrap_or_else(|fields| unknown(AttributeValue::Object(fields), at, budget))
        }
        Some(Shape::Resource) => resource(fields, at, budget),
        None => unknown(AttributeValue::Object(fields), at, budget),
    }
}

/// A part that is words, wherever they stand in it.
fn words(mut fields: Fields, at: &At<'_>, budget: &mut Budget, make: fn(String) -> Part) -> Part {
    let names = ["text", "content", "refusal", "value"];
    if let Some(text) = take_text(&mut fields, &names) {
        return match plain(text, at, budget) {
            Part::Text { text } => make(text),
            other => other,
        };
    }
    // OpenAI's assistants put them one deeper.
    if let Some(AttributeValue::Object(inner)) = peek(&fields, "text")
        && let Some(text) = peek_text(inner, "value")
    {
        return make(budget.text(text.to_owned()));
    }
    unknown(AttributeValue::Object(fields), at, budget)
}

fn reasoning(mut fields: Fields, at: &At<'_>, budget: &mut Budget) -> Part {
    for wrapper in ["reasoningContent", "reasoningText"] {
        if let Some((_, AttributeValue::Object(inner))) = take(&mut fields, &[wrapper]) {
            fields = inner;
        }
    }
    let names = ["thinking", "text", "content", "reasoning", "summary"];
    if let Some(text) = take_text(&mut fields, &names) {
        return Part::Reasoning { text: budget.text(text), redacted: false };
    }
    // OpenAI gives a summary in parts, and rarely the thoughts themselves.
    let mut lines = Vec::new();
    for name in ["content", "summary"] {
        if let Some((_, AttributeValue::Array(items))) = take(&mut fields, &[name]) {
            let line = |item| super::value::fields(item).and_then(|mut part| take_text(&mut part, &["text"]));
            lines.extend(items.into_iter().filter_map(line));
        }
    }
    let encrypted = ["data", "encrypted_content", "signature", "redactedContent", "encrypted"];
    let redacted = lines.is_empty() && has(&fields, &encrypted);
    if lines.is_empty() && !redacted && !has(&fields, &["id", "type"]) {
        return unknown(AttributeValue::Object(fields), at, budget);
    }
    Part::Reasoning { text: budget.text(lines.join("\n\n")), redacted }
}

/// A resource of MCP, embedded or linked.
fn resource(mut fields: Fields, at: &At<'_>, budget: &mut Budget) -> Part {
    if let Some((_, AttributeValue::Object(inner))) = take(&mut fields, &["resource"]) {
        fields = inner;
    }
    if has(&fields, &["blob"]) {
        return media::read("file", fields, at, budget)
            .unwrap_or_else(|fields| unknown(AttributeValue::Object(fields), at, budget));
    }
    let mut told = |names: &[&str]| take_text(&mut fields, names).map(|text| budget.text(text));
    let (uri, mime_type, text) = (told(&["uri", "url"]), told(&["mimeType", "mime_type"]), told(&["text"]));
    Part::Resource { uri, mime_type, text }
}

/// A document whose text is quoted (Anthropic).
fn quoted(fields: &mut Fields, budget: &mut Budget) -> Option<Part> {
    let AttributeValue::Object(source) = peek(fields, "source")? else { return None };
    if peek_text(source, "type") != Some("text") {
        return None;
    }
    let text = peek_text(source, "data")?.to_owned();
    let mime_type = peek_text(source, "media_type").map(str::to_owned);
    let uri = take_text(fields, &["title"]).map(|title| budget.text(title));
    Some(Part::Resource { uri, mime_type, text: Some(budget.text(text)) })
}
