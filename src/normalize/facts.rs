//! What a span's attributes say, gathered in one pass.

use super::lookup;
use super::names::{From, ROWS, Slot};
use super::provider;
use crate::model::{AttributeValue, Attributes, Span};

/// The winning attribute of each slot.
pub(super) struct Facts<'a> {
    found: [Option<&'a AttributeValue>; Slot::COUNT],
    sender: From,
}

impl<'a> Facts<'a> {
    /// Those of a span.
    pub(super) fn of(span: &'a Span) -> Self {
        Self::gathered(&span.attributes, sender(span))
    }

    /// Those of attributes that stand for themselves.
    pub(super) fn of_resource(span: &'a Span) -> Self {
        Self::gathered(&span.resource, From::Anyone)
    }

    /// Those of attributes that belong to no span.
    #[cfg(feature = "otlp")]
    pub(super) fn of_attributes(attributes: &'a Attributes) -> Self {
        Self::gathered(attributes, From::Anyone)
    }

    fn gathered(attributes: &'a Attributes, sender: From) -> Self {
        let mut found = [None; Slot::COUNT];
        let mut rows = [u8::MAX; Slot::COUNT];
        for (name, value) in attributes.iter() {
            let Some(row) = lookup::row(name) else { continue };
            let (_, slot, from) = ROWS[usize::from(row)];
            let at = slot as usize;
            if row < rows[at] && trusted(from, sender) && usable(slot, value) {
                found[at] = Some(value);
                rows[at] = row;
            }
        }
        Self { found, sender }
    }

    /// Whether the span is one of Claude Code's.
    pub(super) fn is_claude_code(&self) -> bool {
        self.sender == From::ClaudeCode
    }

    /// Whether anything was found.
    pub(super) fn any(&self) -> bool {
        self.found.iter().any(Option::is_some)
    }

    /// Whether `slot` was found.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.found[slot as usize].is_some()
    }

    /// The value of `slot`.
    pub(super) fn value(&self, slot: Slot) -> Option<&'a AttributeValue> {
        self.found[slot as usize]
    }

    /// The text of `slot`.
    pub(super) fn text(&self, slot: Slot) -> Option<&'a str> {
        self.value(slot).and_then(AttributeValue::as_str).map(str::trim)
    }

    /// The count of `slot`.
    pub(super) fn count(&self, slot: Slot) -> Option<u64> {
        self.value(slot).and_then(AttributeValue::as_count)
    }
}

/// Whether names that mean something only in the spans of `from` mean it in this one.
pub(super) fn trusts(span: &Span, from: From) -> bool {
    trusted(from, sender(span))
}

fn trusted(from: From, sender: From) -> bool {
    match from {
        From::Anyone => true,
        From::Codex => matches!(sender, From::Codex | From::CodexTurn),
        From::CodingAgents => matches!(sender, From::ClaudeCode | From::Codex | From::CodexTurn),
        From::ClaudeCode | From::CodexTurn | From::McpAgentResource => from == sender,
    }
}

/// The program a span is from, as far as names are trusted because of it.
fn sender(span: &Span) -> From {
    if span.scope.name.starts_with("com.anthropic.claude_code") {
        return From::ClaudeCode;
    }
    match span.name.as_str() {
        "session_task.turn" => From::CodexTurn,
        "handle_responses" => From::Codex,
        name if name.ends_with(".read_resource") => From::McpAgentResource,
        // Codex names itself in its resource: codex_exec, codex_cli_rs, codex-app-server.
        _ if span.resource.text("service.name").is_some_and(|name| name.starts_with("codex")) => From::Codex,
        _ => From::Anyone,
    }
}

/// Whether a value can stand for its slot; if not, the next name's is taken.
fn usable(slot: Slot, value: &AttributeValue) -> bool {
    match slot {
        Slot::Input
        | Slot::Output
        | Slot::CacheRead
        | Slot::CacheWrite
        | Slot::CacheWrite1h
        | Slot::CacheWrite5m
        | Slot::Uncached
        | Slot::Reasoning
        | Slot::ResourceBytes => value.as_count().is_some(),
        Slot::Cost => value.as_f64().is_some_and(|usd| usd.is_finite() && usd >= 0.0),
        Slot::Success | Slot::IsError => true,
        Slot::ToolResult
        | Slot::CostDetails
        | Slot::LlmContent
        | Slot::ToolContent
        | Slot::WorkflowContent
        | Slot::RetrievalContent
        | Slot::PromptParameters => *value != AttributeValue::Null,
        // JSON-RPC codes come as numbers.
        Slot::ErrorType | Slot::ToolCall if matches!(value, AttributeValue::Int(_)) => true,
        Slot::Provider => {
            value.as_str().is_some_and(|text| says_something(text) && !provider::is_framework(text))
        }
        _ => value.as_str().is_some_and(says_something),
    }
}

/// mcp-agent writes Python's `None` as text, and "unknown" for a session it does not know.
fn says_something(text: &str) -> bool {
    !matches!(text.trim(), "" | "None" | "unknown" | "null" | "undefined")
}
