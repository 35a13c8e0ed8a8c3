//! The list of sessions: who started whom, how many there are, how busy they were.

use agent_inspector::Inspector;
use agent_inspector::model::{SessionId, SpanKind};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Host;

/// The same host with history on disk and in memory.
fn hosts() -> Vec<(Host, Option<tempfile::TempDir>)> {
    let dir = tempfile::tempdir().unwrap();
    vec![(Host::in_dir(dir.path()), Some(dir)), (Host::in_memory(), None)]
}

fn titles(list: &Value) -> Vec<&str> {
    list["sessions"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

/// How many spans began in a session, as its buckets say.
fn begun(session: &Value) -> u64 {
    session["activity"]["counts"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum()
}

#[tokio::test]
async fn the_sessions_that_one_started_are_listed_page_by_page() {
    for (host, _dir) in hosts() {
        let root = host.inspector.session("root").start();
        let children: Vec<_> = (0..5)
            .map(|number| host.inspector.session(format!("child {number}")).parent(root.id().clone()).start())
            .collect();
        let _grandchild = host.inspector.session("grandchild").parent(children[0].id().clone()).start();
        children[4].finish();
        host.inspector.settle().await;
        let path = format!("/sessions?parent={}&limit=3", root.id());
        let first = host.get(&path).await;
        let rest = host.get(&format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap())).await;
        assert_eq!(titles(&first), ["child 4", "child 3", "child 2"]);
        assert_eq!(titles(&rest), ["child 1", "child 0"]);
        assert_eq!(rest["next_cursor"], Value::Null);
        let ended = host.get(&format!("{path}&status=completed&counts=true")).await;
        assert_eq!((titles(&ended), &ended["counts"]["running"]), (vec!["child 4"], &json!(4)));
        assert_eq!(titles(&host.get("/sessions?parent=nobody").await), [""; 0]);
        assert_eq!(host.try_get("/sessions?parent=..").await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn several_sessions_are_had_at_once_by_their_ids() {
    for (host, _dir) in hosts() {
        let [a, _b, c] = ["a", "b", "c"].map(|title| host.inspector.session(title).start());
        host.inspector.settle().await;
        let path = format!("/sessions?id={}&id=nobody&id={}", c.id(), a.id());
        assert_eq!(titles(&host.get(&path).await), ["c", "a"]);
        let many = |count: usize| "&id=x".repeat(count);
        assert_eq!(host.try_get(&format!("/sessions?{}", many(100))).await.0, StatusCode::OK);
        let (status, problem) = host.try_get(&format!("/sessions?{}", many(101))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(problem["detail"], "`id`: at most 100 ids are wanted");
    }
}

#[tokio::test]
async fn sessions_are_counted_by_status_whatever_status_is_shown() {
    for (host, _dir) in hosts() {
        let sessions: Vec<_> = (0..7)
            .map(|number| host.inspector.session(format!("run {number}")).tag("nightly").start())
            .collect();
        sessions[0].finish();
        sessions[1].finish();
        sessions[2].fail("timeout");
        sessions[3].cancel();
        let _waits = sessions[4].span(SpanKind::Human, "approve");
        host.inspector.session("another").start().finish();
        host.inspector.settle().await;
        let counts = async |filter: &str| {
            host.get(&format!("/sessions?counts=true&limit=1&{filter}")).await["counts"].clone()
        };
        let of_all =
            json!({"running": 2, "paused": 1, "completed": 3, "failed": 1, "cancelled": 1, "abandoned": 0});
        assert_eq!(counts("").await, of_all);
        assert_eq!(counts("status=failed").await, of_all);
        assert_eq!(counts("tag=nightly").await["completed"], 2);
        assert_eq!(counts("engine=tokio&text=another").await["completed"], 1);
        assert_eq!(counts("text=timeout").await["failed"], 1);
        assert_eq!(counts("until=2020-01-01T00:00:00Z").await["running"], 0);
        assert_eq!(host.try_get("/sessions?counts=perhaps").await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_session_says_when_its_spans_began_and_goes_on_saying_so_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let id = SessionId::parse("long").unwrap();
    for round in 1..=2 {
        let host = Host::new(Inspector::builder().data_dir(dir.path()).build().unwrap());
        let session = host.inspector.session("long").id(id.clone()).start();
        for _ in 0..40 {
            let span = session.span(SpanKind::Tool, "step");
            drop(span);
        }
        host.inspector.settle().await;
        let seen = host.get("/sessions/long").await;
        // Each round has a root of its own.
        assert_eq!((begun(&seen), &seen["counters"]["spans"]), (41 * round, &json!(41 * round)));
        let activity = &seen["activity"];
        assert!(activity["counts"].as_array().unwrap().len() <= 32, "{activity}");
        assert!(activity["bucket_ms"].as_u64().unwrap().is_power_of_two(), "{activity}");
        assert!(activity["from"].as_str() <= seen["started_at"].as_str(), "{seen}");
        assert_eq!(host.get("/sessions").await["sessions"][0]["activity"], *activity);
        session.finish();
        host.inspector.settle().await;
        assert_eq!(begun(&host.get("/sessions/long").await), 41 * round);
        host.inspector.shutdown().await;
    }
}

#[tokio::test]
async fn a_wait_names_the_span_that_waits() {
    for (host, _dir) in hosts() {
        let session = host.inspector.session("asks").start();
        let waits = session.span(SpanKind::Human, "approve");
        host.inspector.settle().await;
        let wait = host.get(&format!("/sessions/{}", session.id())).await["waiting_on"].clone();
        assert_eq!(wait["span_id"], waits.id().unwrap().to_string());
        let path = format!("/sessions/{}/spans/{}", session.id(), waits.id().unwrap());
        assert_eq!(wait["trace_id"], host.get(&path).await["trace_id"]);
    }
}

#[tokio::test]
async fn a_search_says_what_the_sessions_of_its_hits_are_called() {
    for (host, _dir) in hosts() {
        let session = host.inspector.session("Plan a trip").agent("planner").start();
        for _ in 0..3 {
            drop(session.span(SpanKind::Tool, "look_up_trains"));
        }
        host.inspector.settle().await;
        let found = host.get("/search?q=look_up_trains").await;
        assert_eq!(found["hits"].as_array().unwrap().len(), 3);
        let id = session.id().as_str();
        assert_eq!(found["sessions"], json!({id: {"title": "Plan a trip", "agent": "planner"}}));
        assert_eq!(host.get("/search?q=nowhere").await["sessions"], json!({}));
    }
}
