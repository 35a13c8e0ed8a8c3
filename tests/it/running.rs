//! What runs is seen while it runs, whoever tells of it.

use agent_inspector::model::SpanKind;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Host;

fn outside(id: &str, parent: &str, ended: bool, attributes: &Value) -> Value {
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "000000000000000000000000000000aa", "spanId": id, "parentSpanId": parent, "name": id,
        "startTimeUnixNano": "1750000000000000000", "endTimeUnixNano": if ended { "1750000001000000000" } else { "0" },
        "attributes": attributes,
    }]}]}]})
}

const SESSION: &str = "/sessions/trace-000000000000000000000000000000aa";

#[tokio::test]
async fn a_running_span_of_the_host_is_shown_with_its_input() {
    let dir = tempfile::tempdir().unwrap();
    for host in [Host::in_memory(), Host::in_dir(dir.path())] {
        let session = host.inspector.session("at work").start();
        let span = session.span(SpanKind::Tool, "read_file");
        span.attribute("gen_ai.tool.call.arguments", "{\"path\":\"src/lib.rs\"}");
        host.inspector.settle().await;
        let path = format!("/sessions/{}/spans/{}", session.id(), span.id().unwrap());
        let running = host.get(&path).await;
        assert_eq!((&running["end_time"], &running["abandoned"]), (&Value::Null, &Value::Null));
        assert_eq!(running["attributes"]["gen_ai.tool.call.arguments"], "{\"path\":\"src/lib.rs\"}");
        let tree = host.get(&format!("/sessions/{}/spans", session.id())).await;
        assert_eq!(
            (&tree["spans"][1]["name"], &tree["spans"][1]["end_time"]),
            (&json!("read_file"), &Value::Null)
        );
        span.attribute("gen_ai.tool.call.result", "found");
        drop(span);
        host.inspector.settle().await;
        let ended = host.get(&path).await;
        assert!(ended["end_time"].is_string() && ended["attributes"]["gen_ai.tool.call.result"] == "found");
        assert_eq!(ended["attributes"]["gen_ai.tool.call.arguments"], "{\"path\":\"src/lib.rs\"}");
    }
}

#[tokio::test]
async fn a_running_span_from_outside_is_shown_with_its_input() {
    let dir = tempfile::tempdir().unwrap();
    for host in [Host::in_memory(), Host::in_dir(dir.path())] {
        let asked = json!([{"key": "input.value", "value": {"stringValue": "what it was asked"}}]);
        let id = "00000000000000b1";
        assert_eq!(host.post("/v1/traces", &outside(id, "", false, &asked)).await.0, StatusCode::OK);
        let running = host.get(&format!("{SESSION}/spans/{id}")).await;
        assert_eq!(
            (&running["end_time"], &running["attributes"]["input.value"]),
            (&Value::Null, &json!("what it was asked"))
        );
        assert_eq!(host.get(SESSION).await["status"], "running");
        let both = json!([asked[0], {"key": "output.value", "value": {"stringValue": "what it said"}}]);
        assert_eq!(host.post("/v1/traces", &outside(id, "", true, &both)).await.0, StatusCode::OK);
        let ended = host.get(&format!("{SESSION}/spans/{id}")).await;
        assert!(ended["end_time"].is_string() && ended["attributes"]["output.value"] == "what it said");
        assert_eq!(host.get(SESSION).await["status"], "completed");
    }
}

#[tokio::test]
async fn a_parent_that_comes_late_takes_the_place_that_was_held_for_it() {
    let dir = tempfile::tempdir().unwrap();
    for host in [Host::in_memory(), Host::in_dir(dir.path())] {
        let (parent, leaf) = ("00000000000000b1", "00000000000000b2");
        host.post("/v1/traces", &outside(leaf, parent, true, &json!([]))).await;
        let rows = |tree: &Value| {
            let rows = tree["spans"].as_array().unwrap().iter();
            rows.map(|row| (row["span_id"].clone(), row["depth"].clone(), row["placeholder"] == true))
                .collect::<Vec<_>>()
        };
        let tree = host.get(&format!("{SESSION}/spans")).await;
        assert_eq!(rows(&tree), [(json!(parent), json!(0), true), (json!(leaf), json!(1), false)]);
        assert_eq!(host.get(SESSION).await["counters"]["spans"], 1, "what was not reported is not counted");
        assert_eq!(host.try_get(&format!("{SESSION}/spans/{parent}")).await.0, StatusCode::NOT_FOUND);
        host.post("/v1/traces", &outside(parent, "", true, &json!([]))).await;
        let tree = host.get(&format!("{SESSION}/spans")).await;
        assert_eq!(rows(&tree), [(json!(parent), json!(0), false), (json!(leaf), json!(1), false)]);
        assert_eq!(host.get(SESSION).await["counters"]["spans"], 2);
        assert_eq!(host.get(&format!("{SESSION}/spans/{parent}")).await["name"], parent);
    }
}

/// A worker elsewhere goes on in the host's trace, and reports a span below one that the host never told of.
#[tokio::test]
async fn a_place_is_held_in_the_hosts_own_session_too() {
    let host = Host::in_memory();
    let session = host.inspector.session("has a worker").start();
    host.inspector.settle().await;
    let path = format!("/sessions/{}/spans", session.id());
    let trace = host.get(&path).await["spans"][0]["trace_id"].clone();
    let mut worker = outside("00000000000000b2", "00000000000000b1", true, &json!([]));
    worker["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"] = trace;
    assert_eq!(host.post("/v1/traces", &worker).await.0, StatusCode::OK);
    let tree = host.get(&path).await;
    let placeholders: Vec<_> =
        tree["spans"].as_array().unwrap().iter().filter(|row| row["placeholder"] == true).collect();
    assert_eq!((placeholders.len(), &placeholders[0]["span_id"]), (1, &json!("00000000000000b1")));
    assert_eq!(
        (&tree["total"], host.get("/sessions").await["sessions"].as_array().unwrap().len()),
        (&json!(3), 1)
    );
}
