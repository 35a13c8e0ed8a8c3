use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord as LogMessage, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric as MetricMessage, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
};
use prost::Message as _;

use super::*;
use crate::otlp::Temporality;

const LOGS: &[u8] = include_bytes!("../../../tests/fixtures/otlp/otlp-example-logs.json");
const METRICS: &[u8] = include_bytes!("../../../tests/fixtures/otlp/otlp-example-metrics.json");
const ARRIVAL: Timestamp = Timestamp::from_nanos(77);

fn json<T: Signal>(body: &str) -> Delivered<T> {
    request(Some("application/json"), None, body.as_bytes(), ARRIVAL).unwrap()
}

/// A request with one record that has `fields`.
fn record(fields: &str) -> LogRecord {
    let mut delivered = json::<LogRecord>(&format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{fields}}}]}}]}}]}}"#
    ));
    assert_eq!(delivered.rejected, 0, "{}", delivered.reasons);
    delivered.items.remove(0)
}

/// What a request with these metrics delivers.
fn metrics(list: &str) -> Delivered<MetricPoint> {
    json(&format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":{list}}}]}}]}}"#))
}

#[test]
fn the_official_example_of_logs_is_taken() {
    let delivered = request::<LogRecord>(Some("application/json"), None, LOGS, ARRIVAL).unwrap();
    assert_eq!((delivered.items.len(), delivered.rejected), (1, 0));
    let record = &delivered.items[0];
    assert_eq!(record.trace_id.unwrap().to_string(), "5b8efff798038103d269b633813fc60c");
    assert_eq!(record.span_id.unwrap().to_string(), "eee19b7ec3c1b174");
    assert_eq!((record.time.to_string().as_str(), record.level), ("2018-12-13T14:51:00.300000000Z", "info"));
    assert_eq!(record.body, Some("Example log record".into()));
    assert_eq!(
        (record.resource.text("service.name"), record.scope.name.as_str()),
        (Some("my.service"), "my.library")
    );
    assert_eq!(
        serde_json::to_string(&record.attributes).unwrap(),
        r#"{"string.attribute":"some string","boolean.attribute":true,"int.attribute":10,"double.attribute":637.704,"array.attribute":["many","values"],"map.attribute":{"some.map.key":"some value"}}"#
    );
}

#[test]
fn the_official_example_of_metrics_is_taken() {
    let delivered = request::<MetricPoint>(Some("application/json"), None, METRICS, ARRIVAL).unwrap();
    assert_eq!((delivered.items.len(), delivered.rejected), (4, 0));
    let points: Vec<_> = delivered
        .items
        .iter()
        .map(|point| (point.metric.name.as_str(), point.metric.temporality, point.value, point.count))
        .collect();
    assert_eq!(
        points,
        [
            ("my.counter", Temporality::Delta, Some(5.0), None),
            ("my.gauge", Temporality::Unspecified, Some(10.0), None),
            ("my.histogram", Temporality::Delta, Some(2.0), Some(2)),
            ("my.exponential.histogram", Temporality::Delta, Some(10.0), Some(3)),
        ]
    );
    assert!(delivered.items[0].metric.monotonic && !delivered.items[2].metric.monotonic);
    assert_eq!(delivered.items[3].attributes.text("my.exponential.histogram.attr"), Some("some value"));
}

#[test]
fn what_rust_exporters_make_of_a_log_record_is_taken() {
    let sent = record(
        r#""timeUnixNano":"0","observedTimeUnixNano":"1700000000000000001","severityNumber":9,"severityText":"INFO",
           "eventName":"codex.user_prompt","body":null,"attributes":[{"key":"n","value":{"intValue":"7"}}],
           "droppedAttributesCount":0,"flags":0,"traceId":"","spanId":"""#,
    );
    assert_eq!((sent.time.as_nanos(), sent.level), (1_700_000_000_000_000_001, "info"));
    assert_eq!((sent.event_name.as_deref(), sent.body), (Some("codex.user_prompt"), None));
    assert_eq!((sent.trace_id, sent.span_id), (None, None));
}

#[test]
fn what_other_senders_make_of_the_json_is_taken() {
    let sent = record(
        r#""time_unix_nano":null,"severity_number":"SEVERITY_NUMBER_ERROR2","severityText":null,"traceId":"zz",
           "body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}}]}},"unknown":[[{}]],"attributes":null"#,
    );
    assert_eq!((sent.time, sent.level, sent.trace_id), (ARRIVAL, "error", None));
    assert_eq!(serde_json::to_string(&sent.body).unwrap(), r#"{"a":1}"#);
    for nothing in
        ["{}", r#"{"resourceLogs":null}"#, r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":null}]}]}"#, ""]
    {
        assert_eq!(json::<LogRecord>(nothing).items.len(), 0, "{nothing}");
    }
    for nothing in ["{}", r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":null}]}]}]}"#, " "] {
        assert_eq!(json::<MetricPoint>(nothing).items.len(), 0, "{nothing}");
    }
}

#[test]
fn numbers_of_points_are_read_from_either_spelling_and_fields_in_any_order() {
    let delivered = metrics(
        r#"[{"sum":{"data_points":[{"as_int":"-3"},{"asInt":4},{"asDouble":"NaN"},{"asDouble":2,"flags":0},{"asDouble":null,"flags":1}],
             "is_monotonic":true,"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE"},"unit":"By","name":"late"}]"#,
    );
    assert_eq!((delivered.items.len(), delivered.rejected), (5, 0));
    let values: Vec<_> = delivered.items.iter().map(|point| point.value).collect();
    assert_eq!(format!("{values:?}"), "[Some(-3.0), Some(4.0), Some(NaN), Some(2.0), None]");
    let metric = &delivered.items[4].metric;
    assert_eq!((metric.name.as_str(), metric.unit.as_str(), metric.monotonic), ("late", "By", true));
    assert_eq!((metric.temporality, delivered.items[0].time), (Temporality::Cumulative, ARRIVAL));
}

#[test]
fn a_point_without_a_value_is_rejected_alone_and_named_as_its_signal_asks() {
    let delivered = metrics(r#"[{"name":"m","gauge":{"dataPoints":[{},{"asInt":1}]}}]"#);
    assert_eq!((delivered.items.len(), delivered.rejected), (1, 1));
    assert_eq!(
        String::from_utf8(delivered.success_body()).unwrap(),
        r#"{"partialSuccess":{"errorMessage":"1 data point: a data point has no value","rejectedDataPoints":"1"}}"#
    );
}

fn logs_in_protobuf(log_records: Vec<LogMessage>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

pub(super) fn metrics_in_protobuf(name: &str) -> Vec<u8> {
    let number = NumberDataPoint { value: Some(Value::AsDouble(1.5)), ..NumberDataPoint::default() };
    let of = |data| MetricMessage {
        name: name.into(),
        unit: "1".into(),
        data: Some(data),
        ..MetricMessage::default()
    };
    let histogram =
        HistogramDataPoint { count: 2, bucket_counts: vec![1, 1], ..HistogramDataPoint::default() };
    let exponential = ExponentialHistogramDataPoint { count: 3, sum: Some(9.0), ..Default::default() };
    let metrics = vec![
        of(Data::Sum(Sum {
            data_points: vec![number.clone(), number.clone()],
            aggregation_temporality: 2,
            is_monotonic: true,
        })),
        of(Data::Gauge(Gauge { data_points: vec![number] })),
        of(Data::Histogram(Histogram { data_points: vec![histogram], aggregation_temporality: 1 })),
        of(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![exponential],
            aggregation_temporality: 1,
        })),
        of(Data::Summary(Summary { data_points: vec![SummaryDataPoint { sum: 4.0, ..Default::default() }] })),
    ];
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

#[test]
fn logs_and_metrics_are_read_from_protobuf_too() {
    let body = Some(AnyValue { value: Some(any_value::Value::StringValue("said".into())) });
    let bytes = logs_in_protobuf(vec![LogMessage { body, time_unix_nano: 5, ..LogMessage::default() }]);
    let delivered = request::<LogRecord>(Some("application/x-protobuf"), None, &bytes, ARRIVAL).unwrap();
    assert_eq!((delivered.items[0].time.as_nanos(), &delivered.items[0].body), (5, &Some("said".into())));

    let delivered = request::<MetricPoint>(None, None, &metrics_in_protobuf("m"), ARRIVAL).unwrap();
    let points: Vec<_> =
        delivered.items.iter().map(|point| (point.metric.temporality, point.value, point.count)).collect();
    assert_eq!(
        points,
        [
            (Temporality::Cumulative, Some(1.5), None),
            (Temporality::Cumulative, Some(1.5), None),
            (Temporality::Unspecified, Some(1.5), None),
            (Temporality::Delta, None, Some(2)),
            (Temporality::Delta, Some(9.0), Some(3)),
            (Temporality::Unspecified, Some(4.0), Some(0)),
        ]
    );
    assert!(delivered.items.iter().all(|point| point.metric.name == "m" && point.metric.unit == "1"));
    assert!(delivered.items[0].metric.monotonic);
}

#[test]
fn a_metric_whose_name_is_no_text_costs_its_own_points_only() {
    let bad: Vec<u8> =
        metrics_in_protobuf("zz").into_iter().map(|byte| if byte == b'z' { 0xff } else { byte }).collect();
    let body = [metrics_in_protobuf("m"), bad].concat();
    let delivered = request::<MetricPoint>(Some("application/x-protobuf"), None, &body, ARRIVAL).unwrap();
    assert_eq!((delivered.items.len(), delivered.rejected), (6, 6));
    assert_eq!(delivered.reasons, "6 data points: its metric cannot be decoded");
}

#[test]
fn each_signal_says_what_it_could_not_read() {
    let reason = |error| match error {
        IngestError::Malformed(reason) => reason,
        other => panic!("{other}"),
    };
    let logs = request::<LogRecord>(
        Some("application/json"),
        None,
        br#"{"resourceLogs":[{"scopeLogs":3}]}"#,
        ARRIVAL,
    );
    assert!(
        reason(logs.unwrap_err()).starts_with("the body is not an OTLP logs request in JSON: invalid type")
    );
    let metrics = request::<MetricPoint>(Some("application/x-protobuf"), None, b"\x0a\x7f", ARRIVAL);
    assert!(reason(metrics.unwrap_err()).starts_with("the body is not an OTLP metrics request: "));
}
