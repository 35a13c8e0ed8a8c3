//! The part of the chat completions protocol that a tool-calling loop needs.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// What is sent to the model.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    pub(crate) tools: Value,
}

/// What the model answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChatResponse {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) choices: Vec<Choice>,
    #[serde(default)]
    pub(crate) usage: Option<Usage>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) message: Message,
    #[serde(default)]
    pub(crate) finish_reason: Option<String>,
}

/// One message of the conversation: the person's, the model's, or a tool's result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) role: String,
    #[serde(default, deserialize_with = "text_or_parts")]
    pub(crate) content: Option<String>,
    // Some servers send null where the protocol asks for no field at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool_calls: Option<Vec<ToolCall>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool_call_id: Option<String>,
}

impl Message {
    /// A message that is text only.
    pub(crate) fn text(role: &str, content: impl Into<String>) -> Self {
        Self { role: role.to_owned(), content: Some(content.into()), tool_calls: None, tool_call_id: None }
    }

    /// What a tool returned.
    pub(crate) fn tool_result(call_id: &str, content: String) -> Self {
        Self { tool_call_id: Some(call_id.to_owned()), ..Self::text("tool", content) }
    }

    /// The tools the model asks for.
    pub(crate) fn calls(&self) -> &[ToolCall] {
        self.tool_calls.as_deref().unwrap_or_default()
    }

    /// The message in the shape of OpenTelemetry's `gen_ai.input.messages` and `gen_ai.output.messages`.
    pub(crate) fn to_otel(&self) -> Value {
        let text = self.content.as_deref().filter(|text| !text.is_empty());
        let mut parts = Vec::new();
        match (&self.tool_call_id, text) {
            (Some(id), text) => {
                parts.push(json!({ "type": "tool_call_response", "id": id, "response": json_or_text(text.unwrap_or_default()) }));
            }
            (None, Some(text)) => parts.push(json!({ "type": "text", "content": text })),
            (None, None) => {}
        }
        for call in self.calls() {
            let arguments = json_or_text(&call.function.arguments);
            parts.push(json!({ "type": "tool_call", "id": call.id, "name": call.function.name, "arguments": arguments }));
        }
        json!({ "role": self.role, "parts": parts })
    }
}

/// A tool call of the model. The arguments are JSON inside a string, as the protocol has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ToolCall {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) function: Function,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// The tokens of one call. `prompt_tokens` includes the cached ones.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prompt_tokens_details: Option<PromptDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PromptDetails {
    #[serde(default)]
    pub(crate) cached_tokens: u64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct CompletionDetails {
    #[serde(default)]
    pub(crate) reasoning_tokens: u64,
}

/// The text of a message: a string, or parts of which some are text.
fn text_or_parts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Content {
        Text(String),
        Parts(Vec<Part>),
    }
    #[derive(Deserialize)]
    struct Part {
        #[serde(default)]
        text: Option<String>,
    }
    Ok(Option::<Content>::deserialize(deserializer)?.map(|content| match content {
        Content::Text(text) => text,
        Content::Parts(parts) => {
            parts.into_iter().filter_map(|part| part.text).collect::<Vec<_>>().join("\n")
        }
    }))
}

/// JSON that stands in a string, or the string when it is none.
pub(crate) fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
