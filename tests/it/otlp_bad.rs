//! Requests to the OTLP endpoints that are no good: each is refused with a reason in the sender's encoding, and the next
//! good one works.

use std::io::Write;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Host, local, read};

const ENDPOINTS: [&str; 3] = ["/v1/traces", "/v1/logs", "/v1/metrics"];
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

fn sent(path: &str, kind: &str, coding: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(format!("/_inspector{path}"));
    local(request.header("content-type", kind).header("content-encoding", coding), body.into())
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// The lists of an endpoint, from the outermost to the one of its items.
fn lists(path: &str) -> [&'static str; 3] {
    match path {
        "/v1/traces" => ["resourceSpans", "scopeSpans", "spans"],
        "/v1/logs" => ["resourceLogs", "scopeLogs", "logRecords"],
        _ => ["resourceMetrics", "scopeMetrics", "metrics"],
    }
}

/// A request with this item.
fn with_item(path: &str, item: &Value) -> Value {
    let [resources, scopes, items] = lists(path);
    json!({resources: [{scopes: [{items: [item]}]}]})
}

fn good(path: &str) -> Value {
    with_item(
        path,
        &match path {
            "/v1/traces" => {
                json!({"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "good"})
            }
            "/v1/logs" => json!({"body": {"stringValue": "good"}}),
            _ => json!({"name": "good", "gauge": {"dataPoints": [{"asInt": "1"}]}}),
        },
    )
}

async fn works(host: &Host, path: &str) {
    assert_eq!(
        host.post(path, &good(path)).await,
        (StatusCode::OK, json!({})),
        "the next good one, to {path}"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_reason_and_the_next_good_request_works() {
    let host = Host::in_memory();
    for path in ENDPOINTS {
        let [outer, scopes, items] = lists(path);
        let whole = good(path).to_string();
        let cut = whole.as_bytes()[..whole.len() - 5].to_vec();
        let nested = format!(r#"{{"{outer}":{}"#, "[".repeat(100_000));
        for (kind, coding, body) in [
            (JSON, "identity", cut.clone()),
            (JSON, "identity", format!(r#"{{"{outer}":5}}"#).into_bytes()),
            (JSON, "identity", format!(r#"{{"{outer}":[{{"{scopes}":[{{"{items}":"x"}}]}}]}}"#).into_bytes()),
            (JSON, "identity", b"[1]".to_vec()),
            (JSON, "identity", b"{} trailing".to_vec()),
            (JSON, "identity", b"{\"\xff\xfe\":1}".to_vec()),
            (JSON, "identity", nested.into_bytes()),
            (JSON, "gzip", whole.clone().into_bytes()),
            (JSON, "gzip", gzip(whole.as_bytes())[..20].to_vec()),
            (JSON, "gzip", gzip(&cut)),
            (PROTOBUF, "identity", whole.clone().into_bytes()),
            (PROTOBUF, "identity", b"\x0a\x7f\x01".to_vec()),
            (PROTOBUF, "identity", vec![0xff; 64]),
        ] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let answer = host.send(sent(path, kind, coding, body)).await;
            assert_eq!(
                (answer.status(), &answer.headers()["content-type"]),
                (StatusCode::BAD_REQUEST, &kind.parse().unwrap()),
                "{path} {kind} {coding} {shown}"
            );
            let reason = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(
                String::from_utf8_lossy(&reason).contains("the body"),
                "{path} {kind} {coding} {shown}: {reason:?}"
            );
        }
        works(&host, path).await;
    }
}

#[tokio::test]
async fn another_type_another_coding_and_too_large_a_body_are_told_apart() {
    let host = Host::in_memory();
    // 64 MiB and a byte of nothing, in 64 KiB.
    let bomb = gzip(&vec![b' '; (64 << 20) + 1]);
    assert!(bomb.len() < 1 << 20);
    for path in ENDPOINTS {
        let status = async |request| read(host.send(request).await).await;
        let (unknown, answer) = status(sent(path, "text/plain", "identity", "x")).await;
        assert_eq!((unknown, &answer["code"]), (StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!(3)));
        assert_eq!(status(sent(path, JSON, "br", "x")).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let (large, answer) = status(sent(path, JSON, "gzip", bomb.clone())).await;
        assert_eq!((large, &answer["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!(8)));
        assert_eq!(host.try_get(path).await.0, StatusCode::METHOD_NOT_ALLOWED);
        works(&host, path).await;
    }
}

#[tokio::test]
async fn odd_values_are_clamped_and_what_cannot_be_taken_is_counted() {
    let host = Host::in_memory();
    let point =
        |point: Value| json!({"name": "m", "sum": {"dataPoints": [point], "aggregationTemporality": 99}});
    let ids = |trace: &str, span: &str| json!({"traceId": trace, "spanId": span, "startTimeUnixNano": "18446744073709551615"});
    for (path, item, rejected) in [
        ("/v1/traces", ids("00000000000000000000000000000000", "eee19b7ec3c1b174"), Some("rejectedSpans")),
        ("/v1/traces", ids("5b8efff798038103d269b633813fc60c", "0000000000000000"), Some("rejectedSpans")),
        ("/v1/traces", ids("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"), None),
        ("/v1/logs", ids("00000000000000000000000000000000", "zz"), None),
        ("/v1/logs", json!({"timeUnixNano": -5, "severityNumber": -1, "observedTimeUnixNano": 1e300}), None),
        (
            "/v1/logs",
            json!({"attributes": [{"key": "k", "value": {"intValue": "1"}}, {"key": "k"}, {"key": ""}]}),
            None,
        ),
        ("/v1/metrics", point(json!({"timeUnixNano": -1, "asDouble": "Infinity"})), None),
        ("/v1/metrics", point(json!({"asInt": 1e300})), None),
        ("/v1/metrics", point(json!({"attributes": [{}]})), Some("rejectedDataPoints")),
    ] {
        let (status, answer) = host.post(path, &with_item(path, &item)).await;
        let count = rejected.map_or(&Value::Null, |field| &answer["partialSuccess"][field]);
        let expected = rejected.map_or(Value::Null, |_| json!("1"));
        assert_eq!((status, count), (StatusCode::OK, &expected), "{path} {item}: {answer}");
        assert!(rejected.is_some() || answer == json!({}), "{answer}");
        works(&host, path).await;
    }
}

#[tokio::test]
async fn a_body_in_chunks_without_a_length_or_a_type_is_taken() {
    let host = Host::in_memory();
    for path in ENDPOINTS {
        let text = good(path).to_string();
        let chunks: Vec<_> = text
            .as_bytes()
            .chunks(7)
            .map(|chunk| Ok::<_, std::convert::Infallible>(chunk.to_vec()))
            .collect();
        let request = Request::post(format!("/_inspector{path}"));
        let (status, answer) =
            read(host.send(local(request, Body::from_stream(tokio_stream::iter(chunks)))).await).await;
        assert_eq!((status, answer), (StatusCode::OK, json!({})), "{path}");
        let (status, answer) = read(host.send(sent(path, PROTOBUF, "gzip", gzip(b""))).await).await;
        assert_eq!((status, answer), (StatusCode::OK, json!("")), "an empty request to {path}");
    }
}
