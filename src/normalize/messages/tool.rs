//! Tool calls and their results, as parts of messages.

use super::budget::Budget;
use super::media;
use super::place::At;
use super::value::{Fields, opened, peek_text, solid, take, take_text};
use crate::model::{AttributeValue, MessagePart as Part};

/// A call that a message holds, in whatever shape.
pub(super) fn call(kind: &str, mut fields: Fields, at: &At<'_>, budget: &mut Budget) -> Part {
    // OpenInference and OpenAI wrap what is told of it, Bedrock and Gemini name the object after what it is.
    while let Some((_, inner)) =
        take(&mut fields, &["tool_call", "function", "toolUse", "functionCall", "toolRequest"])
    {
        let AttributeValue::Object(inner) = inner else { continue };
        let id = take_text(&mut fields, &["call_id", "id"]);
        fields = inner;
        fields.extend(id.map(|id| ("id".to_owned(), AttributeValue::String(id))));
    }
    let ids = ["call_id", "tool_call_id", "toolCallId", "tool_use_id", "toolUseId", "id", "ref"];
    let names = ["name", "tool_name", "toolName"];
    let id = take_text(&mut fields, &ids);
    let name = take_text(&mut fields, &names).unwrap_or_else(|| {
        // What a provider runs itself is named by its type: web_search_call.
        kind.strip_suffix("_call")
            .filter(|name| !matches!(*name, "tool" | "function"))
            .unwrap_or_default()
            .to_owned()
    });
    let given = ["arguments", "input", "args", "parameters", "action", "server_tool_call", "code", "queries"];
    let arguments = take(&mut fields, &given).map(|(_, value)| kept(value, at, budget));
    Part::ToolCall { id: id.map(|id| budget.text(id)), name: budget.text(name), arguments }
}

/// A result that a message holds, in whatever shape.
pub(super) fn result(mut fields: Fields, at: &At<'_>, budget: &mut Budget) -> Part {
    while let Some((_, inner)) = take(&mut fields, &["toolResult", "functionResponse", "toolResponse"]) {
        if let AttributeValue::Object(inner) = inner {
            fields = inner;
        }
    }
    let ids = ["tool_use_id", "call_id", "tool_call_id", "toolCallId", "toolUseId", "id", "ref"];
    let id = take_text(&mut fields, &ids).map(|id| budget.text(id));
    let name = take_text(&mut fields, &["name", "tool_name", "toolName"]).map(|name| budget.text(name));
    let said = take(&mut fields, &["is_error", "isError"]).and_then(|(_, value)| value.as_bool());
    // Bedrock says `status`, MCP and the Vercel AI SDK say it in the answer.
    let status = peek_text(&fields, "status").map(|status| status == "error");
    let outcome = peek_text(&fields, "outcome").map(|outcome| matches!(outcome, "failed" | "error"));
    let answers = ["result", "response", "output", "content", "server_tool_call_response"];
    let (mut result, failed) = match take(&mut fields, &answers) {
        Some((_, value)) => unwrapped(value),
        None => (None, None),
    };
    result = result.map(|value| kept(single_text(value), at, budget));
    let is_error = said
        .or(failed)
        .or_else(|| status.filter(|failed| *failed))
        .or_else(|| outcome.filter(|failed| *failed));
    Part::ToolResult { id, name, result, is_error }
}

/// A result that is a whole message of the role `tool`.
pub(super) fn result_message(
    id: Option<String>,
    name: Option<String>,
    content: Option<AttributeValue>,
    at: &At<'_>,
    budget: &mut Budget,
) -> Part {
    let (content, is_error) = content.map_or((None, None), unwrapped);
    let result = content.map(|value| kept(single_text(value), at, budget));
    Part::ToolResult {
        id: id.map(|id| budget.text(id)),
        name: name.map(|name| budget.text(name)),
        result,
        is_error,
    }
}

/// A value as it is repeated: JSON when a text holds an object or a list, without inline data.
pub(super) fn kept(value: AttributeValue, at: &At<'_>, budget: &mut Budget) -> AttributeValue {
    let mut value = solid(opened(value), at);
    media::take_out(&mut value);
    budget.value(value)
}

/// The Vercel AI SDK says in `output` of which type the value is; MCP says in the result that it is an error.
fn unwrapped(value: AttributeValue) -> (Option<AttributeValue>, Option<bool>) {
    let AttributeValue::Object(mut fields) = value else { return (Some(value), None) };
    let typed = peek_text(&fields, "type").map(|kind| (kind.starts_with("error"), kind.to_owned()));
    match typed {
        Some((failed, kind))
            if fields.len() == 2
                && matches!(&*kind, "json" | "text" | "content" | "error-text" | "error-json") =>
        {
            (take(&mut fields, &["value"]).map(|(_, value)| value), failed.then_some(true))
        }
        _ => {
            let said = fields.iter().find(|(key, _)| key == "isError").and_then(|(_, value)| value.as_bool());
            (Some(AttributeValue::Object(fields)), said)
        }
    }
}

/// The text of a list that holds one part, which is text.
pub(super) fn single_text(value: AttributeValue) -> AttributeValue {
    let AttributeValue::Array(mut items) = value else { return value };
    match items.as_mut_slice() {
        [AttributeValue::Object(fields)] if peek_text(fields, "type") == Some("text") => {
            match take_text(fields, &["text"]) {
                Some(text) => AttributeValue::String(text),
                None => AttributeValue::Array(items),
            }
        }
        _ => AttributeValue::Array(items),
    }
}
