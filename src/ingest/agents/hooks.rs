//! Payloads of hooks: what is common to all programs.

use serde_json::{Map, Value};

use super::run::Run;
use crate::model::{EventKind, Reported, ReportedEvent, ReportedOf, Timestamp};

/// The longest id that a program may use, in bytes.
const MAX_ID_BYTES: usize = 1024;

/// Why a payload was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is no JSON object, or array of objects.
    #[error("a JSON object is wanted, or an array of objects")]
    NoObject,
    /// It does not say which session it is of.
    #[error("`session_id` must be a text that is not empty")]
    NoSession,
}

/// The fields of a payload.
pub(super) type Payload = Map<String, Value>;

/// Takes one payload or each of several; what is refused does not keep the others.
pub(super) fn each(
    payload: Value,
    mut take: impl FnMut(Payload) -> Result<(), Refused>,
) -> Result<(), Refused> {
    match payload {
        Value::Object(payload) => take(payload),
        Value::Array(payloads) => {
            let taken = payloads.into_iter().map(|payload| match payload {
                Value::Object(payload) => take(payload),
                _ => Err(Refused::NoObject),
            });
            taken.fold(Ok(()), Result::and)
        }
        _ => Err(Refused::NoObject),
    }
}

/// The session that a payload is of.
pub(super) fn session_of(payload: &Payload) -> Result<String, Refused> {
    let id = text(payload, "session_id").ok_or(Refused::NoSession)?;
    if id.len() > MAX_ID_BYTES { Err(Refused::NoSession) } else { Ok(id.to_owned()) }
}

/// A text that says something.
pub(super) fn text<'a>(payload: &'a Payload, name: &str) -> Option<&'a str> {
    payload.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// A number that is not negative, however it is written.
pub(super) fn count(payload: &Payload, name: &str) -> Option<u64> {
    let value = payload.get(name)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
        .or_else(|| value.as_str()?.parse().ok())
}

/// Any value as the text of an attribute: a text as it is, everything else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What is no call: the payload as it came, as an event of the session.
pub(super) fn publish(run: &Run, event: &str, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let name = if event.is_empty() { "hook".to_owned() } else { event.to_owned() };
    let mut content = payload.clone();
    for known in ["session_id", "transcript_path", "hook_event_name"] {
        content.remove(known);
    }
    let kind = EventKind::Custom { name: name.into(), data: Value::Object(content) };
    out.events.push(ReportedEvent { of: ReportedOf::Session(run.session().to_owned()), at, kind });
}

/// The open call of the same tool with the same input: some payloads name no id.
pub(super) fn same_call(run: &Run, payload: &Payload) -> Option<String> {
    let (name, input) = (text(payload, "tool_name")?, payload.get("tool_input").map(as_text));
    run.open_call(|_, span| {
        span.attributes.text("gen_ai.tool.name") == Some(name)
            && span.attributes.text("gen_ai.tool.call.arguments") == input.as_deref()
    })
}
