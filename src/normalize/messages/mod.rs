//! What a span's attributes and events say in words, in one shape: messages with all their parts, the tools a model could
//! call, the input and output of a tool, the documents of a search.
//!
//! [`content`] is asked when a person opens a span; nothing of what it makes is stored. Each convention family has a file
//! with the names it uses, in the order in which they count; [`conversation`], [`message`] and [`part`] understand the
//! shapes that stand in them, which are fewer than the names.
//!
//! Nothing here fails. What cannot be read is named, what nobody knows is kept as it is, and [`budget`] bounds it all.

mod agents;
mod budget;
mod conversation;
mod definitions;
mod documents;
mod fallback;
mod flat;
mod genai;
mod media;
mod message;
mod openinference;
mod part;
mod place;
mod pydantic;
mod reader;
#[cfg(test)]
mod tests;
mod tool;
mod value;
mod vercel;

use self::reader::{Reader, Row, ValueRow};
use crate::model::{ContentField, Message, Span, SpanContent, SpanKind};

/// Where messages to a model, an agent or a workflow are read, the first that has any.
const INPUT: &[&[Row]] =
    &[genai::INPUT, openinference::INPUT, genai::OLD_INPUT, vercel::INPUT, pydantic::INPUT, agents::INPUT];

/// Where their answers are read.
const OUTPUT: &[&[Row]] = &[
    genai::OUTPUT,
    openinference::OUTPUT,
    genai::OLD_OUTPUT,
    vercel::OUTPUT,
    pydantic::OUTPUT,
    agents::OUTPUT,
];

/// Where the input of a tool is read.
const TOOL_INPUT: &[&[ValueRow]] =
    &[genai::TOOL_INPUT, fallback::TOOL_INPUT, vercel::TOOL_INPUT, pydantic::TOOL_INPUT, agents::TOOL_INPUT];

/// Where the output of a tool is read.
const TOOL_OUTPUT: &[&[ValueRow]] = &[
    genai::TOOL_OUTPUT,
    fallback::TOOL_OUTPUT,
    vercel::TOOL_OUTPUT,
    pydantic::TOOL_OUTPUT,
    agents::TOOL_OUTPUT,
];

/// The content of a normalised span.
pub(crate) fn content(span: &Span) -> SpanContent {
    let mut reader = Reader::new(span);
    let calls_tool = matches!(span.kind, SpanKind::Tool | SpanKind::Mcp);

    // What came of it first: the bounds are for all together, and a long conversation must not take up the answer.
    let (mut tool_input, mut tool_output) = (None, None);
    if calls_tool {
        tool_input = reader.value(TOOL_INPUT, ContentField::ToolInput);
        tool_output = reader.value(TOOL_OUTPUT, ContentField::ToolOutput);
    }
    let documents = documents::found(&mut reader);
    let mut output_messages = reader.messages(OUTPUT, ContentField::OutputMessages);
    // On a tool's span the same names hold its input and output.
    if !calls_tool && output_messages.is_empty() && documents.is_empty() {
        output_messages = reader.messages(&[fallback::OUTPUT], ContentField::OutputMessages);
    }
    genai::finish_reasons(span, &mut output_messages);
    let mut input_messages = genai::system(&mut reader);
    let mut given = reader.messages(INPUT, ContentField::InputMessages);
    if !calls_tool && given.is_empty() {
        given = reader.messages(&[fallback::INPUT], ContentField::InputMessages);
    }
    join(&mut input_messages, given);
    let tool_definitions = definitions::found(&mut reader);

    let left_out = reader.budget.left_out();
    let Reader { mut sources, unreadable, .. } = reader;
    sources.sort_by_key(|source| source.field);
    SpanContent {
        input_messages,
        output_messages,
        tool_definitions,
        tool_input,
        tool_output,
        documents,
        sources,
        unreadable,
        left_out,
    }
}

/// Puts the system's instructions before the messages, unless they begin with them.
fn join(instructions: &mut Vec<Message>, messages: Vec<Message>) {
    if let ([told], Some(first)) = (instructions.as_slice(), messages.first())
        && told.role == first.role
        && told.parts == first.parts
    {
        instructions.clear();
    }
    instructions.extend(messages);
}

/// What is read, in words, and the names in the order in which they count: for the document.
#[cfg(test)]
pub(super) fn documented() -> Vec<(&'static str, Vec<(&'static str, super::names::From)>)> {
    use super::names::From;
    fn names(rows: &[&[Row]]) -> Vec<(&'static str, From)> {
        let mut names: Vec<_> = rows.iter().copied().flatten().map(|row| (row.name, row.from)).collect();
        names.dedup();
        names
    }
    let values =
        |rows: &[&[ValueRow]]| rows.iter().copied().flatten().map(|row| (row.name, row.from)).collect();
    let anyone = |names: &[&'static str]| names.iter().map(|name| (*name, From::Anyone)).collect();
    vec![
        ("the system's instructions", anyone(&[genai::INSTRUCTIONS])),
        (
            "what was given to a model, an agent, a workflow",
            [names(INPUT), names(&[fallback::INPUT])].concat(),
        ),
        ("what it answered", [names(OUTPUT), names(&[fallback::OUTPUT])].concat()),
        ("the tools it could call", anyone(&definitions::NAMES)),
        ("what a tool was called with", values(TOOL_INPUT)),
        ("what the tool answered", values(TOOL_OUTPUT)),
        ("what a search found", anyone(&documents::NAMES)),
    ]
}
