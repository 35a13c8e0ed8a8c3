//! What one report says of a call.

use serde_json::json;

use crate::model::{AttributeValue, Key, SpanKind, Timestamp};

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Well.
    Ok,
    /// In an error of this class, with this message.
    Failed(&'static str, String),
    /// Nobody will say any more.
    Unknown,
}

/// What one report says of a call; what it does not say stays as it is known. Texts go into the attributes of
/// OpenTelemetry's GenAI conventions.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// What it is called, unless it has a name already.
    pub(super) name: String,
    pub(super) kind: SpanKind,
    /// When it began at the latest.
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<(Timestamp, Outcome)>,
    /// The call id of what caused it, and whether that is only likely.
    pub(super) parent: Option<(String, bool)>,
    pub(super) attributes: Vec<(Key, AttributeValue)>,
    /// Whether its attributes replace what was said before.
    pub(super) replaces: bool,
}

impl Call {
    pub(super) fn new(kind: SpanKind, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            start: None,
            end: None,
            parent: None,
            attributes: Vec::new(),
            replaces: false,
        }
    }

    pub(super) fn began(mut self, at: Timestamp) -> Self {
        self.start = Some(at);
        self
    }

    pub(super) fn ended(mut self, at: Timestamp, outcome: Outcome) -> Self {
        self.end = Some((at, outcome));
        self
    }

    pub(super) fn below(mut self, parent: Option<String>) -> Self {
        self.parent = parent.map(|parent| (parent, false));
        self
    }

    /// Below what caused it most likely.
    pub(super) fn likely_below(mut self, parent: Option<String>) -> Self {
        self.parent = parent.map(|parent| (parent, true));
        self
    }

    /// Below what was said, or is only likely, to have caused it.
    pub(super) fn within(mut self, parent: Option<(String, bool)>) -> Self {
        self.parent = parent;
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<AttributeValue>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    pub(super) fn with_some(self, name: &'static str, value: Option<impl Into<AttributeValue>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn replacing(mut self) -> Self {
        self.replaces = true;
        self
    }

    /// A message of one text, in the attribute where GenAI has its messages.
    pub(super) fn with_message(self, attribute: &'static str, role: &str, text: Option<&str>) -> Self {
        let message =
            |text| json!([{"role": role, "parts": [{"type": "text", "content": text}]}]).to_string();
        self.with_some(attribute, text.map(message))
    }
}
