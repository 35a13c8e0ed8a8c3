//! mcp-agent, Claude Code and Codex, which have names of their own, mostly without a prefix.

use super::super::names::From;
use super::place::At;
use super::reader::{Form, Reader, Row, ValueForm, ValueRow};
use super::value::{Fields, fields, has, is_list, items, peek, take};
use super::{flat, tool};
use crate::model::{AttributeValue, ContentField, Message, SpanEvent};

const fn claude_code(name: &'static str) -> Row {
    Row { name, form: Form::Text, from: From::ClaudeCode }
}

pub(super) const INPUT: &[Row] = &[
    Row { name: "message", form: Form::Together(mcp_agent), from: From::Anyone },
    claude_code("user_prompt"),
    claude_code("new_context"),
    Row { name: "prompt", form: Form::Text, from: From::Codex },
];

pub(super) const OUTPUT: &[Row] = &[
    claude_code("response.model_output"),
    claude_code("response"),
    Row { name: "response", form: Form::Together(mcp_agent), from: From::Anyone },
    Row { name: "last_assistant_message", form: Form::Text, from: From::Codex },
];

pub(super) const TOOL_INPUT: &[ValueRow] = &[
    ValueRow { name: "tool_input", form: ValueForm::Value, from: From::ClaudeCode },
    ValueRow { name: "full_command", form: ValueForm::Together(call_of_claude_code), from: From::ClaudeCode },
    ValueRow { name: "tool_args", form: ValueForm::Value, from: From::Anyone },
    ValueRow { name: "arguments", form: ValueForm::Names, from: From::Anyone },
    ValueRow { name: "mcp.request.argument", form: ValueForm::Names, from: From::Anyone },
    ValueRow { name: "arguments", form: ValueForm::Value, from: From::Codex },
];

pub(super) const TOOL_OUTPUT: &[ValueRow] = &[
    ValueRow {
        name: "tool.output",
        form: ValueForm::Together(output_of_claude_code),
        from: From::ClaudeCode,
    },
    ValueRow { name: "result", form: ValueForm::Together(result_of_mcp_agent), from: From::Anyone },
    ValueRow { name: "output", form: ValueForm::Value, from: From::Codex },
];

/// What Claude Code tells of a tool's input, by the name of the field in it: on the span, or in the event that brings the
/// output.
const CALL: &[(&str, &str)] = &[
    ("full_command", "command"),
    ("bash_command", "command"),
    ("file_path", "file_path"),
    ("pattern", "pattern"),
    ("url", "url"),
    ("query", "query"),
    ("skill_name", "skill"),
    ("subagent_type", "subagent_type"),
];

/// The event of Claude Code that brings a tool's output.
const OUTPUT_EVENT: &str = "tool.output";

fn mcp_agent(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    let name = if field == ContentField::OutputMessages { "response" } else { "message" };
    let Some(tree) = flat::below(&reader.span.attributes, name) else { return Vec::new() };
    // Others have attributes that begin with these words too, and mean something else.
    let said = |tree: &AttributeValue| match tree {
        AttributeValue::Object(fields) => has(fields, &["content", "choices", "tool_calls"]),
        _ => false,
    };
    let listed = |tree: &AttributeValue| match tree {
        AttributeValue::Object(fields) if is_list(tree) => fields.iter().all(|(_, item)| said(item)),
        _ => false,
    };
    if !said(&tree) && !listed(&tree) {
        return Vec::new();
    }
    reader.all(tree, &At::names(name), name, field)
}

fn output_event<'a>(reader: &Reader<'a>) -> Option<(u32, &'a SpanEvent)> {
    (0_u32..).zip(&reader.span.events).find(|(_, event)| event.name == OUTPUT_EVENT)
}

fn call_of_claude_code(reader: &mut Reader<'_>, field: ContentField) -> Option<AttributeValue> {
    let mut call = Fields::new();
    let span = reader.span;
    let event = output_event(reader);
    for (name, argument) in CALL {
        let own = span.attributes.get(name);
        let told = event.and_then(|(_, event)| event.attributes.get(name));
        let Some(value) = own.or(told) else { continue };
        // The command is there under two names.
        if call.iter().any(|(known, _)| known == argument) {
            continue;
        }
        match own {
            Some(_) => reader.told(field, name),
            None => reader.told_by_event(field, OUTPUT_EVENT),
        }
        call.push(((*argument).to_owned(), value.clone()));
    }
    let at = At::attribute("full_command");
    (!call.is_empty()).then(|| tool::kept(AttributeValue::Object(call), &at, &mut reader.budget))
}

/// What stands in the event beside the input: the output, or a file's content or change.
fn output_of_claude_code(reader: &mut Reader<'_>, field: ContentField) -> Option<AttributeValue> {
    let (index, event) = output_event(reader)?;
    let input = |name: &str| CALL.iter().any(|(known, _)| *known == name) || name.ends_with("_truncated");
    let mut rest: Fields = event
        .attributes
        .iter()
        .filter(|(name, _)| !input(name))
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    let value = match (take(&mut rest, &["output"]), rest.len()) {
        (Some((_, output)), _) => output,
        (None, 0) => return None,
        (None, 1) => rest.pop()?.1,
        (None, _) => AttributeValue::Object(rest),
    };
    reader.told_by_event(field, OUTPUT_EVENT);
    Some(tool::kept(value, &At::event(index).json(), &mut reader.budget))
}

/// mcp-agent flattens MCP's result: `result.content.0.text`.
fn result_of_mcp_agent(reader: &mut Reader<'_>, field: ContentField) -> Option<AttributeValue> {
    let mut tree = flat::below(&reader.span.attributes, "result").and_then(fields)?;
    let at = At::names("result");
    // A text alone says as much as the list it is in.
    if let Some((_, content)) = take(&mut tree, &["content"]) {
        let list = items(content.clone()).map(|items| items.into_iter().map(|(_, item)| item).collect());
        match list.map(AttributeValue::Array).map(tool::single_text) {
            Some(text) if text.as_str().is_some() => {
                reader.told(field, "result");
                return Some(tool::kept(text, &at, &mut reader.budget));
            }
            _ => tree.insert(0, ("content".to_owned(), content)),
        }
    }
    tree.retain(|(_, value)| *value != AttributeValue::Null);
    if tree.is_empty() || (tree.len() == 1 && peek(&tree, "isError").is_some()) {
        return None;
    }
    reader.told(field, "result");
    Some(tool::kept(AttributeValue::Object(tree), &at, &mut reader.budget))
}
