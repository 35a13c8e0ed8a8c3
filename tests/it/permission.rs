//! Permission requests of agent programs, decided by a person here.

use std::sync::Arc;

use agent_inspector::Inspector;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::Host;

fn request(session: &str) -> Value {
    json!({
        "hook_event_name": "PermissionRequest", "session_id": session, "tool_name": "Bash",
        "tool_input": { "command": "rm -r build" },
    })
}

/// A program that asks, and is waited for.
fn asking(host: &Arc<Host>, path: &'static str, session: &'static str) -> JoinHandle<(StatusCode, Value)> {
    let host = Arc::clone(host);
    tokio::spawn(async move { host.post(path, &request(session)).await })
}

/// The first open wait of the session, once it is there.
async fn wait_of(host: &Host, session: &str) -> Value {
    loop {
        if let (StatusCode::OK, waits) = host.try_get(&format!("/sessions/{session}/waits")).await
            && waits["total"] != 0
        {
            return waits["waits"][0].clone();
        }
        tokio::task::yield_now().await;
    }
}

fn decision(behavior: &str) -> Value {
    json!({ "behavior": behavior })
}

#[tokio::test]
async fn what_a_person_decides_is_what_the_program_is_told() {
    let host = Arc::new(Host::in_memory());
    let program = asking(&host, "/hooks/claude-code?answer=60", "one");
    let wait = wait_of(&host, "one").await;
    assert_eq!(
        (&wait["signal_name"], &wait["prompt"]),
        (&json!("permission"), &json!(r#"Bash {"command":"rm -r build"}"#))
    );
    let answer = |payload: Value| json!({ "signal": "permission", "payload": payload });
    let wrong = host.post("/signal/one", &answer(json!({ "behavior": "perhaps" }))).await;
    assert_eq!(
        (wrong.0, &wrong.1["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/behavior"))
    );
    assert_eq!(host.post("/signal/one", &answer(decision("allow"))).await.0, StatusCode::ACCEPTED);
    let (status, told) = program.await.unwrap();
    assert_eq!((status, &told["hookSpecificOutput"]["decision"]), (StatusCode::OK, &decision("allow")));
    assert_eq!(told["hookSpecificOutput"]["hookEventName"], "PermissionRequest");

    let program = asking(&host, "/hooks/codex?answer=60", "two");
    wait_of(&host, "two").await;
    let no = json!({ "signal": "permission", "deny": { "reason": "keep the build" } });
    assert_eq!(host.post("/signal/two", &no).await.0, StatusCode::ACCEPTED);
    let told = program.await.unwrap().1["hookSpecificOutput"]["decision"].clone();
    assert_eq!(told, json!({ "behavior": "deny", "message": "keep the build" }));
    host.inspector.settle().await;
    assert_eq!(host.get("/sessions/two").await["status"], "paused", "the program has not gone on yet");
}

#[tokio::test(start_paused = true)]
async fn without_a_decision_in_time_nothing_is_decided() {
    let host = Host::in_memory();
    assert_eq!(
        host.post("/hooks/claude-code?answer=600", &request("late")).await,
        (StatusCode::OK, json!({}))
    );
    assert_eq!(
        host.post("/signal/late", &json!({ "signal": "permission", "payload": decision("allow") }))
            .await
            .0
            .as_u16()
            / 100,
        4
    );
}

#[tokio::test]
async fn only_a_request_that_wants_it_waits() {
    let host = Host::in_memory();
    let other =
        json!({ "hook_event_name": "PreToolUse", "session_id": "s", "tool_name": "Bash", "tool_input": {} });
    let no_tool = json!({ "hook_event_name": "PermissionRequest", "session_id": "s" });
    for (path, payload) in [
        ("/hooks/claude-code", request("s")),
        ("/hooks/claude-code?answer=0", request("s")),
        ("/hooks/claude-code?answer=soon", request("s")),
        ("/hooks/claude-code?answer=60", other),
        ("/hooks/claude-code?answer=60", no_tool),
        ("/hooks/codex?answer=60", json!([request("s")])),
        ("/hooks/codex?answer=60", json!("PermissionRequest")),
    ] {
        assert_eq!(host.post(path, &payload).await, (StatusCode::OK, json!({})), "{path} {payload}");
    }
    let read_only = Host::new(Inspector::builder().in_memory().read_only().build().unwrap());
    assert_eq!(read_only.post("/hooks/codex?answer=60", &request("s")).await.1, json!({}));
}

#[tokio::test]
async fn a_program_that_hangs_up_leaves_no_wait_behind_and_a_shutdown_lets_it_go() {
    let host = Arc::new(Host::in_memory());
    let program = asking(&host, "/hooks/codex?answer=60", "gone");
    let wait = wait_of(&host, "gone").await;
    program.abort();
    assert!(program.await.unwrap_err().is_cancelled());
    let late = json!({ "signal": "permission", "payload": decision("allow"), "wait_id": wait["wait_id"] });
    assert_eq!(host.post("/signal/gone", &late).await.0, StatusCode::CONFLICT);
    let program = asking(&host, "/hooks/codex?answer=60", "stopped");
    wait_of(&host, "stopped").await;
    host.inspector.shutdown().await;
    assert_eq!(program.await.unwrap().1, json!({}));
}

#[tokio::test]
async fn requests_beyond_the_bound_are_left_to_the_programs_prompt() {
    let host = Arc::new(Host::in_memory());
    let mut waiting: Vec<_> = (0..256).map(|_| asking(&host, "/hooks/codex?answer=60", "many")).collect();
    while host.try_get("/sessions/many/waits").await.1["total"] != 256 {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.post("/hooks/codex?answer=60", &request("many")).await.1, json!({}));
    waiting.drain(..).for_each(|program| program.abort());
}
