//! Questions of the server's that the client is to answer.

use serde_json::value::RawValue;

use super::SOURCE;
use super::message::{Outcome, Params};
use crate::capture::SpanGuard;
use crate::capture::record::{Details, Of};
use crate::model::{
    Attributes, EventKind, SpanKind, WAIT_ANSWER, WAIT_OUTCOME, WAIT_PROMPT, WAIT_SCHEMA, WAIT_SIGNAL,
};

/// Who answered, as events say it.
const CLIENT: &str = "mcp-client";

/// A question of the server's, open until the client answers or nobody is left to.
#[derive(Debug)]
pub(super) struct Wait(Option<SpanGuard>, &'static str);

/// What a method of the server's asks for, in the word by which the wait is named; `None` when it asks for nothing that a
/// person would have to see.
pub(super) fn signal_of(method: &str) -> Option<&'static str> {
    match method {
        "elicitation/create" => Some("elicitation"),
        "sampling/createMessage" => Some("sampling"),
        _ => None,
    }
}

impl Wait {
    /// Opens its span by `open`.
    pub(super) fn begin(
        signal: &'static str,
        params: &Params<'_>,
        open: impl FnOnce(Details) -> SpanGuard,
    ) -> Self {
        let mut attributes = Attributes::new();
        let prompt = params.message.as_deref().map(str::to_owned);
        attributes.set(WAIT_SIGNAL, signal);
        if let Some(prompt) = &prompt {
            attributes.set(WAIT_PROMPT, prompt.clone());
        }
        let schema = params.requested_schema;
        if let Some(schema) = schema {
            attributes.set(WAIT_SCHEMA, schema.get().to_owned());
        }
        if let Some(messages) = params.messages {
            attributes.set("gen_ai.input.messages", messages.get().to_owned());
        }
        let details = Details {
            name: Some(signal.into()),
            kind: SpanKind::Human,
            attributes,
            waits: true,
            source: Some(SOURCE),
            ..Details::default()
        };
        let span = open(details);
        if let Some(open) = span.recorded() {
            open.recorder.event(
                Of::Trace(open.trace_id),
                EventKind::WaitingOnSignal {
                    wait_id: span.id(),
                    signal_name: signal.to_owned(),
                    prompt,
                    schema: schema.and_then(|schema| serde_json::from_str(schema.get()).ok()),
                },
            );
        }
        Self(Some(span), signal)
    }

    /// The client's answer: a result, or an error in its place.
    pub(super) fn answered(mut self, result: Option<&RawValue>, error: Option<&RawValue>) {
        let Some(mut span) = self.0.take() else { return };
        let outcome: Outcome<'_> =
            result.and_then(|given| serde_json::from_str(given.get()).ok()).unwrap_or_default();
        let word = match outcome.action.as_deref() {
            _ if error.is_some() => "denied",
            Some("decline") => "denied",
            Some("cancel") => "cancelled",
            _ => "answered",
        };
        // What was accepted, without the words around it; a model's reply whole.
        let accepted = outcome.content.filter(|_| outcome.action.is_some());
        let answer = accepted.or(result).or(error);
        span.at_end(|change| {
            change.attributes.set(WAIT_OUTCOME, word);
            if let Some(answer) = answer {
                change.attributes.set(WAIT_ANSWER, answer.get().to_owned());
            }
        });
        if let Some(open) = span.recorded() {
            open.recorder.event(
                Of::Trace(open.trace_id),
                EventKind::SignalReceived {
                    signal_name: self.1.to_owned(),
                    wait_id: span.id(),
                    decision: Some(word.into()),
                    by: Some(CLIENT.to_owned()),
                    from: None,
                },
            );
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(mut span) = self.0.take() {
            span.at_end(|change| change.attributes.set(WAIT_OUTCOME, "dropped"));
        }
    }
}
