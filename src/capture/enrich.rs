//! What a span of the session API says of itself, under names that normalisation and the page understand.
//!
//! Standard names (`gen_ai.*`) where there is one, this project's own (`mcp.*`) where there is none. A value is serialised
//! here, on the caller's thread, because it is borrowed; one that cannot be serialised is recorded as the reason why.

use std::borrow::Cow;

use serde::Serialize;

use super::fields::to_json;
use super::record::{Of, SpanChange};
use super::span::SpanGuard;
use crate::model::{AttributeValue, EventKind, Key, SpanKind, Usage};

/// The most messages in a [`history`](SpanGuard::history).
pub const MAX_HISTORY_MESSAGES: usize = 20;

/// The most bytes of JSON in a [`history`](SpanGuard::history).
pub const MAX_HISTORY_BYTES: usize = 10 * 1024;

/// The attributes of what goes into a span of a kind and what comes out of it.
const fn content(kind: SpanKind) -> (&'static str, &'static str) {
    match kind {
        SpanKind::Llm => ("mcp.llm.prompt_json", "mcp.llm.response_json"),
        SpanKind::Tool => ("mcp.tool.input_json", "mcp.tool.output_json"),
        SpanKind::Workflow | SpanKind::Agent => ("mcp.workflow.input_json", "mcp.workflow.output_json"),
        // OpenInference's names for everything.
        _ => ("input.value", "output.value"),
    }
}

impl SpanGuard {
    /// What goes in: a model's prompt (`mcp.llm.prompt_json`), a tool's arguments (`mcp.tool.input_json`), what a workflow
    /// or an agent is asked (`mcp.workflow.input_json`); `input.value` on spans of other kinds.
    pub fn input(&self, value: &impl Serialize) -> &Self {
        self.content(|kind| content(kind).0, value)
    }

    /// What comes out, as [`input`](Self::input) is what goes in.
    pub fn output(&self, value: &impl Serialize) -> &Self {
        self.content(|kind| content(kind).1, value)
    }

    /// A tool's answer in the form of its output schema, beside its text (`mcp.tool.structured_output_json`).
    pub fn structured_output(&self, value: &impl Serialize) -> &Self {
        self.content(|_| "mcp.tool.structured_output_json", value)
    }

    /// The messages that a model is sent, in whatever form its API takes them (`gen_ai.input.messages`).
    pub fn messages(&self, messages: &impl Serialize) -> &Self {
        self.content(|_| "gen_ai.input.messages", messages)
    }

    /// The messages that it answers (`gen_ai.output.messages`).
    pub fn reply(&self, messages: &impl Serialize) -> &Self {
        self.content(|_| "gen_ai.output.messages", messages)
    }

    /// The last words of a conversation (`mcp.llm.history_snapshot`): at most [`MAX_HISTORY_MESSAGES`] messages and
    /// [`MAX_HISTORY_BYTES`] of JSON, whichever is less. Those at the front are left out whole, and
    /// `mcp.llm.history_snapshot_truncated` says so.
    pub fn history<M: Serialize>(&self, messages: &[M]) -> &Self {
        self.set(|change| {
            let (snapshot, whole) = snapshot(messages);
            change.attributes.set("mcp.llm.history_snapshot", snapshot);
            if !whole {
                change.attributes.set("mcp.llm.history_snapshot_truncated", true);
            }
        })
    }

    /// The model that is asked (`gen_ai.request.model`).
    pub fn model(&self, name: impl Into<AttributeValue>) -> &Self {
        self.text("gen_ai.request.model", name)
    }

    /// Who runs it (`gen_ai.provider.name`), such as `openai` or `anthropic`.
    pub fn provider(&self, name: impl Into<AttributeValue>) -> &Self {
        self.text("gen_ai.provider.name", name)
    }

    /// What was wanted of whoever chooses the model (`mcp.model.preferences_json`).
    pub fn model_preferences(&self, preferences: &impl Serialize) -> &Self {
        self.content(|_| "mcp.model.preferences_json", preferences)
    }

    /// The tokens of a model call (`gen_ai.usage.*`). What is absent stays unknown.
    pub fn usage(&self, usage: &Usage) -> &Self {
        self.set(|change| {
            for (key, tokens) in [
                ("gen_ai.usage.input_tokens", usage.input_tokens),
                ("gen_ai.usage.output_tokens", usage.output_tokens),
                ("gen_ai.usage.cache_read.input_tokens", usage.cache_read_tokens),
                ("gen_ai.usage.cache_write.input_tokens", usage.cache_write_tokens),
                ("gen_ai.usage.cache_creation.ephemeral_1h_input_tokens", usage.cache_write_1h_tokens),
                ("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens),
            ] {
                if let Some(tokens) = tokens {
                    change.attributes.set(key, tokens);
                }
            }
        })
    }

    /// The tokens that a model read and wrote, as [`usage`](Self::usage).
    pub fn tokens(&self, input: u64, output: u64) -> &Self {
        self.usage(&Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() })
    }

    /// The tool's name (`gen_ai.tool.name`).
    pub fn tool(&self, name: impl Into<AttributeValue>) -> &Self {
        self.text("gen_ai.tool.name", name)
    }

    /// How a workflow works (`mcp.workflow.type`), such as `orchestrator`, `router`, `parallel`, `evaluator_optimizer` or
    /// `swarm`.
    pub fn workflow(&self, kind: impl Into<AttributeValue>) -> &Self {
        self.text("mcp.workflow.type", kind)
    }

    /// The resource that was read: its address, its type and its size in bytes (`mcp.resource.*`). Its content is not
    /// kept. When the span ends, and is one of [`SpanKind::Resource`], `ResourceFetched` is published.
    pub fn resource(&self, uri: impl Into<String>, mime_type: Option<&str>, bytes: Option<u64>) -> &Self {
        self.set(|change| {
            change.attributes.set("mcp.resource.uri", uri.into());
            if let Some(mime_type) = mime_type {
                change.attributes.set("mcp.resource.mime_type", mime_type);
            }
            if let Some(bytes) = bytes {
                change.attributes.set("mcp.resource.bytes", bytes);
            }
        })
    }

    /// The prompt template that was filled in, and with what (`mcp.prompt.*`). When the span ends, and is one of
    /// [`SpanKind::Prompt`], `PromptUsed` is published.
    pub fn prompt(&self, template_id: impl Into<String>, parameters: &impl Serialize) -> &Self {
        self.set(|change| {
            change.attributes.set("mcp.prompt.template_id", template_id.into());
            change.attributes.set("mcp.prompt.parameters_json", to_json(parameters));
        })
    }

    /// A snapshot of some state (`mcp.state.<name>_json`).
    pub fn state(&self, name: &str, value: &impl Serialize) -> &Self {
        self.content(|_| format!("mcp.state.{name}_json"), value)
    }

    /// A result (`mcp.result.<name>_json`).
    pub fn result(&self, name: &str, value: &impl Serialize) -> &Self {
        self.content(|_| format!("mcp.result.{name}_json"), value)
    }

    /// Says how far the span's work has come: `percent` between 0 and 100, and words. Published at once.
    pub fn progress(&self, percent: Option<f64>, message: impl Into<String>) -> &Self {
        if let Some(open) = self.recorded() {
            let kind = EventKind::progress(Some(open.span_id), percent, message.into());
            open.recorder.event(Of::Trace(open.trace_id), kind);
        }
        self
    }

    /// The token by which an MCP request's progress is told (`mcp.progress.token`).
    pub fn progress_token(&self, token: impl Into<AttributeValue>) -> &Self {
        self.text("mcp.progress.token", token)
    }

    /// Says that somebody asked for this work to be cancelled (`mcp.cancellation.requested`); it goes on until it ends.
    pub fn cancellation_requested(&self) -> &Self {
        self.set(|change| change.attributes.set("mcp.cancellation.requested", true))
    }

    fn text(&self, key: &'static str, value: impl Into<AttributeValue>) -> &Self {
        self.set(|change| change.attributes.set(key, value))
    }

    fn content<K: Into<Key>>(&self, key: impl FnOnce(SpanKind) -> K, value: &impl Serialize) -> &Self {
        if let Some(open) = self.recorded() {
            self.attribute(key(open.kind), to_json(value));
        }
        self
    }

    /// Hands one change over; nothing is made of a value that nobody records.
    pub(super) fn set(&self, fill: impl FnOnce(&mut SpanChange)) -> &Self {
        if let Some(open) = self.recorded() {
            let mut change = SpanChange::new(open.trace_id, open.span_id);
            fill(&mut change);
            open.recorder.span_changed(change);
        }
        self
    }
}

/// The last of `messages` as a JSON list, and whether that is all of them.
///
/// Messages are left out whole: half of one could hold half of a secret, which nobody would know for one.
fn snapshot<M: Serialize>(messages: &[M]) -> (AttributeValue, bool) {
    let mut kept: Vec<Cow<'static, str>> = Vec::new();
    let mut bytes = 2;
    for message in messages.iter().rev().take(MAX_HISTORY_MESSAGES) {
        let json: Cow<'static, str> = match to_json(message) {
            AttributeValue::String(json) => json.into(),
            AttributeValue::Static(json) => json.into(),
            _ => continue,
        };
        bytes += json.len() + 1;
        if bytes > MAX_HISTORY_BYTES {
            if kept.is_empty() {
                kept.push(format!("\"[a message of {} bytes]\"", json.len()).into());
                return (list(&kept), false);
            }
            break;
        }
        kept.push(json);
    }
    kept.reverse();
    (list(&kept), kept.len() == messages.len())
}

fn list(items: &[Cow<'static, str>]) -> AttributeValue {
    format!("[{}]", items.join(",")).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_history_is_json_of_the_last_messages_within_both_bounds(lengths in prop::collection::vec(0_usize..12_000, 0..40)) {
            let messages: Vec<String> =
                lengths.iter().enumerate().map(|(at, length)| format!("{at} {}", "é\"".repeat(length / 3))).collect();
            let (snapshot, whole) = snapshot(&messages);
            let text = snapshot.as_str().unwrap();
            let kept: Vec<String> = serde_json::from_str(text).unwrap();
            prop_assert!(text.len() <= MAX_HISTORY_BYTES && kept.len() <= MAX_HISTORY_MESSAGES);
            if !kept.first().is_some_and(|first| first.starts_with("[a message of")) {
                prop_assert_eq!(&messages[messages.len() - kept.len()..], &kept);
                prop_assert_eq!(whole, kept.len() == messages.len());
            }
        }
    }
}
