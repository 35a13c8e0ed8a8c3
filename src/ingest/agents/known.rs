//! What is known of a call: its span as it was reported last.

use super::call::{Call, Outcome};
use crate::model::{AttributeValue, Span, SpanError, SpanKind, StatusCode};

/// The largest span that is remembered whole, in bytes. Of a larger one everything but its large attributes is.
const MAX_WHOLE_BYTES: usize = 64 << 10;

/// An attribute is large from so many bytes on.
const LARGE_BYTES: usize = 4 << 10;

/// A call's span.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) span: Span,
    /// It was reported as a span. What else is said is added to that, and changes nothing in it.
    pub(super) real: bool,
    /// It stands in the store with more than is remembered here.
    pub(super) partial: bool,
}

impl Known {
    pub(super) fn size(&self) -> usize {
        self.span.size()
    }

    /// Adds what a report says.
    pub(super) fn learn(&mut self, call: Call) {
        let span = &mut self.span;
        for (name, value) in call.attributes {
            let wanted = if self.real { is_wanted(&name) } else { true };
            if wanted && ((call.replaces && !self.real) || span.attributes.get(&name).is_none()) {
                span.attributes.set(name, value);
            }
        }
        if self.real {
            if let Some((_, Outcome::Failed(kind, message))) = call.end
                && span.status.code != StatusCode::Error
            {
                fail(span, kind, message);
            }
            return;
        }
        if span.name.is_empty() {
            span.name = call.name;
        }
        if span.kind == SpanKind::Other {
            span.kind = call.kind;
        }
        if let Some(start) = call.start {
            span.start_time = span.start_time.min(start);
        }
        if let Some((at, outcome)) = call.end {
            span.end_time = Some(span.end_time.unwrap_or(at).max(span.start_time));
            match outcome {
                Outcome::Ok => span.abandoned = false,
                Outcome::Failed(kind, message) => fail(span, kind, message),
                Outcome::Unknown => span.abandoned = true,
            }
        }
    }

    /// Adds what is known of the call from elsewhere to a span that was just reported.
    pub(super) fn complete(&self, span: &mut Span) {
        for (name, value) in self.span.attributes.iter() {
            if is_wanted(name) && span.attributes.get(name).is_none() {
                span.attributes.set(name.to_owned(), value.clone());
            }
        }
        if let (Some(error), true) = (&self.span.error, span.status.code != StatusCode::Error) {
            span.status.code = StatusCode::Error;
            span.error.get_or_insert_with(|| error.clone());
        }
    }

    /// As it is remembered.
    pub(super) fn remembered(mut self) -> Self {
        if self.size() > MAX_WHOLE_BYTES {
            self.partial = true;
            let small = |value: &AttributeValue| value.size() <= LARGE_BYTES;
            let attributes = self.span.attributes.iter().filter(|(_, value)| small(value));
            self.span.attributes = attributes.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            self.span.events.clear();
        }
        self
    }

    /// Takes back from the store what was not remembered.
    pub(super) fn recalled(&mut self, stored: Option<Span>) {
        let Some(stored) = stored.filter(|_| self.partial) else { return };
        for (name, value) in stored.attributes.iter() {
            if self.span.attributes.get(name).is_none() {
                self.span.attributes.set(name.to_owned(), value.clone());
            }
        }
        if self.span.events.is_empty() {
            self.span.events = stored.events;
        }
        self.partial = false;
    }
}

/// Whether an attribute of a derived span belongs into the program's own. That has its own words for the tokens, which may
/// mean something else.
fn is_wanted(name: &str) -> bool {
    !name.starts_with("gen_ai.usage.") || name == "gen_ai.usage.cost"
}

fn fail(span: &mut Span, kind: &'static str, message: String) {
    span.status.code = StatusCode::Error;
    let message = Some(message).filter(|message| !message.is_empty());
    span.status.message.clone_from(&message);
    span.error = Some(SpanError { kind: Some(kind.to_owned()), message });
}
