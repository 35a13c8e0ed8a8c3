//! pydantic-ai and logfire: the whole conversation of an agent's run in one attribute, and lists of events.

use super::super::names::From;
use super::place::At;
use super::reader::{Form, Reader, Row, ValueForm, ValueRow, by};
use super::value::{Read, fields, items, peek_text, read};
use super::{conversation, message};
use crate::model::{AttributeValue, ContentField, Message};

const fn row(name: &'static str, read: fn(&mut Reader<'_>, ContentField) -> Vec<Message>) -> Row {
    Row { name, form: Form::Together(read), from: From::Anyone }
}

const fn value(name: &'static str) -> ValueRow {
    ValueRow { name, form: ValueForm::Value, from: From::Anyone }
}

pub(super) const INPUT: &[Row] = &[
    row("pydantic_ai.all_messages", conversation),
    row("all_messages_events", conversation),
    row("events", events),
    row("request_data", logfire),
];

pub(super) const OUTPUT: &[Row] = &[
    row("pydantic_ai.all_messages", conversation),
    row("all_messages_events", conversation),
    row("events", events),
    row("response_data", logfire),
    row("final_result", final_result),
];

pub(super) const TOOL_INPUT: &[ValueRow] = &[value("tool_arguments")];

pub(super) const TOOL_OUTPUT: &[ValueRow] = &[value("tool_response")];

/// Of a whole conversation the answer is what the model said last.
fn conversation(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    for name in ["pydantic_ai.all_messages", "all_messages_events"] {
        let before = reader.budget.clone();
        let mut messages = reader.attribute(name, Form::Messages, field);
        if messages.is_empty() {
            continue;
        }
        let answer =
            messages.iter().rposition(|message| message.role != "assistant").map_or(0, |last| last + 1);
        let answers = messages.split_off(answer);
        // It is read once more for the rest, which counts then.
        let kept = if field == ContentField::OutputMessages {
            reader.budget = before;
            answers
        } else {
            messages
        };
        if kept.is_empty() {
            reader.sources.pop();
        }
        return kept;
    }
    Vec::new()
}

/// A list of what were events once: the choices are the answer.
fn events(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    const NAME: &str = "events";
    let Some(value) = reader.span.attributes.get(NAME) else { return Vec::new() };
    let list = match value.as_str().map(read) {
        Some(Read::Json(json)) => json,
        Some(_) => return Vec::new(),
        None => value.clone(),
    };
    let at = At::attribute(NAME);
    let mut messages = Vec::new();
    for (index, item) in items(list).unwrap_or_default() {
        let Some(event) = fields(item) else { continue };
        let Some(name) = peek_text(&event, "event.name").filter(|name| name.starts_with("gen_ai.")) else {
            continue;
        };
        let choice = name == "gen_ai.choice";
        if choice == (field == ContentField::OutputMessages) && reader.budget.message() {
            messages.push(message::message(event, by(field), &at.index(index), &mut reader.budget, 0));
        }
    }
    messages.retain(|message| !message.parts.is_empty());
    if !messages.is_empty() {
        reader.told(field, NAME);
    }
    messages
}

/// What logfire's instrumentations of providers send: the request and the answer as they went over the wire.
fn logfire(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    if !reader.span.scope.name.starts_with("logfire") {
        return Vec::new();
    }
    let name = if field == ContentField::OutputMessages { "response_data" } else { "request_data" };
    reader.attribute(name, Form::Messages, field)
}

fn final_result(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    let Some(value) = reader.span.attributes.get("final_result") else { return Vec::new() };
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None if *value == AttributeValue::Null => return Vec::new(),
        // Every value has a JSON form.
        None => serde_json::to_string(value).unwrap_or_default(),
    };
    let mut messages = Vec::new();
    let at = At::attribute("final_result");
    conversation::push_text(text, by(field), &at, &mut reader.budget, &mut messages);
    reader.told(field, "final_result");
    messages
}
