//! OpenTelemetry's GenAI conventions: messages as JSON or as structured attributes, and what they were before (events for
//! each message, one text, a list in many attributes), which Traceloop still writes. Also the names of this project.

use super::super::names::From;
use super::place::At;
use super::reader::{Form, Reader, Row, ValueForm, ValueRow, by};
use super::value::{Fields, opened, read, take};
use super::{conversation, flat, message};
use crate::model::{AttributeValue, ContentField, Message, Span};

const fn row(name: &'static str, form: Form) -> Row {
    Row { name, form, from: From::Anyone }
}

const fn value(name: &'static str) -> ValueRow {
    ValueRow { name, form: ValueForm::Value, from: From::Anyone }
}

/// The event that tells of a whole model call.
const DETAILS: &str = "gen_ai.client.inference.operation.details";

/// Where the instructions stand.
pub(super) const INSTRUCTIONS: &str = "gen_ai.system_instructions";

pub(super) const INPUT: &[Row] = &[
    row("gen_ai.input.messages", Form::Messages),
    row(DETAILS, Form::Together(details)),
    row("gen_ai.user.message", Form::Together(message_events)),
    row("gen_ai.content.prompt", Form::Together(content_events)),
];

pub(super) const OUTPUT: &[Row] = &[
    row("gen_ai.output.messages", Form::Messages),
    row(DETAILS, Form::Together(details)),
    row("gen_ai.choice", Form::Together(message_events)),
    row("gen_ai.content.completion", Form::Together(content_events)),
];

/// After OpenInference: who writes these beside it writes less in them.
pub(super) const OLD_INPUT: &[Row] = &[
    row("gen_ai.prompt", Form::Names),
    row("gen_ai.prompt", Form::Prose),
    row("mcp.llm.prompt_json", Form::Messages),
    row("mcp.llm.history_snapshot", Form::Messages),
];

pub(super) const OLD_OUTPUT: &[Row] = &[
    row("gen_ai.completion", Form::Names),
    row("gen_ai.completion", Form::Prose),
    row("mcp.llm.response_json", Form::Messages),
];

pub(super) const TOOL_INPUT: &[ValueRow] =
    &[value("gen_ai.tool.call.arguments"), value("mcp.tool.input_json")];

pub(super) const TOOL_OUTPUT: &[ValueRow] = &[
    value("gen_ai.tool.call.result"),
    value("mcp.tool.output_json"),
    value("mcp.tool.structured_output_json"),
];

/// The system's instructions, as one message.
pub(super) fn system(reader: &mut Reader<'_>) -> Vec<Message> {
    let mut messages = reader.attribute(INSTRUCTIONS, Form::Messages, ContentField::InputMessages);
    let mut at = None;
    for (index, event) in (0_u32..).zip(&reader.span.events) {
        if messages.is_empty() && event.name == DETAILS && event.attributes.get(INSTRUCTIONS).is_some() {
            at = Some(index);
        }
    }
    if let Some(index) = at {
        messages = of_event(reader, index, INSTRUCTIONS, ContentField::InputMessages);
    }
    // They are parts without a message, and nobody but the system says them.
    for message in &mut messages {
        "system".clone_into(&mut message.role);
    }
    messages
}

fn details(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    let name = match field {
        ContentField::OutputMessages => "gen_ai.output.messages",
        _ => "gen_ai.input.messages",
    };
    let span = reader.span;
    let found = (0_u32..)
        .zip(&span.events)
        .find(|(_, event)| event.name == DETAILS && event.attributes.get(name).is_some());
    found.map_or_else(Vec::new, |(index, _)| of_event(reader, index, name, field))
}

/// Messages in the attribute `name` of an event.
fn of_event(reader: &mut Reader<'_>, index: u32, name: &str, field: ContentField) -> Vec<Message> {
    let span = reader.span;
    let Some(event) = span.events.get(index as usize) else { return Vec::new() };
    let Some(value) = event.attributes.get(name) else { return Vec::new() };
    let mut messages = Vec::new();
    let root = At::event(index);
    let value = match value.as_str().map(read) {
        Some(super::value::Read::Broken(_)) => {
            reader.cannot_read(name);
            return messages;
        }
        Some(super::value::Read::Json(json)) => json,
        _ => value.clone(),
    };
    conversation::read_all(value, by(field), &root.key(name).json(), &mut reader.budget, &mut messages);
    if !messages.is_empty() {
        reader.told_by_event(field, &event.name);
    }
    messages
}

/// One event for each message: the attributes are the message, or a `body` in one of them is.
fn message_events(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    let (span, mut messages) = (reader.span, Vec::new());
    for (index, event) in (0_u32..).zip(&span.events) {
        let of = match &*event.name {
            "gen_ai.choice" => ContentField::OutputMessages,
            "gen_ai.system.message"
            | "gen_ai.user.message"
            | "gen_ai.assistant.message"
            | "gen_ai.tool.message" => ContentField::InputMessages,
            _ => continue,
        };
        if of != field {
            continue;
        }
        let Some(AttributeValue::Object(fields)) = flat::below(&event.attributes, "") else { continue };
        let fields = body(fields);
        let role = message::role(&event.name);
        if !reader.budget.message() {
            continue;
        }
        let message = message::message(fields, &role, &At::event(index), &mut reader.budget, 0);
        if !message.parts.is_empty() || message.finish_reason.is_some() {
            reader.told_by_event(field, &event.name);
            messages.push(message);
        }
    }
    messages
}

/// The message in the attributes of an event.
fn body(mut fields: Fields) -> Fields {
    for name in ["body", "event_body"] {
        if let Some((_, value)) = take(&mut fields, &[name])
            && let AttributeValue::Object(inner) = opened(value)
        {
            return inner;
        }
    }
    // Flattened once, with what is left in JSON.
    for (name, value) in &mut fields {
        if matches!(name.as_str(), "message" | "tool_calls" | "parts") {
            *value = opened(std::mem::take(value));
        }
    }
    fields
}

/// The oldest events: one for the prompt and one for the completion, each with JSON in one attribute.
fn content_events(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    let (event, name) = match field {
        ContentField::OutputMessages => ("gen_ai.content.completion", "gen_ai.completion"),
        _ => ("gen_ai.content.prompt", "gen_ai.prompt"),
    };
    let mut messages = Vec::new();
    let span = reader.span;
    for (index, told) in (0_u32..).zip(&span.events) {
        if told.name == event {
            messages.append(&mut of_event(reader, index, name, field));
        }
    }
    messages
}

/// Why the model stopped, where the messages do not say it themselves.
pub(super) fn finish_reasons(span: &Span, messages: &mut [Message]) {
    if messages.iter().any(|message| message.finish_reason.is_some()) {
        return;
    }
    let names =
        ["gen_ai.response.finish_reasons", "llm.finish_reason", "ai.response.finishReason", "stop_reason"];
    let Some(said) = names.iter().find_map(|name| span.attributes.get(name)) else { return };
    let reasons: Vec<String> = match opened(said.clone()) {
        AttributeValue::Array(reasons) => {
            reasons.iter().filter_map(|reason| reason.as_str().map(message::finish_reason)).collect()
        }
        one => one.as_str().map(message::finish_reason).into_iter().collect(),
    };
    if reasons.len() == messages.len() {
        for (message, reason) in messages.iter_mut().zip(reasons) {
            message.finish_reason = Some(reason);
        }
    }
}
