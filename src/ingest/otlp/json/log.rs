//! The message of a log record.

use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::message::{AttributeList, message};
use super::scalar::{Count, Id, Nanos, Severity, Text};
use super::value::Body;

message! {
    /// A log record.
    LogFields => LogRecord, "a log record", |record| {
        "timeUnixNano" | "time_unix_nano" => Nanos, |nanos| record.time_unix_nano = nanos;
        "observedTimeUnixNano" | "observed_time_unix_nano" => Nanos, |nanos| record.observed_time_unix_nano = nanos;
        "severityNumber" | "severity_number" => Severity, |number| record.severity_number = number;
        "severityText" | "severity_text" => Text, |text| record.severity_text = text;
        "body" => Body, |body| record.body = body;
        "attributes" => AttributeList, |(list, more)| {
            record.attributes = list;
            record.dropped_attributes_count = record.dropped_attributes_count.saturating_add(more);
        };
        "droppedAttributesCount" | "dropped_attributes_count" => Count, |count| {
            record.dropped_attributes_count = record.dropped_attributes_count.saturating_add(count);
        };
        "traceId" | "trace_id" => Id, |id| record.trace_id = id;
        "spanId" | "span_id" => Id, |id| record.span_id = id;
        "eventName" | "event_name" => Text, |text| record.event_name = text;
    }
}
