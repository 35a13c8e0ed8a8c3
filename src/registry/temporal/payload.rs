//! What workflows were given and answered, as far as it can be read.

use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;

use crate::model::{AttributeValue, SpanError};

/// The largest payload that is read, in bytes. What is kept of it is cut further, as all attributes are.
pub(super) const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// How many bytes of payloads are read of one history; of those behind that only the size is told.
pub(super) const MAX_PAYLOADS_BYTES: usize = 32 << 20;

/// How deep a failure is followed to its cause. Each activity and child workflow in between wraps it once.
const MAX_CAUSES: usize = 20;

/// Reads payloads, until it has read enough.
#[derive(Debug)]
pub(super) struct Reader {
    left: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self { left: MAX_PAYLOADS_BYTES }
    }
}

impl Reader {
    /// What is in a list of payloads: nothing, the only value, or a list of values, as a function's arguments are.
    pub(super) fn values(&mut self, payloads: Option<&Payloads>) -> Option<AttributeValue> {
        match payloads?.payloads.as_slice() {
            [] => None,
            [one] => Some(self.value(one)),
            several => Some(AttributeValue::Array(several.iter().map(|one| self.value(one)).collect())),
        }
    }

    /// What is in one payload. One that cannot be read, because it is encrypted, say, is described.
    pub(super) fn value(&mut self, payload: &Payload) -> AttributeValue {
        let (encoding, bytes) = (encoding(payload), payload.data.len());
        if encoding == "binary/null" {
            return AttributeValue::Null;
        }
        let fits = bytes <= MAX_PAYLOAD_BYTES && bytes <= self.left;
        if fits && let Some(value) = json(payload) {
            self.left -= bytes;
            return value.into();
        }
        let reason = if fits { "it is not JSON" } else { "it is too large" };
        AttributeValue::Object(vec![
            ("encoding".to_owned(), encoding.into()),
            ("bytes".to_owned(), bytes.into()),
            ("not_shown".to_owned(), AttributeValue::Static(reason)),
        ])
    }
}

fn encoding(payload: &Payload) -> String {
    let encoding = payload.metadata.get("encoding").map(Vec::as_slice).unwrap_or_default();
    String::from_utf8_lossy(&encoding[..encoding.len().min(64)]).into_owned()
}

/// The JSON in a payload that says it is JSON, or a message of the protocol as JSON.
pub(super) fn json(payload: &Payload) -> Option<serde_json::Value> {
    let known = matches!(encoding(payload).as_str(), "json/plain" | "json/protobuf");
    (known && payload.data.len() <= MAX_PAYLOAD_BYTES)
        .then(|| serde_json::from_slice(&payload.data).ok())
        .flatten()
}

/// JSON as a payload, which every SDK reads by default.
pub(super) fn plain(value: &serde_json::Value) -> Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into_iter().collect();
    // A value of this kind always has a text.
    Payload { metadata, data: serde_json::to_vec(value).unwrap_or_default(), ..Payload::default() }
}

/// What went wrong, in the words of the code that failed: what wraps it says only that something below did.
pub(super) fn error(failure: &Failure) -> SpanError {
    let mut at = failure;
    for _ in 0..MAX_CAUSES {
        let wraps = matches!(
            at.failure_info,
            Some(
                FailureInfo::ActivityFailureInfo(_)
                    | FailureInfo::ChildWorkflowExecutionFailureInfo(_)
                    | FailureInfo::NexusOperationExecutionFailureInfo(_)
            )
        );
        match &at.cause {
            Some(cause) if wraps => at = cause,
            _ => break,
        }
    }
    let kind = match &at.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.r#type.as_str(),
        Some(FailureInfo::TimeoutFailureInfo(_)) => "timeout",
        Some(FailureInfo::CanceledFailureInfo(_)) => "cancelled",
        Some(FailureInfo::TerminatedFailureInfo(_)) => "terminated",
        Some(FailureInfo::ServerFailureInfo(_)) => "server",
        Some(_) | None => "",
    };
    let message = if at.message.is_empty() { &failure.message } else { &at.message };
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    SpanError { kind: filled(kind), message: filled(message) }
}

/// The stack of the code that failed.
pub(super) fn stack(failure: &Failure) -> Option<&str> {
    let mut found = None;
    let mut at = Some(failure);
    for _ in 0..MAX_CAUSES {
        let Some(failure) = at else { break };
        if !failure.stack_trace.is_empty() {
            found = Some(failure.stack_trace.as_str());
        }
        at = failure.cause.as_deref();
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use temporalio_common::protos::temporal::api::failure::v1::{
        ActivityFailureInfo, ApplicationFailureInfo,
    };

    use super::*;

    fn of(encoding: &str, data: &[u8]) -> Payload {
        let metadata = [("encoding".to_owned(), encoding.as_bytes().to_vec())].into_iter().collect();
        Payload { metadata, data: data.to_vec(), ..Payload::default() }
    }

    fn read(payloads: Vec<Payload>) -> Value {
        serde_json::to_value(Reader::default().values(Some(&Payloads { payloads }))).unwrap()
    }

    #[test]
    fn json_is_read_and_what_is_not_json_is_described() {
        assert_eq!(read(vec![of("json/plain", b"{\"a\":1}")]), json!({"a": 1}));
        assert_eq!(read(vec![of("json/plain", b"1"), of("binary/null", b"")]), json!([1, null]));
        assert_eq!(read(vec![plain(&json!({"x": [true]}))]), json!({"x": [true]}));
        let secret = read(vec![of("binary/encrypted", b"\x01\x02")]);
        assert_eq!(
            secret,
            json!({"encoding": "binary/encrypted", "bytes": 2, "not_shown": "it is not JSON"})
        );
        assert_eq!(read(vec![of("json/plain", b"{")])["not_shown"], "it is not JSON");
        let large = vec![b'1'; MAX_PAYLOAD_BYTES + 1];
        assert_eq!(read(vec![of("json/plain", &large)])["not_shown"], "it is too large");
    }

    #[test]
    fn a_history_full_of_payloads_is_read_up_to_a_bound() {
        let payload = of("json/plain", format!("\"{}\"", "x".repeat(MAX_PAYLOAD_BYTES - 2)).as_bytes());
        let mut reader = Reader::default();
        let read = (0..200).filter(|_| reader.value(&payload).as_str().is_some()).count();
        assert_eq!(read, MAX_PAYLOADS_BYTES / MAX_PAYLOAD_BYTES);
    }

    #[test]
    fn an_error_is_told_in_the_words_of_the_code_that_failed() {
        let info = ApplicationFailureInfo { r#type: "CardDeclined".into(), ..Default::default() };
        let cause = Failure {
            message: "no funds".into(),
            stack_trace: "at pay".into(),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
            ..Default::default()
        };
        let failure = Failure {
            message: "Activity task failed".into(),
            cause: Some(Box::new(cause)),
            failure_info: Some(FailureInfo::ActivityFailureInfo(ActivityFailureInfo::default())),
            ..Default::default()
        };
        assert_eq!(error(&failure).one_line(), "CardDeclined: no funds");
        assert_eq!(stack(&failure), Some("at pay"));
    }
}
