//! What a span's attributes and events say in words: messages, the input and output of tools, documents.
//!
//! It is read from the attributes when somebody opens the span and is not stored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AttributeValue;

/// The content of a span in one shape, whatever convention it was sent in. The attributes have it as it was sent.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct SpanContent {
    /// What the model, agent or workflow was given, the system's instructions first.
    #[serde(default)]
    #[schema(required)]
    pub input_messages: Vec<Message>,
    /// What it answered.
    #[serde(default)]
    #[schema(required)]
    pub output_messages: Vec<Message>,
    /// The tools that the model could call.
    #[serde(default)]
    #[schema(required)]
    pub tool_definitions: Vec<ToolDefinition>,
    /// What a tool was called with, on spans that call one: JSON, or text that is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub tool_input: Option<AttributeValue>,
    /// What the tool answered: JSON, or text that is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub tool_output: Option<AttributeValue>,
    /// What a search found.
    #[serde(default)]
    #[schema(required)]
    pub documents: Vec<Document>,
    /// Where each of these was read.
    #[serde(default)]
    #[schema(required)]
    pub sources: Vec<ContentSource>,
    /// Attributes that hold something of these, in JSON that cannot be read.
    #[serde(default)]
    #[schema(required)]
    pub unreadable: Vec<String>,
    /// What a bound of the inspector left out here; the attributes still have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
}

/// How much of a span's content is not repeated because a bound was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct LeftOut {
    /// Messages, documents and tool definitions.
    pub messages: u64,
    /// Parts of messages.
    pub parts: u64,
    /// Bytes of texts and values.
    pub bytes: u64,
}

/// The attribute or event that something was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct ContentSource {
    /// What was read from it.
    pub field: ContentField,
    /// The name of the attribute, or of the events when `event` is set. Of a list that lies in many attributes
    /// (`llm.input_messages.0.message.role` and so on) the beginning of their names.
    pub source: String,
    /// It is the name of events of the span.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub event: bool,
    /// It was cut before it was stored: what is missing is gone, and the places say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// Part of what a span holds in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContentField {
    /// `input_messages`
    InputMessages,
    /// `output_messages`
    OutputMessages,
    /// `tool_definitions`
    ToolDefinitions,
    /// `tool_input`
    ToolInput,
    /// `tool_output`
    ToolOutput,
    /// `documents`
    Documents,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Message {
    /// Who says it: `system`, `developer`, `user`, `assistant`, `tool`, or what the sender calls it. `omitted` stands for
    /// messages that were cut out before they were stored.
    pub role: String,
    /// Which of several with this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is said.
    pub parts: Vec<MessagePart>,
    /// Why the model stopped: `stop`, `length`, `tool_call`, `content_filter`, `error`, or the sender's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
}

/// One part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessagePart {
    /// Text.
    #[non_exhaustive]
    Text {
        /// The text.
        text: String,
    },
    /// What the model thought before it answered.
    #[non_exhaustive]
    Reasoning {
        /// The thoughts, or what the provider tells of them; empty when it tells nothing.
        text: String,
        /// The provider gave them encrypted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        redacted: bool,
    },
    /// The model refuses.
    #[non_exhaustive]
    Refusal {
        /// Its words.
        text: String,
    },
    /// The model wants a tool called.
    #[non_exhaustive]
    ToolCall {
        /// The call's id, which its result repeats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool; empty when nobody said.
        name: String,
        /// With what: JSON, or text that is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<serde_json::Value>)]
        arguments: Option<AttributeValue>,
    },
    /// What a tool answered.
    #[non_exhaustive]
    ToolResult {
        /// The id of the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The answer: JSON, or text that is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<serde_json::Value>)]
        result: Option<AttributeValue>,
        /// Whether it is an error, when somebody said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        is_error: Option<bool>,
    },
    /// A picture.
    Image(Media),
    /// Sound.
    Audio(Media),
    /// A film.
    Video(Media),
    /// Any other file.
    File(Media),
    /// A resource that is quoted or pointed to.
    #[non_exhaustive]
    Resource {
        /// Its address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        /// Its media type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// Its text, when it is quoted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Stands for what was cut out before it was stored.
    #[non_exhaustive]
    Omitted {
        /// How many parts or messages; 0 when that is unknown.
        items: u64,
    },
    /// Anything else, as it was sent.
    #[non_exhaustive]
    Unknown {
        /// The part.
        #[schema(value_type = serde_json::Value)]
        json: AttributeValue,
    },
}

/// Something that is not text, by reference. Data that was sent inline is not repeated here.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Media {
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Where it lies, when it was sent by address. Never to be loaded without asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its id at the provider, when it was sent by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The length of the inline data in bytes, decoded, as it was before any cutting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Where the inline data stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataPlace>,
    /// What is said in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
}

/// A place in a span where inline data stands.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct DataPlace {
    /// The event whose attribute it is, counted from 0; absent for an attribute of the span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u32>,
    /// The attribute.
    pub attribute: String,
    /// The place within the attribute's JSON, as a JSON pointer; absent when the attribute is the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A tool that a model could call.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct ToolDefinition {
    /// Its name.
    pub name: String,
    /// What the model was told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub parameters: Option<AttributeValue>,
}

/// A document that a search found.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Document {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How well it fits; what the number means is the store's own affair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What of it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What else the store said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub metadata: Option<AttributeValue>,
}
