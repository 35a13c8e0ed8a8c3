use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord as LogMessage;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, NumberDataPoint, SummaryDataPoint};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span as SpanMessage;

use super::*;
use crate::model::{AttributeValue, Span, Timestamp};

const ARRIVAL: Timestamp = Timestamp::from_nanos(77);

fn text(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.into())) })
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.into(), value: text(value), ..KeyValue::default() }
}

fn log(message: LogMessage) -> LogRecord {
    LogRecord::mapped(message, ARRIVAL).unwrap()
}

#[test]
fn every_field_of_a_log_record_arrives() {
    let record = log(LogMessage {
        time_unix_nano: 5,
        observed_time_unix_nano: 6,
        severity_number: 17,
        body: text("it broke"),
        attributes: vec![attribute("k", "v")],
        dropped_attributes_count: 3,
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        event_name: "broken".into(),
        ..LogMessage::default()
    });
    assert_eq!(
        (record.trace_id.unwrap().as_bytes(), record.span_id.unwrap().as_bytes()),
        (&[1; 16], &[2; 8])
    );
    assert_eq!((record.time.as_nanos(), record.level), (5, "error"));
    assert_eq!((record.event_name.as_deref(), record.body), (Some("broken"), Some("it broke".into())));
    assert_eq!((record.attributes.text("k"), record.dropped_attributes), (Some("v"), 3));
}

#[test]
fn an_absent_time_is_when_the_record_was_noticed_and_otherwise_when_it_came() {
    let time = |time, observed| {
        log(LogMessage { time_unix_nano: time, observed_time_unix_nano: observed, ..LogMessage::default() })
            .time
    };
    assert_eq!(time(0, 6).as_nanos(), 6);
    assert_eq!(time(0, 0), ARRIVAL);
    assert_eq!(time(u64::MAX, 0).as_nanos(), i64::MAX);
}

#[test]
fn ids_that_are_none_leave_a_record_without_a_trace_instead_of_costing_it() {
    for bytes in [vec![], vec![0; 16], vec![1; 15], vec![1; 17]] {
        let record = log(LogMessage { trace_id: bytes.clone(), span_id: bytes, ..LogMessage::default() });
        assert_eq!((record.trace_id, record.span_id), (None, None));
    }
}

#[test]
fn a_level_comes_from_the_number_and_otherwise_from_the_word() {
    let level = |number, text: &str| {
        log(LogMessage { severity_number: number, severity_text: text.into(), ..LogMessage::default() }).level
    };
    assert_eq!(
        [1, 5, 9, 13, 17, 24].map(|n| level(n, "x")),
        ["trace", "debug", "info", "warn", "error", "error"]
    );
    assert_eq!(level(10, "ERROR"), "info", "the number counts");
    for (word, expected) in
        [("WARNING", "warn"), ("Critical", "error"), ("verbose", "trace"), ("Notice", "info"), ("", "info")]
    {
        assert_eq!(level(0, word), expected, "{word}");
    }
    assert_eq!((level(-3, "debug"), level(99, "")), ("debug", "info"));
}

#[test]
fn a_number_keeps_its_value_its_times_and_its_metric() {
    let mut mapper = Mapper::<MetricPoint>::new(ARRIVAL);
    let mark = mapper.mark();
    mapper.push(PointMessage::Number(NumberDataPoint {
        attributes: vec![attribute("type", "input")],
        start_time_unix_nano: 3,
        value: Some(Number::AsInt(-4)),
        ..NumberDataPoint::default()
    }));
    let metric = Metric { name: "tokens".into(), temporality: Temporality::Delta, ..Metric::default() };
    mapper.metric(mark, metric.clone());
    let point = mapper.finish().items.remove(0);
    assert_eq!((point.value, point.count, &*point.metric), (Some(-4.0), None, &metric));
    assert_eq!((point.start.unwrap().as_nanos(), point.time), (3, ARRIVAL));
    assert_eq!(point.attributes.text("type"), Some("input"));
}

#[test]
fn of_a_distribution_its_count_and_its_sum_are_kept() {
    let point = |message| MetricPoint::mapped(message, ARRIVAL).map(|point| (point.count, point.value));
    let histogram = HistogramDataPoint { count: 2, sum: Some(5.5), ..HistogramDataPoint::default() };
    assert_eq!(point(PointMessage::Histogram(histogram)), Ok((Some(2), Some(5.5))));
    let summary = SummaryDataPoint { count: 1, sum: 4.0, ..SummaryDataPoint::default() };
    assert_eq!(point(PointMessage::Summary(summary)), Ok((Some(1), Some(4.0))));
}

#[test]
fn a_number_without_a_value_is_rejected_unless_it_says_that_it_has_none() {
    let mut mapper = Mapper::<MetricPoint>::new(ARRIVAL);
    mapper.push(PointMessage::Number(NumberDataPoint::default()));
    mapper.push(PointMessage::Number(NumberDataPoint { flags: 1, ..NumberDataPoint::default() }));
    let mapped = mapper.finish();
    assert_eq!((mapped.items.len(), mapped.items[0].value, mapped.rejected), (1, None, 1));
    assert_eq!(mapped.reasons, "1 data point: a data point has no value");
}

#[test]
fn records_of_one_resource_and_scope_share_them() {
    let mut mapper = Mapper::<LogRecord>::new(ARRIVAL);
    let mark = mapper.mark();
    mapper.push(LogMessage::default());
    mapper.push(LogMessage { body: text("second"), ..LogMessage::default() });
    mapper.scope(mark, InstrumentationScope { name: "lib".into(), ..InstrumentationScope::default() });
    let attributes = vec![attribute("service.name", "agent"), attribute("big", &"x".repeat(40_000))];
    mapper.resource(mark, Resource { attributes, ..Resource::default() });
    let records = mapper.finish().items;
    assert_eq!(
        (records[0].scope.name.as_str(), records[0].resource.text("service.name")),
        ("lib", Some("agent"))
    );
    assert!(Arc::ptr_eq(&records[0].resource, &records[1].resource));
    assert_eq!(records[1].dropped_attributes, 1, "a resource is bounded");
    assert_eq!(records[1].body, Some(AttributeValue::from("second")));
}

#[test]
fn large_records_stay_within_the_memory_of_a_request() {
    let mut mapper = Mapper::<LogRecord>::new(ARRIVAL);
    for _ in 0..40 {
        mapper.push(LogMessage { body: text(&"x".repeat(8 << 20)), ..LogMessage::default() });
    }
    let mapped = mapper.finish();
    assert_eq!((mapped.items.len(), mapped.rejected), (31, 9));
    assert_eq!(mapped.reasons, "9 log records: the request is too large in memory; send smaller batches");
}

#[test]
fn a_request_of_very_many_empty_records_is_taken_in_part() {
    let mut mapper = Mapper::<LogRecord>::new(ARRIVAL);
    for _ in 0..MAX_LOG_RECORDS + 5 {
        mapper.push(LogMessage::default());
    }
    let mapped = mapper.finish();
    assert_eq!((mapped.items.len(), mapped.rejected), (MAX_LOG_RECORDS, 5));
    assert_eq!(mapped.reasons, "5 log records: the request has too many; send smaller batches");
}

#[test]
fn the_name_of_a_scope_on_very_many_spans_stays_within_the_memory_of_a_request() {
    let mut mapper = Mapper::<Span>::new(ARRIVAL);
    let mark = mapper.mark();
    for _ in 0..100 {
        mapper.push(SpanMessage { trace_id: vec![1; 16], span_id: vec![2; 8], ..SpanMessage::default() });
    }
    mapper.scope(mark, InstrumentationScope { name: "x".repeat(8 << 20), ..InstrumentationScope::default() });
    let mapped = mapper.finish();
    assert_eq!((mapped.items.len(), mapped.rejected), (31, 69));
    assert!(mapped.reasons.contains("send smaller batches"));
}
