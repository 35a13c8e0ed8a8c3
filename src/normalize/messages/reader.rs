//! What all conventions need to be read: the span, the bounds, and the notes on what was read from where.

use super::super::names::From;
use super::budget::Budget;
use super::place::At;
use super::value::{self, Read};
use super::{conversation, flat, tool};
use crate::model::{AttributeValue, ContentField, ContentSource, Message, Span};

/// How an attribute says what it says.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// JSON of messages; other text is one message.
    Messages,
    /// Text, which may also be JSON of messages or of anything else.
    Prose,
    /// Text, whatever it looks like.
    Text,
    /// The beginning of the names of a list of messages.
    Names,
    /// Several attributes or events together, of which this one is the first.
    Together(fn(&mut Reader<'_>, ContentField) -> Vec<Message>),
}

/// An attribute that messages are read from.
pub(super) struct Row {
    /// Its name, or what its names begin with.
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// Where the name may be trusted.
    pub(super) from: From,
}

/// How an attribute of a tool call says what it says.
#[derive(Clone, Copy)]
pub(super) enum ValueForm {
    /// JSON of an object or a list, or text.
    Value,
    /// JSON of anything, a text in quotes too; or text.
    Json,
    /// The beginning of the names of an object's fields.
    Names,
    /// Several attributes or events together, of which this one is the first.
    Together(fn(&mut Reader<'_>, ContentField) -> Option<AttributeValue>),
}

/// An attribute that the input or the output of a tool is read from.
pub(super) struct ValueRow {
    /// Its name, or what its names begin with.
    pub(super) name: &'static str,
    pub(super) form: ValueForm,
    /// Where the name may be trusted.
    pub(super) from: From,
}

/// A span that is read.
pub(super) struct Reader<'a> {
    pub(super) span: &'a Span,
    pub(super) budget: Budget,
    pub(super) sources: Vec<ContentSource>,
    pub(super) unreadable: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(span: &'a Span) -> Self {
        Self { span, budget: Budget::new(), sources: Vec::new(), unreadable: Vec::new() }
    }

    /// The messages of the first row that has any.
    pub(super) fn messages(&mut self, rows: &[&[Row]], field: ContentField) -> Vec<Message> {
        for row in rows.iter().copied().flatten() {
            if !self.trusts(row.from) {
                continue;
            }
            let messages = match row.form {
                Form::Together(read) => read(self, field),
                Form::Names => self.listed(row.name, field),
                form => self.attribute(row.name, form, field),
            };
            if !messages.is_empty() {
                return messages;
            }
        }
        Vec::new()
    }

    /// The value of the first row that has one.
    pub(super) fn value(&mut self, rows: &[&[ValueRow]], field: ContentField) -> Option<AttributeValue> {
        for row in rows.iter().copied().flatten() {
            if !self.trusts(row.from) {
                continue;
            }
            let value = match row.form {
                ValueForm::Together(read) => read(self, field),
                ValueForm::Names => flat::below(&self.span.attributes, row.name).map(|tree| {
                    self.told(field, row.name);
                    tool::kept(tree, &At::names(row.name), &mut self.budget)
                }),
                form => self.plain_value(row.name, matches!(form, ValueForm::Json), field),
            };
            if value.is_some() {
                return value;
            }
        }
        None
    }

    fn plain_value(&mut self, name: &str, json: bool, field: ContentField) -> Option<AttributeValue> {
        let value = self.span.attributes.get(name).filter(|value| is_something(value))?;
        self.told(field, name);
        let parsed = || value.as_str().filter(|_| json).and_then(|text| serde_json::from_str(text).ok());
        let value = parsed().unwrap_or_else(|| value.clone());
        Some(tool::kept(value, &At::attribute(name), &mut self.budget))
    }

    /// The messages in one attribute.
    pub(super) fn attribute(&mut self, name: &str, form: Form, field: ContentField) -> Vec<Message> {
        let Some(value) = self.span.attributes.get(name).filter(|value| is_something(value)) else {
            return Vec::new();
        };
        let prose = matches!(form, Form::Prose);
        let value = match (form, value.as_str()) {
            (Form::Text, Some(text)) => AttributeValue::String(text.to_owned()),
            (_, Some(text)) => match value::read(text) {
                Read::Json(json) => json,
                Read::Text(text) => AttributeValue::String(text),
                Read::Broken(text) if prose => AttributeValue::String(text),
                Read::Broken(_) => {
                    self.cannot_read(name);
                    return Vec::new();
                }
            },
            (_, None) => value.clone(),
        };
        self.all(value, &At::attribute(name), name, field)
    }

    /// All messages in a value that was read from `source`. What is no message is kept as what it is.
    pub(super) fn all(
        &mut self,
        value: AttributeValue,
        at: &At<'_>,
        source: &str,
        field: ContentField,
    ) -> Vec<Message> {
        let (by, mut messages) = (by(field), Vec::new());
        let whole = match value {
            AttributeValue::Array(_) | AttributeValue::Bytes(_) | AttributeValue::Null => None,
            AttributeValue::String(_) | AttributeValue::Static(_) => None,
            _ => Some(value.clone()),
        };
        if !conversation::read_all(value, by, at, &mut self.budget, &mut messages)
            && let Some(whole) = whole
        {
            conversation::push_value(whole, by, at, &mut self.budget, &mut messages);
        }
        if !messages.is_empty() {
            self.told(field, source);
        }
        messages
    }

    /// The messages of a list that lies in many attributes.
    fn listed(&mut self, prefix: &str, field: ContentField) -> Vec<Message> {
        let Some(AttributeValue::Object(mut tree)) = flat::below(&self.span.attributes, prefix) else {
            return Vec::new();
        };
        // Other attributes may begin with the same words: gen_ai.prompt.name.
        tree.retain(|(key, _)| key.bytes().all(|byte| byte.is_ascii_digit()));
        if tree.is_empty() {
            return Vec::new();
        }
        self.all(AttributeValue::Object(tree), &At::names(prefix), prefix, field)
    }

    /// Whether names that mean something only there may be trusted in this span.
    fn trusts(&self, from: From) -> bool {
        super::super::facts::trusts(self.span, from)
    }

    /// Notes that something was read from an attribute, or from attributes whose names begin so.
    pub(super) fn told(&mut self, field: ContentField, source: &str) {
        let begins = |name: &str| {
            name.strip_prefix(source).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mark = |(name, value): (&str, &AttributeValue)| {
            value.as_bool() == Some(true) && name.strip_suffix("_truncated").is_some_and(begins)
        };
        let truncated = self.span.attributes.iter().any(mark);
        self.sources.push(ContentSource { field, source: source.to_owned(), event: false, truncated });
    }

    /// Notes that something was read from events.
    pub(super) fn told_by_event(&mut self, field: ContentField, name: &str) {
        if self.sources.iter().any(|source| source.event && source.field == field && source.source == name) {
            return;
        }
        let cut = |(name, value): (&str, &AttributeValue)| {
            name.ends_with("_truncated") && value.as_bool() == Some(true)
        };
        let truncated =
            self.span.events.iter().any(|event| event.name == name && event.attributes.iter().any(cut));
        self.sources.push(ContentSource { field, source: name.to_owned(), event: true, truncated });
    }

    pub(super) fn cannot_read(&mut self, name: &str) {
        if !self.unreadable.iter().any(|known| known == name) {
            self.unreadable.push(name.to_owned());
        }
    }
}

/// Who says what nobody claims.
pub(super) fn by(field: ContentField) -> &'static str {
    if field == ContentField::OutputMessages { "assistant" } else { "user" }
}

/// mcp-agent writes Python's `None` as text.
fn is_something(value: &AttributeValue) -> bool {
    *value != AttributeValue::Null && !value.as_str().is_some_and(|text| matches!(text, "" | "None"))
}
