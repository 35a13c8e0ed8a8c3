//! Log records that OpenTelemetry programs send, as a visitor then finds them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::otlp::{fixture, from_base64};
use crate::support::{Host, local, read};

const TRACE: &str = "249d0e49a29910886c9895950073aa9a";

/// A request with these records of a program.
pub(crate) fn request(resource: &Value, records: &Value) -> Value {
    json!({"resourceLogs": [{
        "resource": {"attributes": resource},
        "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": records}],
    }]})
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn spans(attributes: &Value) -> Value {
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": TRACE, "spanId": "00000000000000b1", "name": "root", "attributes": attributes,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000",
    }]}]}]})
}

/// The log events of a session, each as level, message and session.
async fn logs(host: &Host, session: &str) -> Vec<Value> {
    let page = host.get(&format!("/sessions/{session}/events")).await;
    let events = page["events"].as_array().unwrap().iter();
    events.filter(|event| event["type"] == "Log").cloned().collect()
}

/// The requests that a real client sent to `path`.
fn recorded(path: &str) -> Vec<Request<Body>> {
    let lines = String::from_utf8(fixture("claude_code_default.jsonl")).unwrap();
    let sent = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    sent.filter(|sent| sent["path"] == path)
        .map(|sent| {
            let request = Request::post(format!("/_inspector{path}"))
                .header("content-type", sent["headers"]["Content-Type"].as_str().unwrap());
            local(request, Body::from(from_base64(sent["body_b64"].as_str().unwrap())))
        })
        .collect()
}

#[tokio::test]
async fn a_log_record_is_an_event_of_the_session_of_its_trace() {
    let host = Host::in_memory();
    host.post("/v1/traces", &spans(&json!([text("session.id", "s1")]))).await;
    let records = json!([{
        "timeUnixNano": "1720000000500000000", "severityNumber": 13, "body": {"stringValue": "careful"},
        "traceId": TRACE.to_uppercase(), "spanId": "00000000000000b1",
        "attributes": [text("k", "v"), text("session.id", "of a sub-agent")],
    }]);
    let answer = host.post("/v1/logs", &request(&json!([text("service.name", "shop")]), &records)).await;
    assert_eq!(answer, (StatusCode::OK, json!({})));
    let logs = logs(&host, "s1").await;
    assert_eq!(logs.len(), 1, "{logs:#?}");
    assert_eq!(
        (&logs[0]["level"], &logs[0]["message"], &logs[0]["span_id"], &logs[0]["timestamp"]),
        (
            &json!("warn"),
            &json!("careful"),
            &json!("00000000000000b1"),
            &json!("2024-07-03T09:46:40.500000000Z")
        )
    );
    assert_eq!(
        (&logs[0]["attributes"]["k"], &logs[0]["attributes"]["service.name"]),
        (&json!("v"), &json!("shop"))
    );
}

#[tokio::test]
async fn a_log_record_without_a_trace_belongs_to_the_session_it_names_and_otherwise_to_nobody() {
    let host = Host::in_memory();
    host.post("/v1/traces", &spans(&json!([text("gen_ai.conversation.id", "c1")]))).await;
    let records = json!([
        {"body": {"stringValue": "named"}, "attributes": [text("gen_ai.conversation.id", "c1")]},
        {"body": null, "traceId": "", "spanId": "", "timeUnixNano": "0", "eventName": "nobody's"},
        {"body": {"stringValue": "early"}, "traceId": "ffffffffffffffffffffffffffffffff", "attributes": [text("session.id", "c1")]},
    ]);
    assert_eq!(host.post("/v1/logs", &request(&json!([]), &records)).await.0, StatusCode::OK);
    let named: Vec<_> = logs(&host, "c1").await.into_iter().map(|event| event["message"].clone()).collect();
    assert_eq!(named, ["named", "early"]);
    let found = host.get("/search?q=nobody").await;
    assert!(found.to_string().contains("nobody's"), "it is in the stream and can be found: {found}");
}

#[tokio::test]
async fn a_log_record_that_comes_before_its_trace_is_found_in_the_session_once_that_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let on_disk = || Host::in_dir(dir.path());
    let mut host = Host::in_memory();
    let child = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": TRACE, "spanId": "00000000000000b2", "parentSpanId": "00000000000000b1", "name": "child",
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000",
    }]}]}]});
    for with_disk in [false, true] {
        let said = |text: &str, trace: &str| json!([{"traceId": trace, "body": {"stringValue": text}}]);
        host = if with_disk { on_disk() } else { host };
        for (text, trace) in [("too early", TRACE), ("another's", "ffffffffffffffffffffffffffffffff")] {
            let records = said(&format!("{text}, \"trace_id\":\"{TRACE}\""), trace);
            assert_eq!(host.post("/v1/logs", &request(&json!([]), &records)).await.0, StatusCode::OK);
        }
        let sessions = host.get("/sessions").await;
        assert_eq!(sessions["sessions"], json!([]), "a record alone makes no session");
        // A part of the trace that names no session, and a record of it, before the part that does.
        host.post("/v1/traces", &child).await;
        host.post("/v1/logs", &request(&json!([]), &said("of a nameless one", TRACE))).await;
        let provisional = logs(&host, &format!("trace-{TRACE}")).await;
        assert_eq!(provisional.len(), 2);
        host.post("/v1/traces", &spans(&json!([text("session.id", "s1")]))).await;
        if with_disk {
            host.inspector.shutdown().await;
            host = on_disk();
        }
        let found = logs(&host, "s1").await;
        let messages: Vec<_> = found.iter().map(|event| event["message"].as_str().unwrap()).collect();
        assert_eq!(messages.len(), 2, "{found:#?}");
        assert!(messages[0].starts_with("too early") && messages[1] == "of a nameless one");
        let events = host.get("/sessions/s1/events").await;
        let of_others = events["events"].as_array().unwrap().iter().filter(|event| {
            event["type"].as_str().unwrap().starts_with("Session") && event["session_id"] != "s1"
        });
        assert_eq!(of_others.count(), 0);
        host.inspector.shutdown().await;
    }
}

#[tokio::test]
async fn a_log_record_keeps_no_secret_and_stays_small() {
    let host = Host::in_memory();
    host.post("/v1/traces", &spans(&json!([text("session.id", "s1")]))).await;
    let key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH";
    let huge: Vec<Value> = (0..100).map(|n| text(&format!("a{n}"), &"x".repeat(100_000))).collect();
    let records = json!([
        {"traceId": TRACE, "body": {"kvlistValue": {"values": [text("password", "hunter2"), text("note", key)]}}},
        {"traceId": TRACE, "body": {"stringValue": "long ".repeat(1_000_000)}, "attributes": huge},
    ]);
    assert_eq!(host.post("/v1/logs", &request(&json!([]), &records)).await.0, StatusCode::OK);
    let page = host.get("/sessions/s1/events").await.to_string();
    assert!(!page.contains("hunter2") && !page.contains("sk-proj"), "{page}");
    assert!(page.len() < 100_000, "{} bytes", page.len());
    assert!(page.contains("[redacted]") && page.contains("inspector.dropped_attributes"));
}

#[tokio::test]
async fn the_official_example_of_logs_is_stored() {
    let host = Host::in_memory();
    let example: Value = serde_json::from_slice(&fixture("otlp-example-logs.json")).unwrap();
    assert_eq!(host.post("/v1/logs", &example).await, (StatusCode::OK, json!({})));
    assert_eq!(host.get("/health").await["counters"]["ingested_log_records"], 1);
}

#[tokio::test]
async fn what_claude_code_sends_as_logs_and_metrics_is_taken() {
    let host = Host::in_memory();
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
        for sent in recorded(path) {
            let (status, body) = read(host.send(sent).await).await;
            assert_eq!((status, body), (StatusCode::OK, json!("")), "{path}: everything is taken");
        }
    }
    let counters = host.get("/health").await["counters"].clone();
    assert!(counters["ingested_log_records"].as_u64().unwrap() > 50, "{counters}");
    assert!(counters["ingested_metric_points"].as_u64().unwrap() >= 5, "{counters}");
    let logs = logs(&host, "acd29611-5f30-4b45-b22a-212b968a9834").await;
    let of =
        |name: &str| logs.iter().filter(|log| log["attributes"]["event.name"] == name).collect::<Vec<_>>();
    assert!(
        !of("hook_registered").is_empty() && of("hook_registered").iter().all(|log| log["level"] == "trace")
    );
    assert!(
        of("user_prompt").is_empty() && of("api_request").is_empty(),
        "what tells of calls is in the spans"
    );
}
