//! What went wrong in a span.

use serde::Deserialize;

use super::facts::Facts;
use super::names::Slot;
use crate::model::{AttributeValue, Span, SpanError, SpanEvent, SpanKind, StatusCode};

/// The class of a tool that answered with an error, as the MCP conventions call it.
const TOOL_ERROR: &str = "tool_error";

/// The error that a span ended in: its status says so, or an error class, an exception, a failed tool's answer or
/// an explicit lack of success does. A status of `ok` is the sender's last word on exceptions it has handled.
pub(super) fn error(span: &Span, facts: &Facts<'_>, kind: SpanKind) -> Option<SpanError> {
    let exception = span.events.iter().rev().find(|event| event.name == "exception");
    let said = span.status.code == StatusCode::Error
        || facts.value(Slot::Success).is_some_and(|success| success.as_bool() == Some(false))
        || (span.status.code == StatusCode::Unset
            && (facts.has(Slot::ErrorType)
                || exception.is_some_and(escaped)
                || facts.text(Slot::TaskStatus).is_some_and(failed)));
    let answer = if matches!(kind, SpanKind::Tool | SpanKind::Mcp) { tool_error(facts) } else { None };
    if !said && answer.is_none() {
        return None;
    }
    let of_exception = |key| exception.and_then(|event| event.attributes.text(key)).map(str::to_owned);
    let class = facts.value(Slot::ErrorType).and_then(|value| match value {
        AttributeValue::Int(code) => Some(code.to_string()),
        other => other.as_str().map(str::to_owned),
    });
    let message = span.status.message.clone();
    Some(SpanError {
        kind: class
            .or_else(|| of_exception("exception.type"))
            .or_else(|| answer.as_ref().map(|_| TOOL_ERROR.to_owned())),
        message: message
            .or_else(|| of_exception("exception.message"))
            .or_else(|| facts.text(Slot::ErrorMessage).map(str::to_owned))
            .or(answer.flatten()),
    })
}

/// The words of agent frameworks for a task that did not end well.
fn failed(status: &str) -> bool {
    ["failure", "failed", "error"].iter().any(|word| word.eq_ignore_ascii_case(status))
}

/// Python's SDK records handled exceptions too and says so in text.
fn escaped(exception: &SpanEvent) -> bool {
    let said = exception.attributes.get("exception.escaped");
    !said.is_some_and(|value| match value {
        AttributeValue::Bool(escaped) => !escaped,
        other => other.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false")),
    })
}

/// A tool's answer that is an error although the call went well, with its text.
#[expect(clippy::option_option, reason = "an error may have no text")]
fn tool_error(facts: &Facts<'_>) -> Option<Option<String>> {
    if facts.value(Slot::IsError).is_some_and(|value| value.as_bool() == Some(true)) {
        return Some(facts.text(Slot::ErrorText).map(str::to_owned));
    }
    match facts.value(Slot::ToolResult)? {
        AttributeValue::Object(fields) => {
            let field = |name| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
            field("isError").filter(|value| value.as_bool() == Some(true)).map(|_| None)
        }
        value => {
            let text = value.as_str()?;
            // Only an answer that holds the word is worth parsing.
            let result: CallToolResult = text
                .contains("\"isError\"")
                .then(|| serde_json::from_str(text).ok())
                .flatten()
                .filter(|result: &CallToolResult| result.is_error)?;
            Some(result.content.into_iter().find_map(|content| content.text))
        }
    }
}

/// The result of MCP's `tools/call`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallToolResult {
    is_error: bool,
    #[serde(default)]
    content: Vec<Content>,
}

#[derive(Deserialize)]
struct Content {
    text: Option<String>,
}
