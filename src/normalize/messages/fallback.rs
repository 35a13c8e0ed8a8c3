//! The input and output of any span, as OpenInference, Traceloop, Langfuse and this project name them. On a model call they
//! may hold messages; on a tool call they are what it was called with and what it answered.

use super::super::names::From;
use super::reader::{Form, Reader, Row, ValueForm, ValueRow};
use crate::model::{ContentField, Message};

const fn row(name: &'static str, form: Form) -> Row {
    Row { name, form, from: From::Anyone }
}

const fn value(name: &'static str) -> ValueRow {
    ValueRow { name, form: ValueForm::Value, from: From::Anyone }
}

pub(super) const INPUT: &[Row] = &[
    row("input.value", Form::Together(openinference)),
    row("gen_ai.retrieval.query.text", Form::Text),
    row("traceloop.entity.input", Form::Prose),
    row("gen_ai.task.input", Form::Prose),
    row("mcp.workflow.input_json", Form::Messages),
    row("langfuse.observation.input", Form::Prose),
];

pub(super) const OUTPUT: &[Row] = &[
    row("output.value", Form::Together(openinference)),
    row("traceloop.entity.output", Form::Prose),
    row("gen_ai.task.output", Form::Prose),
    row("mcp.workflow.output_json", Form::Messages),
    row("langfuse.observation.output", Form::Prose),
];

pub(super) const TOOL_INPUT: &[ValueRow] = &[
    value("input.value"),
    value("traceloop.entity.input"),
    value("gen_ai.task.input"),
    value("langfuse.observation.input"),
];

pub(super) const TOOL_OUTPUT: &[ValueRow] = &[
    value("output.value"),
    value("traceloop.entity.output"),
    value("gen_ai.task.output"),
    value("langfuse.observation.output"),
];

/// The media type says whether it is JSON.
fn openinference(reader: &mut Reader<'_>, field: ContentField) -> Vec<Message> {
    let (name, mime_type) = match field {
        ContentField::OutputMessages => ("output.value", "output.mime_type"),
        _ => ("input.value", "input.mime_type"),
    };
    let is_text = reader.span.attributes.text(mime_type).is_some_and(|mime| mime.starts_with("text/"));
    reader.attribute(name, if is_text { Form::Text } else { Form::Prose }, field)
}
