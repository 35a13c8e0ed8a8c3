//! Events that any program posts.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Host, local, read};

async fn post(host: &Host, events: &Value) {
    let count = events.as_array().map_or(1, Vec::len);
    assert_eq!(host.post("/events", events).await, (StatusCode::OK, json!({"accepted": count})));
    host.inspector.settle().await;
}

async fn rows(host: &Host, session: &str) -> Vec<String> {
    let tree = host.get(&format!("/sessions/{session}/spans")).await;
    let row = |row: &Value| {
        let indent = "  ".repeat(usize::try_from(row["depth"].as_u64().unwrap()).unwrap());
        let failed = if row["status"] == "error" { " failed" } else { "" };
        let open = if row.get("end_time").is_none() { " open" } else { "" };
        format!("{indent}{} {}{failed}{open}", row["kind"].as_str().unwrap(), row["name"].as_str().unwrap())
    };
    tree["spans"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn a_task_queue_s_own_events_open_and_close_a_session_with_its_agents() {
    let host = Host::in_memory();
    post(
        &host,
        &json!([
            {"event_type": "task_queued", "timestamp": 1_729_012_418.123,
             "payload": {"task_id": "t_001", "feature": "user_authentication", "est_cost": 0.35}},
            {"event_type": "agent_started", "timestamp": 1_729_012_419.234,
             "payload": {"agent": "scribe", "task_id": "t_001", "model": "claude-sonnet-4.5", "tools": ["read", "write"]}},
        ]),
    )
    .await;
    let session = host.get("/sessions/t_001").await;
    assert_eq!(
        (&session["status"], &session["title"], &session["started_at"], &session["engine"]),
        (
            &json!("running"),
            &json!("user_authentication"),
            &json!("2024-10-15T17:13:38.123000000Z"),
            &json!("events")
        )
    );
    assert_eq!(rows(&host, "t_001").await, ["agent scribe open"]);
    post(
        &host,
        &json!([
            {"event_type": "agent_completed", "timestamp": 1_729_012_421.567,
             "payload": {"agent": "scribe", "task_id": "t_001", "status": "success", "duration_ms": 2333, "cost_usd": 0.12}},
            {"event_type": "validation_complete", "timestamp": 1_729_012_423,
             "payload": {"task_id": "t_001", "result": "failed", "duration_ms": 900, "screenshots": 2}},
            {"event_type": "hitl_escalated", "timestamp": 1_729_012_424,
             "payload": {"task_id": "t_001", "attempts": 2, "last_error": "the button is gone", "priority": "high"}},
        ]),
    )
    .await;
    let paused = host.get("/sessions/t_001").await;
    assert_eq!(paused["status"], "paused");
    assert_eq!(
        (&paused["waiting_on"]["signal_name"], &paused["waiting_on"]["prompt"]),
        (&json!("human_input"), &json!("the button is gone"))
    );
    assert!((paused["counters"]["cost_usd"].as_f64().unwrap() - 0.12).abs() < 1e-9);
    post(
        &host,
        &json!([
            {"event_type": "agent_started", "timestamp": 1_729_012_430, "payload": {"agent": "medic", "task_id": "t_001"}},
            {"event_type": "budget_warning", "timestamp": 1_729_012_431, "payload": {"task_id": "t_001", "spent": 0.3}},
            {"event_type": "agent_completed", "timestamp": 1_729_012_432, "payload": {"agent": "medic", "task_id": "t_001", "status": "approved"}},
        ]),
    )
    .await;
    let ended = host.get("/sessions/t_001").await;
    assert_eq!(
        (&ended["status"], &ended["title"]),
        (&json!("completed"), &json!("user_authentication")),
        "{ended:#}"
    );
    let rows = rows(&host, "t_001").await;
    for row in ["agent scribe", "other validation failed", "human human_input", "agent medic"] {
        assert!(rows.iter().any(|known| known == row), "{row} in {rows:#?}");
    }
    let events = host.get("/sessions/t_001/events").await;
    let custom = events["events"].as_array().unwrap().iter().filter(|event| event["type"] == "Custom");
    let names: Vec<_> = custom.map(|event| event["name"].as_str().unwrap()).collect();
    for name in [
        "task_queued",
        "agent_started",
        "agent_completed",
        "validation_complete",
        "hitl_escalated",
        "budget_warning",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[tokio::test]
async fn spans_of_a_program_s_own_nest_and_end_under_the_ids_it_gives_them() {
    let host = Host::in_memory();
    let usage = json!({"input_tokens": 10, "output_tokens": 3});
    post(
        &host,
        &json!([
            {"type": "session_started", "session_id": "s", "title": "Nightly report"},
            {"type": "span_started", "session_id": "s", "span_id": 1, "name": "plan", "kind": "workflow"},
            {"type": "span_started", "session_id": "s", "span_id": 2, "parent_span_id": 1, "name": "ask", "kind": "llm", "model": "m"},
            {"type": "span_finished", "session_id": "s", "span_id": 2, "name": "ask", "kind": "llm", "usage": usage},
            {"type": "span_finished", "session_id": "s", "span_id": 3, "parent_span_id": 1, "name": "grep", "kind": "tool",
             "input": {"pattern": "x"}, "error": "no such file", "duration_ms": 5},
            {"type": "progress", "session_id": "s", "percent": 40, "message": "halfway, nearly"},
            {"type": "log", "session_id": "s", "level": "WARN", "message": "slow", "took_ms": 900},
        ]),
    )
    .await;
    assert_eq!(rows(&host, "s").await, ["workflow plan open", "  tool grep failed", "  llm ask"]);
    let session = host.get("/sessions/s").await;
    assert_eq!((&session["status"], &session["counters"]["input_tokens"]), (&json!("running"), &json!(10)));
    post(&host, &json!({"type": "session_finished", "session_id": "s", "status": "cancelled"})).await;
    let session = host.get("/sessions/s").await;
    assert_eq!(session["status"], "cancelled");
    assert_eq!(rows(&host, "s").await[0], "workflow plan", "nobody will say how it ended");
    post(&host, &json!({"type": "span_started", "session_id": "s", "name": "again"})).await;
    assert_eq!(host.get("/sessions/s").await["status"], "running", "it goes on in the same session");
    let events = host.get("/sessions/s/events").await;
    let log = events["events"].as_array().unwrap().iter().find(|event| event["type"] == "Log").unwrap();
    assert_eq!((&log["level"], &log["attributes"]["took_ms"]), (&json!("warn"), &json!("900")));
}

#[tokio::test]
async fn an_event_with_an_id_that_is_sent_again_is_stored_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let events = json!([
        {"type": "agent_started", "session_id": "s", "id": 1, "agent": "planner"},
        {"type": "agent_completed", "session_id": "s", "id": 2, "agent": "planner", "cost_usd": 0.1},
        {"type": "span_finished", "session_id": "s", "id": "c", "name": "grep", "kind": "tool"},
        {"type": "progress", "session_id": "s", "event_id": "d", "percent": 40},
        {"type": "budget_warning", "session_id": "s", "id": "e"},
        // The same id is another event's in another session, and of another type.
        {"type": "budget_warning", "session_id": "other", "id": "e"},
        {"type": "budget_exceeded", "session_id": "s", "id": "e"},
        // What it is about has an id, the event has none.
        {"type": "noted", "session_id": "s", "payload": {"id": 7}},
    ]);
    let mut host = Host::in_dir(dir.path());
    post(&host, &events).await;
    let found = async |host: &Host| {
        let session = host.get("/sessions/s").await;
        let mut told = Vec::new();
        for event in host.get("/sessions/s/events").await["events"].as_array().unwrap() {
            if !["SpanStarted", "SpanFinished", "SessionUpdated"].contains(&event["type"].as_str().unwrap()) {
                told.push(event["name"].as_str().or(event["type"].as_str()).unwrap().to_owned());
            }
        }
        told.sort();
        (session["counters"].clone(), rows(host, "s").await, told)
    };
    let (counters, tree, mut told) = found(&host).await;
    for restart in [false, true] {
        if restart {
            host.inspector.shutdown().await;
            host = Host::in_dir(dir.path());
        }
        post(&host, &events).await;
        told.push("noted".into());
        told.sort();
        assert_eq!(found(&host).await, (counters.clone(), tree.clone(), told.clone()), "restart: {restart}");
    }
    assert_eq!(counters["tool_calls"], 1);
    host.inspector.shutdown().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_taken_says_which_and_why_and_takes_none_of_the_others_along() {
    let host = Host::in_memory();
    for (events, number, why) in [
        (json!([{"type": "x"}, 7]), 1, "JSON object"),
        (json!({"session_id": "s"}), 0, "`type`"),
        (json!({"type": "  ", "session_id": "s"}), 0, "`type`"),
        (json!({"type": "agent_started"}), 0, "needs `session_id`"),
        (json!({"type": "x", "session_id": []}), 0, "`session_id`"),
        (json!({"type": "x", "session_id": "s", "id": {}}), 0, "`id`"),
        (json!({"type": "x", "timestamp": "yesterday"}), 0, "`timestamp`"),
        (json!({"type": "x", "timestamp": -5}), 0, "`timestamp`"),
    ] {
        let (status, problem) = host.post("/events", &events).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid_event")));
        assert_eq!(problem["errors"][0]["pointer"], format!("/{number}"));
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    }
    for body in ["", "{", "nonsense", "{\"type\": \"x\"} trailing"] {
        let request = local(Request::post("/_inspector/events"), Body::from(body));
        let (status, problem) = read(host.send(request).await).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_body")), "{body}");
    }
    let many = Value::Array(vec![json!({"type": "x"}); 10_001]);
    assert_eq!(host.post("/events", &many).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(host.get("/sessions").await["sessions"], json!([]));
    post(&host, &json!({"type": "anything", "of": "nobody"})).await;
}

#[tokio::test]
async fn a_secret_in_an_event_reaches_no_reader() {
    let host = Host::in_memory();
    let secret = format!("sk-ant-api03-{}", "A".repeat(40));
    post(
        &host,
        &json!([
            {"type": "session_started", "session_id": "s", "title": format!("with {secret}")},
            {"type": "hitl_escalated", "session_id": "s", "question": format!("use {secret}?")},
            {"type": "anything", "session_id": "s", "key": secret},
        ]),
    )
    .await;
    for path in ["/sessions/s", "/sessions/s/events", "/sessions/s/spans", "/sessions"] {
        assert!(!host.get(path).await.to_string().contains("AAAAAAAAAAAA"), "{path}");
    }
}
