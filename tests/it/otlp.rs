//! Spans that OpenTelemetry programs send, as a visitor then finds them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Host, local, read};

const ROOT: &str = "00000000000000b1";
const TRACE: &str = "249d0e49a29910886c9895950073aa9a";

fn span(id: &str, parent: Option<&str>, name: &str, attributes: &Value) -> Value {
    let attributes: Vec<Value> = attributes
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Value::Number(number) => json!({"intValue": number.to_string()}),
                other => json!({"stringValue": other}),
            };
            json!({"key": key, "value": value})
        })
        .collect();
    json!({
        "traceId": TRACE, "spanId": id, "parentSpanId": parent.unwrap_or_default(), "name": name, "kind": 1,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000", "attributes": attributes
    })
}

fn request(spans: &[Value]) -> Value {
    let service = json!([{"key": "service.name", "value": {"stringValue": "checkout"}}]);
    json!({"resourceSpans": [{"resource": {"attributes": service}, "scopeSpans": [{"spans": spans}]}]})
}

fn chat(id: &str, parent: &str, tokens: u64) -> Value {
    let attributes = json!({"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": tokens});
    span(id, Some(parent), "chat m", &attributes)
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/otlp/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What of a session must not depend on the convention it was reported in.
async fn shape(host: &Host, id: &str) -> Value {
    let session = host.get(&format!("/sessions/{id}")).await;
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let rows: Vec<Value> = tree["spans"]
        .as_array()
        .unwrap()
        .iter()
        // The root is what the convention calls it: an agent in two, a workflow in the third.
        .skip(1)
        .map(|row| {
            json!([
                row["depth"],
                row["kind"],
                row["model"],
                row["provider"],
                row["tool"],
                row["usage"],
                row["start_time"]
            ])
        })
        .collect();
    json!([session["status"], session["counters"], rows])
}

#[tokio::test]
async fn one_run_in_three_conventions_looks_the_same() {
    let host = Host::in_memory();
    let mut shapes = Vec::new();
    for convention in ["genai", "openinference", "traceloop"] {
        let body: Value =
            serde_json::from_slice(&fixture(&format!("marshmallow-1867.{convention}.json"))).unwrap();
        assert_eq!(host.post("/v1/traces", &body).await, (StatusCode::OK, json!({})));
        shapes.push(shape(&host, &format!("swe-marshmallow-1867-{convention}")).await);
    }
    assert_eq!(shapes[0][1]["llm_calls"], 11);
    assert!(shapes[0] == shapes[1] && shapes[0] == shapes[2], "they differ: {shapes:#?}");
}

#[tokio::test]
async fn a_gzip_protobuf_client_is_understood_and_its_tokens_are_counted_once() {
    let host = Host::in_memory();
    let recorded: Value = serde_json::from_slice(&fixture("pydantic_ai_genai_gzip.jsonl")).unwrap();
    let body = from_base64(recorded["body_b64"].as_str().unwrap());
    let sent = Request::post("/_inspector/v1/traces")
        .header("content-type", "application/x-protobuf")
        .header("content-encoding", "gzip");
    let answer = host.send(local(sent, Body::from(body))).await;
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"application/x-protobuf".parse().unwrap())
    );
    let sessions = host.get("/sessions").await;
    let sum = |key: &str| -> u64 {
        sessions["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["counters"][key].as_u64().unwrap())
            .sum()
    };
    assert_eq!((sum("llm_calls"), sum("input_tokens"), sum("output_tokens")), (4, 216, 38));
    let failed = host.get("/sessions?status=failed").await;
    assert_eq!(
        (&failed["sessions"][0]["title"], &failed["sessions"][0]["error"]),
        (&json!("bad_agent"), &json!("RuntimeError: boom"))
    );
}

#[tokio::test]
async fn leaves_that_come_before_the_root_that_names_the_session_move_into_it() {
    let host = Host::in_memory();
    host.post("/v1/traces", &request(&[chat("00000000000000a1", ROOT, 10)])).await;
    let provisional = format!("trace-{TRACE}");
    assert_eq!(host.get(&format!("/sessions/{provisional}")).await["status"], "running");
    let tree = host.get(&format!("/sessions/{provisional}/spans")).await;
    assert_eq!(
        (&tree["spans"][0]["placeholder"], &tree["spans"][1]["name"]),
        (&json!(true), &json!("chat m"))
    );

    let root = span(
        ROOT,
        None,
        "invoke_agent planner",
        &json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "c-1"}),
    );
    host.post("/v1/traces", &request(&[root])).await;
    let sessions = host.get("/sessions").await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    let session = host.get("/sessions/c-1").await;
    assert_eq!(
        (&session["status"], &session["counters"]["spans"], &session["counters"]["input_tokens"]),
        (&json!("completed"), &json!(2), &json!(10))
    );
    assert_eq!(host.try_get(&format!("/sessions/{provisional}")).await.0, StatusCode::NOT_FOUND);
    let tree = host.get("/sessions/c-1/spans").await;
    assert!(tree["spans"][0].get("placeholder").is_none() && tree["spans"][1]["depth"] == 1, "{tree}");
}

#[tokio::test]
async fn a_batch_that_is_sent_again_counts_once() {
    let host = Host::in_memory();
    let batch = request(&[span(ROOT, None, "root", &json!({})), chat("00000000000000a1", ROOT, 10)]);
    for _ in 0..3 {
        assert_eq!(host.post("/v1/traces", &batch).await.0, StatusCode::OK);
    }
    let session = host.get(&format!("/sessions/trace-{TRACE}")).await;
    assert_eq!(
        (&session["counters"]["spans"], &session["counters"]["input_tokens"]),
        (&json!(2), &json!(10))
    );
}

#[tokio::test]
async fn a_span_that_is_sent_at_its_start_and_again_at_its_end_is_one_span() {
    let host = Host::in_memory();
    let mut start = span(ROOT, None, "root", &json!({}));
    start["endTimeUnixNano"] = json!("0");
    host.post("/v1/traces", &request(&[start])).await;
    let id = format!("trace-{TRACE}");
    assert_eq!(host.get(&format!("/sessions/{id}")).await["status"], "running");
    host.post("/v1/traces", &request(&[span(ROOT, None, "root", &json!({}))])).await;
    let session = host.get(&format!("/sessions/{id}")).await;
    assert_eq!((&session["status"], &session["counters"]["spans"]), (&json!("completed"), &json!(1)));
}

#[tokio::test]
async fn two_traces_of_one_conversation_are_one_session() {
    let host = Host::in_memory();
    let root = |trace: &str| {
        let mut root = span(
            ROOT,
            None,
            "turn",
            &json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "c 2/ü"}),
        );
        root["traceId"] = json!(trace);
        root
    };
    host.post("/v1/traces", &request(&[root(TRACE)])).await;
    host.post("/v1/traces", &request(&[root("ffffffffffffffffffffffffffffffff")])).await;
    let sessions = host.get("/sessions").await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    let session = &sessions["sessions"][0];
    assert_eq!((&session["external_id"], &session["counters"]["spans"]), (&json!("c 2/ü"), &json!(2)));
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_whole_and_the_next_good_request_works() {
    let host = Host::in_memory();
    for (kind, encoding, body) in [
        ("application/json", "identity", &b"{\"resourceSpans\": 5}"[..]),
        ("application/json", "identity", b"{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": ["),
        ("application/json", "gzip", b"not gzip"),
        ("application/x-protobuf", "identity", b"\xff\xff\xff\xff"),
    ] {
        let sent = Request::post("/_inspector/v1/traces")
            .header("content-type", kind)
            .header("content-encoding", encoding);
        let answer = host.send(local(sent, Body::from(body))).await;
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::BAD_REQUEST, &kind.parse().unwrap())
        );
        let (_, reason) = read(answer).await;
        assert!(!reason.to_string().trim_matches('"').is_empty(), "a reason is given");
    }
    assert_eq!(host.get("/sessions").await["sessions"], json!([]));
    let zero = json!({"traceId": "00000000000000000000000000000000", "spanId": ROOT, "name": "zero"});
    let (status, answer) =
        host.post("/v1/traces", &request(&[zero, span(ROOT, None, "good", &json!({}))])).await;
    assert_eq!((status, &answer["partialSuccess"]["rejectedSpans"]), (StatusCode::OK, &json!("1")));
    assert_eq!(host.get("/sessions").await["sessions"][0]["title"], "good");
}

/// Standard base64 with padding.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no base64"),
    };
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().fold(0, |bits, byte| bits << 6 | value(*byte)) << (6 * (4 - group.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
