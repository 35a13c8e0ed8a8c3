//! Keeping a session, and removing one.

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::serve::{Served, events};
use crate::support::{Host, local, read};

impl Host {
    async fn ask(&self, method: &str, path: &str) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(format!("/_inspector{path}"));
        read(self.send(local(request, Body::empty())).await).await
    }
}

/// The same host with history on disk and in memory.
fn hosts() -> Vec<(Host, Option<tempfile::TempDir>)> {
    let dir = tempfile::tempdir().unwrap();
    vec![(Host::in_dir(dir.path()), Some(dir)), (Host::in_memory(), None)]
}

fn code(answer: &(StatusCode, Value)) -> (u16, &str) {
    (answer.0.as_u16(), answer.1["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_pinned_session_is_listed_as_such_while_it_runs_and_after() {
    for (host, _dir) in hosts() {
        let session = host.inspector.session("keep me").start();
        host.inspector.session("not me").start().finish();
        host.inspector.settle().await;
        let pin = format!("/sessions/{}/pin", session.id());
        for _ in 0..2 {
            assert_eq!(host.ask("PUT", &pin).await.0, StatusCode::NO_CONTENT);
        }
        drop(session.span(SpanKind::Tool, "more happens"));
        session.finish();
        host.inspector.settle().await;
        let found = host.get(&format!("/sessions/{}", session.id())).await;
        assert_eq!((&found["pinned"], &found["status"]), (&json!(true), &json!("completed")));
        for (wanted, title) in [("true", "keep me"), ("false", "not me")] {
            let list = host.get(&format!("/sessions?pinned={wanted}")).await;
            assert_eq!(
                (list["sessions"].as_array().unwrap().len(), &list["sessions"][0]["title"]),
                (1, &json!(title))
            );
        }
        for _ in 0..2 {
            assert_eq!(host.ask("DELETE", &pin).await.0, StatusCode::NO_CONTENT);
        }
        assert_eq!(host.get("/sessions?pinned=true").await["sessions"], json!([]));
        assert_eq!(code(&host.ask("PUT", "/sessions/nobody/pin").await), (404, "session_not_found"));
        assert_eq!(host.try_get("/sessions?pinned=perhaps").await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_pin_outlives_the_host_and_changes_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let first = Host::in_dir(dir.path());
    let session = first.inspector.session("left behind").start();
    first.inspector.settle().await;
    let path = format!("/sessions/{}", session.id());
    first.inspector.shutdown().await;
    let second = Host::in_dir(dir.path());
    let before = second.get(&path).await;
    assert_eq!(before["status"], "abandoned");
    assert_eq!(second.ask("PUT", &format!("{path}/pin")).await.0, StatusCode::NO_CONTENT);
    let mut after = second.get(&path).await;
    assert_eq!(after["pinned"].take(), json!(true));
    let mut before = before;
    before["pinned"].take();
    assert_eq!(after, before);
    second.inspector.shutdown().await;
    assert_eq!(Host::in_dir(dir.path()).get(&path).await["pinned"], true);
}

#[tokio::test]
async fn a_session_that_was_removed_is_nowhere_any_more() {
    for (host, _dir) in hosts() {
        let session = host.inspector.session("a secret title").start();
        let late = session.span(SpanKind::Tool, "still open");
        let other = host.inspector.session("stays").start();
        other.finish();
        host.inspector.settle().await;
        let path = format!("/sessions/{}", session.id());
        assert_eq!(code(&host.ask("DELETE", &path).await), (409, "session_runs"));
        session.finish();
        host.inspector.settle().await;
        assert_eq!(host.ask("DELETE", &path).await.0, StatusCode::NO_CONTENT);
        for gone in [path.clone(), format!("{path}/spans"), format!("/trace/{}", session.id())] {
            assert_eq!(host.try_get(&gone).await.0, StatusCode::NOT_FOUND, "{gone}");
        }
        let told = host.get(&format!("{path}/events")).await;
        let told: Vec<_> = told["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
        assert_eq!(told, ["SessionRemoved"]);
        let removed = &host.get(&format!("{path}/events")).await["events"][0];
        assert_eq!((&removed["by"], &removed["from"]), (&json!("local"), &json!("127.0.0.1")));
        assert_eq!(code(&host.ask("DELETE", &path).await), (404, "session_not_found"));
        assert_eq!(host.get("/sessions").await["sessions"][0]["title"], "stays");
        let health = host.get("/health").await;
        assert_eq!((&health["store"]["sessions"], &health["store"]["spans"]), (&json!(1), &json!(1)));

        // What comes late is a session of its own.
        let span = late.id().unwrap();
        drop(late);
        host.inspector.settle().await;
        let list = host.get("/sessions").await;
        let anew = list["sessions"].as_array().unwrap().iter().find(|one| one["title"] != "stays").unwrap();
        assert_eq!((&anew["title"], &anew["counters"]["spans"]), (&json!("still open"), &json!(1)));
        let tree = host.get(&format!("/sessions/{}/spans", anew["id"].as_str().unwrap())).await;
        let rows: Vec<_> =
            tree["spans"].as_array().unwrap().iter().filter(|row| row["placeholder"] != true).collect();
        assert_eq!((rows.len(), &rows[0]["span_id"]), (1, &json!(span.to_string())));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_the_stream_is_told_and_who_replays_it_finds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for in_memory in [true, false] {
        let builder = Inspector::builder();
        let builder = if in_memory { builder.in_memory() } else { builder.data_dir(dir.path()) };
        // A ring of a few events, so that the replay comes from the store too.
        let served = Served::new(builder.ring(6, 1 << 20).build().unwrap(), true).await;
        let live = served.ask("/events", "").until("retry: 2000").await;
        let session = served.inspector.session("a secret title").start();
        session.emit("secret", json!("a secret event"));
        session.finish();
        for number in 0..4 {
            served.inspector.emit("after", json!(number));
        }
        served.inspector.settle().await;
        let path = format!("/sessions/{}", session.id());
        let removed = served.curl(&["-X", "DELETE", "-w", "%{http_code}"], &path).await;
        assert_eq!(removed.stdout, b"204");
        let live = live.until("\"SessionRemoved\"").await.until("\n\n").await;
        assert!(live.read.contains("a secret event"));
        let replay =
            served.ask("/events?last_event_id=1", "").until("\"SessionRemoved\"").await.until("}\n\n").await;
        assert!(!replay.read.contains("secret"), "{}", replay.read);
        let seen = events(&replay.read);
        let after = seen.iter().filter(|event| event["name"] == "after").count();
        assert_eq!((after, seen.iter().filter(|event| event["type"] == "Gap").count()), (4, 0), "{seen:?}");
        served.inspector.shutdown().await;
    }
}

#[tokio::test]
async fn a_host_that_is_read_only_keeps_and_removes_nothing_and_neither_does_another_page() {
    let host = Host::new(Inspector::builder().in_memory().read_only().build().unwrap());
    let session = host.inspector.session("s").start();
    session.finish();
    host.inspector.settle().await;
    let path = format!("/sessions/{}", session.id());
    let writable = Host::in_memory();
    for (method, path) in
        [("PUT", format!("{path}/pin")), ("DELETE", format!("{path}/pin")), ("DELETE", path)]
    {
        assert_eq!(code(&host.ask(method, &path).await), (403, "read_only"));
        let foreign = Request::builder()
            .method(method)
            .uri(format!("/_inspector{path}"))
            .header("origin", "https://evil.example");
        let answer = read(writable.send(local(foreign, Body::empty())).await).await;
        assert_eq!(code(&answer), (403, "forbidden_origin"));
    }
}
