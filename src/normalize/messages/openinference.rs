//! OpenInference: every leaf of every message is an attribute of its own, `llm.input_messages.0.message.content`.

use super::super::names::From;
use super::reader::{Form, Row};

const fn row(name: &'static str, form: Form) -> Row {
    Row { name, form, from: From::Anyone }
}

pub(super) const INPUT: &[Row] = &[
    row("llm.input_messages", Form::Names),
    row("llm.input_messages", Form::Messages),
    row("llm.prompts", Form::Names),
    row("llm.prompts", Form::Prose),
];

pub(super) const OUTPUT: &[Row] = &[
    row("llm.output_messages", Form::Names),
    row("llm.output_messages", Form::Messages),
    row("llm.choices", Form::Names),
    row("llm.completions", Form::Names),
];
