//! The two encodings of OTLP over HTTP, and the answers in each. An answer is in the encoding of its request.

use prost::Message;
use serde::Serialize;

use crate::ingest::IngestError;

/// An encoding of OTLP over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Protocol buffers.
    Protobuf,
    /// JSON.
    Json,
}

/// The codes of `google.rpc.Status` that the inspector answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RpcCode {
    /// The request is wrong; sending it again does not help.
    InvalidArgument = 3,
    /// The request is too large, or comes too fast.
    ResourceExhausted = 8,
    /// Send it again later.
    Unavailable = 14,
}

impl IngestError {
    /// The code for the body of the answer.
    pub(crate) fn rpc_code(&self) -> RpcCode {
        match self {
            Self::TooLarge => RpcCode::ResourceExhausted,
            Self::Malformed(_) | Self::UnsupportedMediaType | Self::UnsupportedEncoding => {
                RpcCode::InvalidArgument
            }
        }
    }
}

/// `google.rpc.Status` without its details.
#[derive(Clone, PartialEq, Message, Serialize)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The answers to all signals, which differ in a name only: `Export…ServiceResponse`.
#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

/// `Export…PartialSuccess`.
#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

impl Format {
    /// The encoding that a content type names, if it is one of the two. Parameters do not matter.
    pub(crate) fn named(content_type: &str) -> Option<Self> {
        let name = content_type.split(';').next().unwrap_or_default().trim();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("application/x-protobuf") || is("application/protobuf") {
            Some(Self::Protobuf)
        } else if is("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// The encoding of a body that comes without a content type.
    pub(super) fn sniffed(body: &[u8]) -> Self {
        if body.first() == Some(&b'{') { Self::Json } else { Self::Protobuf }
    }

    /// The encoding to answer a refused request in: its own when it names one, otherwise JSON, which a person can read.
    pub(crate) fn of_answer(content_type: Option<&str>) -> Self {
        content_type.and_then(Self::named).unwrap_or(Self::Json)
    }

    /// The content type of the answer.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    /// `Export…ServiceResponse`: empty when everything was taken, otherwise how much was not, in the field `counted` names in
    /// JSON, and why.
    pub(crate) fn success_body(self, counted: &str, rejected: u64, reasons: &str) -> Vec<u8> {
        match self {
            Self::Protobuf => Response {
                partial_success: (rejected > 0).then(|| PartialSuccess {
                    rejected: i64::try_from(rejected).unwrap_or(i64::MAX),
                    error_message: reasons.to_owned(),
                }),
            }
            .encode_to_vec(),
            Self::Json if rejected == 0 => b"{}".to_vec(),
            // 64-bit numbers are text in protobuf's JSON.
            Self::Json => json(&serde_json::json!({
                "partialSuccess": { "errorMessage": reasons, counted: rejected.to_string() }
            })),
        }
    }

    /// `google.rpc.Status`.
    pub(crate) fn error_body(self, code: RpcCode, message: &str) -> Vec<u8> {
        let status = Status { code: code as i32, message: message.to_owned() };
        match self {
            Self::Protobuf => status.encode_to_vec(),
            Self::Json => json(&status),
        }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Texts and numbers always have a JSON form.
    serde_json::to_vec(value).unwrap_or_else(|_| b"{}".to_vec())
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;

    use super::*;

    #[test]
    fn content_types_are_read_with_their_parameters_and_in_any_case() {
        assert_eq!(Format::named("application/x-protobuf"), Some(Format::Protobuf));
        assert_eq!(Format::named("Application/JSON; charset=utf-8"), Some(Format::Json));
        assert_eq!(Format::named("text/plain"), None);
        assert_eq!(Format::named("application/jsonl"), None);
    }

    #[test]
    fn everything_taken_is_the_empty_message_in_both_encodings() {
        assert_eq!(Format::Protobuf.success_body("rejectedSpans", 0, ""), b"");
        assert_eq!(Format::Json.success_body("rejectedSpans", 0, ""), b"{}");
    }

    #[test]
    fn a_partial_success_says_how_many_and_why_in_the_message_of_each_signal() {
        let body = Format::Protobuf.success_body("", 2, "2 bad");
        let spans = ExportTraceServiceResponse::decode(&body[..]).unwrap().partial_success.unwrap();
        let logs = ExportLogsServiceResponse::decode(&body[..]).unwrap().partial_success.unwrap();
        let points = ExportMetricsServiceResponse::decode(&body[..]).unwrap().partial_success.unwrap();
        assert_eq!((spans.rejected_spans, spans.error_message.as_str()), (2, "2 bad"));
        assert_eq!((logs.rejected_log_records, logs.error_message.as_str()), (2, "2 bad"));
        assert_eq!((points.rejected_data_points, points.error_message.as_str()), (2, "2 bad"));
        assert_eq!(
            String::from_utf8(Format::Json.success_body("rejectedLogRecords", 2, "2 bad")).unwrap(),
            r#"{"partialSuccess":{"errorMessage":"2 bad","rejectedLogRecords":"2"}}"#
        );
    }

    #[test]
    fn an_error_is_a_google_rpc_status() {
        let body = Format::Protobuf.error_body(RpcCode::Unavailable, "later");
        assert_eq!(body, b"\x08\x0e\x12\x05later");
        let body = Format::Json.error_body(IngestError::TooLarge.rpc_code(), "x");
        assert_eq!(body, br#"{"code":8,"message":"x"}"#);
    }
}
