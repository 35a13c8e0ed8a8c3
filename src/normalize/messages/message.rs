//! One message, in every shape that frameworks and providers give it: OpenTelemetry's, OpenAI's (chat, responses),
//! Anthropic's, Gemini's, Bedrock's, LangChain's, the Vercel AI SDK's, pydantic-ai's, and OpenInference's and Traceloop's
//! flattened ones.

use super::budget::Budget;
use super::place::At;
use super::value::{Fields, Read, fields, has, is_list, items, peek, peek_text, read, take, take_text};
use super::{part, tool};
use crate::model::{AttributeValue, Message, MessagePart as Part};

/// How deeply a message is wrapped.
const MAX_WRAPPINGS: usize = 6;

/// The longest role, and the longest reason to stop, in bytes.
const MAX_WORD_BYTES: usize = 64;

/// Who says it, in other words.
const ROLES: &[(&str, &str)] = &[
    ("human", "user"),
    ("humanmessage", "user"),
    ("humanmessagechunk", "user"),
    ("request", "user"),
    ("ai", "assistant"),
    ("aimessage", "assistant"),
    ("aimessagechunk", "assistant"),
    ("model", "assistant"),
    ("bot", "assistant"),
    ("chatbot", "assistant"),
    ("response", "assistant"),
    ("systemmessage", "system"),
    ("toolmessage", "tool"),
    ("function", "tool"),
    ("functionmessage", "tool"),
    ("gen_ai.system.message", "system"),
    ("gen_ai.user.message", "user"),
    ("gen_ai.assistant.message", "assistant"),
    ("gen_ai.tool.message", "tool"),
    ("gen_ai.choice", "assistant"),
];

/// Why the model stopped, in other words, with `_` for `-`.
const FINISH_REASONS: &[(&str, &str)] = &[
    ("tool_calls", "tool_call"),
    ("tool_use", "tool_call"),
    ("function_call", "tool_call"),
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("eos", "stop"),
    ("complete", "stop"),
    ("completed", "stop"),
    ("max_tokens", "length"),
    ("max_output_tokens", "length"),
    ("safety", "content_filter"),
    ("refusal", "content_filter"),
];

/// The role in the common words; another one stays as it is.
pub(super) fn role(said: &str) -> String {
    let said = said.trim();
    let lower = said.to_ascii_lowercase();
    let known = ROLES.iter().find(|(word, _)| *word == lower).map(|(_, role)| *role);
    short(known.unwrap_or(if known_role(&lower) { &lower } else { said }))
}

/// Why the model stopped, in the common words.
pub(super) fn finish_reason(said: &str) -> String {
    let lower = said.trim().to_ascii_lowercase().replace('-', "_");
    let known = FINISH_REASONS.iter().find(|(word, _)| *word == lower).map(|(_, reason)| *reason);
    short(known.unwrap_or(&lower))
}

fn short(word: &str) -> String {
    let mut end = word.len().min(MAX_WORD_BYTES);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    word[..end].to_owned()
}

/// Whether a word is a role that a message's `type` may say.
pub(super) fn known_role(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    matches!(&*word, "system" | "user" | "assistant" | "tool" | "developer" | "human" | "ai")
}

/// Whether an object is a message, as far as its fields tell.
pub(super) fn is_message(fields: &Fields) -> bool {
    const MARKS: [&str; 10] = [
        "role",
        "content",
        "parts",
        "message",
        "tool_calls",
        "contents",
        "event.name",
        "function_call",
        "kwargs",
        "toolCalls",
    ];
    has(fields, &MARKS) || is_tagged(fields)
}

/// LangChain: `{"type": "human", "data": {…}}`.
fn is_tagged(fields: &Fields) -> bool {
    peek_text(fields, "type").is_some_and(known_role) && has(fields, &["data"])
}

/// One message, with what may be wrapped around it.
pub(super) fn message(
    mut outer: Fields,
    by: &str,
    at: &At<'_>,
    budget: &mut Budget,
    depth: usize,
) -> Message {
    let finish = ["finish_reason", "stop_reason", "finishReason", "stopReason"];
    let finish_reason = take_text(&mut outer, &finish).map(|reason| finish_reason(&reason));
    // LangChain's `kwargs` and `data`, OpenAI's `choices`, OpenInference's `message`, Gemini's `content`.
    for wrapper in ["message", "kwargs", "data", "content"] {
        let wraps = match peek(&outer, wrapper) {
            Some(AttributeValue::Object(inner)) => {
                depth < MAX_WRAPPINGS
                    && match wrapper {
                        "content" => has(inner, &["parts", "role"]),
                        "data" => is_tagged(&outer),
                        _ => true,
                    }
            }
            _ => false,
        };
        if wraps && let Some(inner) = take(&mut outer, &[wrapper]).and_then(|(_, inner)| fields(inner)) {
            let by = said_role(&mut outer).unwrap_or_else(|| by.to_owned());
            let mut message = message(inner, &by, &at.key(wrapper), budget, depth + 1);
            message.finish_reason = finish_reason.or(message.finish_reason);
            // OpenTelemetry's old events have the calls beside the message.
            calls(&mut outer, at, budget, &mut message.parts);
            return message;
        }
    }
    let role = said_role(&mut outer).unwrap_or_else(|| by.to_owned());
    let parts = parts(&role, &mut outer, at, budget);
    let name = take_text(&mut outer, &["name"]).map(|name| budget.text(name));
    Message { role, name, parts, finish_reason }
}

fn said_role(fields: &mut Fields) -> Option<String> {
    if let Some(said) = take_text(fields, &["role", "event.name", "kind", "author"]) {
        return Some(role(&said)).filter(|role| !role.is_empty());
    }
    // LangChain: `"id": ["langchain", "schema", "messages", "HumanMessage"]`, and `"type": "human"`.
    if let Some(AttributeValue::Array(path)) = peek(fields, "id") {
        return path.last().and_then(AttributeValue::as_str).map(role);
    }
    peek_text(fields, "type").filter(|kind| known_role(kind)).map(role)
}

fn parts(role: &str, fields: &mut Fields, at: &At<'_>, budget: &mut Budget) -> Vec<Part> {
    let mut parts = Vec::new();
    for name in ["reasoning_content", "reasoning", "thinking"] {
        if let Some(text) = take_text(fields, &[name]).filter(|text| !text.is_empty())
            && budget.part()
        {
            parts.push(Part::Reasoning { text: budget.text(text), redacted: false });
        }
    }
    for name in ["parts", "contents", "content", "text", "message"] {
        if let Some((_, content)) = take(fields, &[name]) {
            let at = at.key(name);
            match content_of_tool(role, content) {
                Ok(result) => {
                    let id =
                        take_text(fields, &["tool_call_id", "toolCallId", "tool_use_id", "call_id", "id"]);
                    let called = take_text(fields, &["name", "tool_name"]);
                    if budget.part() {
                        parts.push(tool::result_message(id, called, Some(result), &at, budget));
                    }
                }
                Err(content) => read_content(content, &at, budget, &mut parts),
            }
        }
    }
    if let Some(text) = take_text(fields, &["refusal"])
        && budget.part()
    {
        parts.push(Part::Refusal { text: budget.text(text) });
    }
    calls(fields, at, budget, &mut parts);
    // OpenInference's first names.
    if let Some(name) = take_text(fields, &["function_call_name"])
        && budget.part()
    {
        let arguments = take(fields, &["function_call_arguments_json"]).map(|(_, value)| value);
        let call = [("name", AttributeValue::String(name)), ("arguments", arguments.unwrap_or_default())];
        let call = call.map(|(key, value)| (key.to_owned(), value)).into();
        parts.push(tool::call("function_call", call, at, budget));
    }
    if let Some(call) = take(fields, &["function_call"]).and_then(|(_, call)| super::value::fields(call))
        && budget.part()
    {
        parts.push(tool::call("function_call", call, at, budget));
    }
    parts
}

fn calls(fields: &mut Fields, at: &At<'_>, budget: &mut Budget, parts: &mut Vec<Part>) {
    for name in ["tool_calls", "toolCalls"] {
        let Some((_, calls)) = take(fields, &[name]) else { continue };
        let at = at.key(name);
        for (index, call) in items(super::value::opened(calls)).unwrap_or_default() {
            let at = at.index(index);
            match call {
                AttributeValue::Object(call) => {
                    if budget.part() {
                        parts.push(tool::call("tool_call", call, &at, budget));
                    }
                }
                // A mark where calls were cut out.
                other => part::read(other, &at, budget, parts),
            }
        }
    }
}

/// What a message of the role `tool` holds, unless it is made of parts that say so themselves.
fn content_of_tool(role: &str, content: AttributeValue) -> Result<AttributeValue, AttributeValue> {
    let says_so = |item: &AttributeValue| {
        let AttributeValue::Object(fields) = item else { return false };
        matches!(part::role(fields), Some(Some("tool"))) || has(fields, &["message_content"])
    };
    let parts = match &content {
        AttributeValue::Array(items) => items.iter().any(says_so),
        AttributeValue::Object(items) => is_list(&content) && items.iter().any(|(_, item)| says_so(item)),
        _ => false,
    };
    if role != "tool" || parts { Err(content) } else { Ok(content) }
}

fn read_content(content: AttributeValue, at: &At<'_>, budget: &mut Budget, parts: &mut Vec<Part>) {
    // Where every attribute is a text, a list of parts is JSON.
    let opened = match content.as_str() {
        Some(text) if at.is_flat() && text.starts_with('[') => match read(text) {
            Read::Json(json) if are_parts(&json) => Some(json),
            _ => None,
        },
        _ => None,
    };
    if let Some(json) = opened {
        return read_content(json, &at.json(), budget, parts);
    }
    if content.as_str().is_some_and(str::is_empty) {
        return;
    }
    if !is_list(&content) {
        return part::read(content, at, budget, parts);
    }
    for (index, item) in items(content).unwrap_or_default() {
        part::read(item, &at.index(index), budget, parts);
    }
}

/// Whether each element of a list is a part with a type.
fn are_parts(json: &AttributeValue) -> bool {
    let AttributeValue::Array(items) = json else { return false };
    let part = |item: &AttributeValue| matches!(item, AttributeValue::Object(fields) if peek_text(fields, "type").is_some());
    !items.is_empty() && items.iter().all(part)
}
