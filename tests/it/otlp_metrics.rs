//! Data points that OpenTelemetry programs send: all are taken, and what is not used is counted.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::otlp::fixture;
use crate::support::Host;

#[tokio::test]
async fn the_official_example_of_metrics_is_taken_and_counted_as_ignored() {
    let host = Host::in_memory();
    let example: Value = serde_json::from_slice(&fixture("otlp-example-metrics.json")).unwrap();
    assert_eq!(host.post("/v1/metrics", &example).await, (StatusCode::OK, json!({})));
    let counters = host.get("/health").await["counters"].clone();
    assert_eq!(
        (&counters["ingested_metric_points"], &counters["metric_points_ignored"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(host.get("/sessions").await["sessions"], json!([]), "no session is made up for them");
}

#[tokio::test]
async fn points_of_every_spelling_are_taken_and_those_without_a_value_counted() {
    let host = Host::in_memory();
    let points =
        json!([{"asInt": "3"}, {"asInt": 3}, {"asDouble": 0.5}, {"flags": 1}, {"timeUnixNano": "1"}]);
    let metrics = json!([{"name": "m", "sum": {"dataPoints": points, "aggregationTemporality": 2}}]);
    let body = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]});
    let (status, answer) = host.post("/v1/metrics", &body).await;
    assert_eq!(
        (status, answer),
        (
            StatusCode::OK,
            json!({"partialSuccess": {"rejectedDataPoints": "1", "errorMessage": "1 data point: a data point has no value"}})
        )
    );
    assert_eq!(host.get("/health").await["counters"]["ingested_metric_points"], 4);
}
