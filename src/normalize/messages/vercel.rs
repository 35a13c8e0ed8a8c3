//! The Vercel AI SDK: the prompt as JSON, the answer in an attribute for each of its kinds.

use super::super::names::From;
use super::budget::Budget;
use super::place::At;
use super::reader::{Form, Reader, Row, ValueForm, ValueRow};
use super::value::{items, opened};
use super::{message, part, tool};
use crate::model::{AttributeValue, ContentField, Message, MessagePart as Part, Span};

const fn row(name: &'static str, form: Form) -> Row {
    Row { name, form, from: From::Anyone }
}

const fn value(name: &'static str) -> ValueRow {
    ValueRow { name, form: ValueForm::Json, from: From::Anyone }
}

pub(super) const INPUT: &[Row] = &[
    row("ai.prompt.messages", Form::Messages),
    row("ai.prompt", Form::Messages),
    row("ai.value", Form::Text),
];

pub(super) const OUTPUT: &[Row] = &[row("ai.response.text", Form::Together(answer))];

pub(super) const TOOL_INPUT: &[ValueRow] = &[value("ai.toolCall.args"), value("ai.toolCall.input")];

pub(super) const TOOL_OUTPUT: &[ValueRow] = &[value("ai.toolCall.result"), value("ai.toolCall.output")];

/// The kinds of an answer, with the names of SDK 3 behind today's.
const REASONING: [&str; 1] = ["ai.response.reasoning"];
const TEXT: [&str; 2] = ["ai.response.text", "ai.result.text"];
const OBJECT: [&str; 2] = ["ai.response.object", "ai.result.object"];
const CALLS: [&str; 2] = ["ai.response.toolCalls", "ai.result.toolCalls"];
const FILES: [&str; 1] = ["ai.response.files"];

fn first<'a>(span: &'a Span, names: &[&'static str]) -> Option<(&'static str, &'a AttributeValue)> {
    names.iter().find_map(|name| {
        let value = span.attributes.get(name)?;
        (value.as_str() != Some("") && *value != AttributeValue::Null).then_some((*name, value))
    })
}

/// One message of all that the answer is made of.
fn answer(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    let span = reader.span;
    let mut parts = Vec::new();
    for names in [&REASONING[..], &TEXT, &OBJECT, &CALLS, &FILES] {
        let Some((name, value)) = first(span, names) else { continue };
        let before = parts.len();
        kind(name, value, &mut reader.budget, &mut parts);
        if parts.len() > before {
            reader.told(field, name);
        }
    }
    if parts.is_empty() || !reader.budget.message() {
        return Vec::new();
    }
    let finish = ["ai.response.finishReason", "ai.finishReason"];
    let said = first(span, &finish).and_then(|(_, value)| value.as_str());
    let finish_reason = said.map(message::finish_reason);
    vec![Message { role: "assistant".to_owned(), name: None, parts, finish_reason }]
}

fn kind(name: &'static str, value: &AttributeValue, budget: &mut Budget, parts: &mut Vec<Part>) {
    let at = At::attribute(name);
    let text = value.as_str();
    if TEXT.contains(&name) {
        return part::read(value.clone(), &at, budget, parts);
    }
    if REASONING.contains(&name) {
        if let Some(text) = text.filter(|_| budget.part()) {
            parts.push(Part::Reasoning { text: budget.text(text.to_owned()), redacted: false });
        }
        return;
    }
    let value = opened(value.clone());
    if OBJECT.contains(&name) {
        if budget.part() {
            parts.push(Part::Text { text: String::new() });
            if let (Some(Part::Text { text: shown }), Some(sent)) = (parts.last_mut(), text) {
                *shown = budget.text(sent.to_owned());
            }
        }
        return;
    }
    for (index, item) in items(value).unwrap_or_default() {
        match item {
            AttributeValue::Object(call) if CALLS.contains(&name) => {
                if budget.part() {
                    parts.push(tool::call("tool_call", call, &at.index(index), budget));
                }
            }
            other => part::read(other, &at.index(index), budget, parts),
        }
    }
}
