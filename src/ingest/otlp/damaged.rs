//! Logs and metrics as no honest sender writes them: whatever comes is read or refused, and nothing panics.

use std::io::Write;

use proptest::prelude::*;

use super::signal_tests::metrics_in_protobuf;
use super::*;

const LOGS: &[u8] = include_bytes!("../../../tests/fixtures/otlp/otlp-example-logs.json");
const METRICS: &[u8] = include_bytes!("../../../tests/fixtures/otlp/otlp-example-metrics.json");

/// Reads a body as both signals; how many items there were at most.
fn read(kind: Option<&str>, encoding: Option<&str>, body: &[u8]) -> usize {
    let logs =
        request::<LogRecord>(kind, encoding, body, Timestamp::EPOCH).map_or(0, |request| request.items.len());
    let points = request::<MetricPoint>(kind, encoding, body, Timestamp::EPOCH)
        .map_or(0, |request| request.items.len());
    logs.max(points)
}

/// Bodies near to real ones: cut off, and with some bytes changed.
fn mutated(body: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20);
    (0..=body.len(), changes).prop_map(move |(length, changes)| {
        let mut body = body[..length].to_vec();
        for (at, byte) in changes {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        body
    })
}

/// Any JSON, under the names that the readers know.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let names = prop::sample::select(vec![
        "resourceLogs",
        "scopeLogs",
        "logRecords",
        "resourceMetrics",
        "scopeMetrics",
        "metrics",
        "resource",
        "scope",
        "attributes",
        "key",
        "value",
        "stringValue",
        "intValue",
        "doubleValue",
        "arrayValue",
        "kvlistValue",
        "values",
        "body",
        "traceId",
        "timeUnixNano",
        "severityNumber",
        "name",
        "sum",
        "gauge",
        "histogram",
        "summary",
        "exponentialHistogram",
        "dataPoints",
        "asInt",
        "asDouble",
        "count",
        "flags",
        "isMonotonic",
        "aggregationTemporality",
        "unit",
        "eventName",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[-0-9a-fN\\\\]{0,33}".prop_map(Into::into),
    ];
    leaf.prop_recursive(12, 200, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((names.clone(), inner), 0..4).prop_map(|fields| {
                serde_json::Value::Object(
                    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_but_never_panic(body in prop::collection::vec(any::<u8>(), 0..600)) {
        for kind in [None, Some("application/json"), Some("application/x-protobuf")] {
            for encoding in [None, Some("gzip")] {
                read(kind, encoding, &body);
            }
        }
    }

    #[test]
    fn any_json_under_known_names_is_read_or_refused_but_never_panics(body in json()) {
        read(Some("application/json"), None, body.to_string().as_bytes());
    }

    #[test]
    fn json_that_was_damaged_is_read_or_refused_but_never_panics(
        logs in mutated(LOGS.to_vec()), metrics in mutated(METRICS.to_vec()),
    ) {
        read(Some("application/json"), None, &logs);
        read(Some("application/json"), None, &metrics);
    }

    #[test]
    fn protobuf_that_was_damaged_never_gives_more_points_than_were_sent(body in mutated(metrics_in_protobuf("m"))) {
        prop_assert!(read(Some("application/x-protobuf"), None, &body) <= body.len());
    }

    #[test]
    fn gzip_that_was_damaged_is_read_or_refused_but_never_panics(
        cut in 0_usize..400, at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(LOGS).unwrap();
        let mut body = encoder.finish().unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        body.truncate(body.len().saturating_sub(cut));
        read(Some("application/json"), Some("gzip"), &body);
    }
}

#[test]
fn values_nested_deeply_are_cut_and_those_nested_absurdly_refused() {
    let body = |levels: usize| {
        let open = r#"{"kvlistValue":{"values":[{"key":"k","value":"#.repeat(levels);
        let close = "}]}}".repeat(levels);
        format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{open}{{}}{close}}}]}}]}}]}}"#)
    };
    let record = |levels| {
        let body = body(levels);
        request::<LogRecord>(Some("application/json"), None, body.as_bytes(), Timestamp::EPOCH)
            .unwrap()
            .items
            .remove(0)
    };
    assert!(!serde_json::to_string(&record(20).body).unwrap().contains("too deeply"));
    assert!(serde_json::to_string(&record(5_000).body).unwrap().contains("too deeply"));
    for name in ["resourceLogs", "resourceMetrics"] {
        let lists = format!(r#"{{"{name}":{}"#, "[".repeat(1_000_000));
        assert_eq!(read(Some("application/json"), None, lists.as_bytes()), 0);
    }
}

#[test]
fn of_a_name_that_comes_twice_the_last_value_counts_and_of_a_list_all_do() {
    let body = br#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"first"}}]},
        "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"last"}}]},
        "scopeLogs":[{"logRecords":[{"severityNumber":1,"severityNumber":17}],"logRecords":[{}]}]}]}"#;
    let records = request::<LogRecord>(None, None, body, Timestamp::EPOCH).unwrap().items;
    assert_eq!((records.len(), records[0].level), (2, "error"));
    assert_eq!(records[1].resource.text("service.name"), Some("last"));
}
