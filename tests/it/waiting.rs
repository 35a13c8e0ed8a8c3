//! Sessions that wait for a person, and what a person can say to them.

use std::time::Duration;

use agent_inspector::model::SessionId;
use agent_inspector::schemars::JsonSchema;
use agent_inspector::{Access, Events, Identity, Inspector, Role, SessionHandle, WaitError};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Host, local, read};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(crate = "agent_inspector::schemars")]
struct Approval {
    approved: bool,
    #[schemars(length(max = 20))]
    comment: Option<String>,
}

/// Reads the stream until an event of this type comes.
pub(crate) async fn until(events: &mut Events, kind: &str) -> Value {
    loop {
        let event = events.next().await.expect("the stream goes on");
        if event.event_type() == kind {
            return serde_json::from_slice(event.json()).unwrap();
        }
    }
}

/// Waits until the session asks, and gives what was told of it.
async fn asked(
    events: &mut Events,
    session: &SessionHandle,
) -> (JoinHandle<Result<Approval, WaitError>>, Value) {
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { session.wait_for("approve").prompt("Delete report.pdf?").await }
    });
    (waiting, until(events, "WaitingOnSignal").await)
}

fn signal(session: &SessionId) -> String {
    format!("/signal/{session}")
}

fn yes() -> Value {
    json!({ "signal": "approve", "payload": { "approved": true } })
}

#[tokio::test]
async fn a_session_that_waits_says_so_is_answered_and_goes_on_as_the_same_session() {
    let host = Host::in_memory();
    let mut events = host.inspector.events();
    let session = host.inspector.session("clean up").start();
    let (waiting, told) = asked(&mut events, &session).await;
    assert_eq!((&told["signal_name"], &told["prompt"]), (&json!("approve"), &json!("Delete report.pdf?")));
    assert_eq!(told["schema"]["properties"]["approved"]["type"], "boolean");
    host.inspector.settle().await;
    let at = format!("/sessions/{}", session.id());
    let paused = host.get(&at).await;
    assert_eq!(
        (&paused["status"], &paused["waiting_on"]["signal_name"]),
        (&json!("paused"), &json!("approve"))
    );
    let open = host.get(&format!("{at}/waits")).await;
    assert_eq!(open["total"], 1);
    assert_eq!(open["waits"][0]["wait_id"], told["wait_id"]);
    assert_eq!(open["waits"][0]["schema"], told["schema"]);

    let (status, problem) = host
        .post(&signal(session.id()), &json!({ "signal": "approve", "payload": { "approved": "yes" } }))
        .await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid_payload")));
    assert_eq!(problem["errors"][0]["pointer"], "/approved");
    let (status, problem) =
        host.post(&signal(session.id()), &json!({ "signal": "other", "payload": 1 })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("nothing_waits")));

    assert_eq!(host.post(&signal(session.id()), &yes()).await.0, StatusCode::ACCEPTED);
    assert_eq!(waiting.await.unwrap(), Ok(Approval { approved: true, comment: None }));
    let received = until(&mut events, "SignalReceived").await;
    assert_eq!((&received["decision"], &received["by"]), (&json!("answered"), &json!("local")));
    assert_eq!(received["wait_id"], told["wait_id"]);
    host.inspector.settle().await;
    let running = host.get(&at).await;
    assert_eq!((&running["status"], running.get("waiting_on")), (&json!("running"), None));
    assert_eq!(host.get(&format!("{at}/waits")).await["total"], 0);
    assert_eq!(host.post(&signal(session.id()), &yes()).await.0, StatusCode::CONFLICT, "it was answered");

    session.finish();
    host.inspector.settle().await;
    assert_eq!(host.get(&at).await["status"], "completed");
    assert_eq!(host.post(&signal(session.id()), &yes()).await.1["code"], "session_ended");
    let rows = host.get(&format!("{at}/spans")).await;
    let wait = rows["spans"].as_array().unwrap().iter().find(|row| row["kind"] == "human").unwrap().clone();
    let span = host.get(&format!("{at}/spans/{}", wait["span_id"].as_str().unwrap())).await;
    assert_eq!(span["attributes"]["inspector.wait.outcome"], "answered");
    assert_eq!(span["attributes"]["inspector.wait.answer_json"], r#"{"approved":true}"#);
    assert_eq!(span["attributes"]["inspector.wait.by"], "local");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_answers_at_once_exactly_one_is_taken() {
    let host = std::sync::Arc::new(Host::in_memory());
    let mut events = host.inspector.events();
    let session = host.inspector.session("raced").start();
    for _ in 0..50 {
        let (waiting, _) = asked(&mut events, &session).await;
        let answers: Vec<_> = (0..8)
            .map(|number| {
                let (host, path) = (host.clone(), signal(session.id()));
                let payload = json!({ "approved": true, "comment": number.to_string() });
                tokio::spawn(async move {
                    let body = json!({ "signal": "approve", "payload": payload });
                    (number, host.post(&path, &body).await.0)
                })
            })
            .collect();
        let mut won = Vec::new();
        for answer in answers {
            match answer.await.unwrap() {
                (number, StatusCode::ACCEPTED) => won.push(number.to_string()),
                (_, status) => assert_eq!(status, StatusCode::CONFLICT),
            }
        }
        let got = waiting.await.unwrap().unwrap();
        assert_eq!(won, [got.comment.unwrap()], "and it is the one that the host got");
    }
}

#[tokio::test]
async fn several_waits_for_one_signal_are_answered_by_name_or_the_oldest_first() {
    let host = Host::in_memory();
    let mut events = host.inspector.events();
    let session = host.inspector.session("several").start();
    let (oldest, _) = asked(&mut events, &session).await;
    let (middle, _) = asked(&mut events, &session).await;
    let (newest, told) = asked(&mut events, &session).await;
    let answer = |comment: &str, wait: Option<&Value>| {
        let payload = json!({ "approved": true, "comment": comment });
        json!({ "signal": "approve", "payload": payload, "wait_id": wait })
    };
    assert_eq!(host.post(&signal(session.id()), &answer("c", Some(&told["wait_id"]))).await.0, 202);
    assert_eq!(newest.await.unwrap().unwrap().comment.as_deref(), Some("c"));
    assert_eq!(host.post(&signal(session.id()), &answer("a", None)).await.0, 202);
    assert_eq!(oldest.await.unwrap().unwrap().comment.as_deref(), Some("a"));
    assert_eq!(host.post(&signal(session.id()), &answer("x", Some(&told["wait_id"]))).await.0, 409);
    host.inspector.settle().await;
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "paused");
    assert_eq!(host.post(&signal(session.id()), &answer("b", None)).await.0, 202);
    assert_eq!(middle.await.unwrap().unwrap().comment.as_deref(), Some("b"));
}

#[tokio::test]
async fn a_no_reaches_the_host_with_its_reason() {
    let host = Host::in_memory();
    let mut events = host.inspector.events();
    let session = host.inspector.session("denied").start();
    let (waiting, _) = asked(&mut events, &session).await;
    let both = json!({ "signal": "approve", "payload": { "approved": true }, "deny": {} });
    assert_eq!(host.post(&signal(session.id()), &both).await.0, StatusCode::BAD_REQUEST);
    let no = json!({ "signal": "approve", "deny": { "reason": "not on a Friday" } });
    assert_eq!(host.post(&signal(session.id()), &no).await.0, StatusCode::ACCEPTED);
    assert_eq!(waiting.await.unwrap(), Err(WaitError::Denied(Some("not on a Friday".into()))));
    assert_eq!(until(&mut events, "SignalReceived").await["decision"], "denied");
}

#[tokio::test(start_paused = true)]
async fn a_wait_whose_time_is_up_goes_on_and_takes_no_late_answer() {
    let host = Host::in_memory();
    let session = host.inspector.session("late").start();
    let waiting = session.wait_for::<Approval>("approve").timeout(Duration::from_secs(600));
    assert_eq!(waiting.await, Err(WaitError::TimedOut));
    assert_eq!(host.post(&signal(session.id()), &yes()).await.0, StatusCode::CONFLICT);
    host.inspector.settle().await;
    let at = format!("/sessions/{}", session.id());
    assert_eq!(host.get(&at).await["status"], "running");
    let rows = host.get(&format!("{at}/spans")).await;
    assert!(
        rows["spans"].as_array().unwrap().iter().any(|row| row["error"] == "nobody answered in time"),
        "{rows}"
    );
}

#[tokio::test]
async fn a_cancelled_session_ends_its_waits_and_is_told() {
    let host = Host::in_memory();
    let mut events = host.inspector.events();
    let session = host.inspector.session("cancelled").start();
    let cancel = format!("/cancel/{}", session.id());
    let (status, problem) = host.post(&cancel, &json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("no_control")), "it never looked");
    let (waiting, _) = asked(&mut events, &session).await;
    let listening = tokio::spawn({
        let session = session.clone();
        async move { session.until_cancelled(std::future::pending::<()>()).await }
    });
    assert_eq!(host.post(&cancel, &json!({})).await.0, StatusCode::ACCEPTED);
    assert_eq!(waiting.await.unwrap(), Err(WaitError::Cancelled));
    assert_eq!(listening.await.unwrap(), None);
    assert!(session.is_cancelled());
    let requested = until(&mut events, "CancelRequested").await;
    assert_eq!((&requested["by"], &requested["from"]), (&json!("local"), &json!("127.0.0.1")));
    assert_eq!(
        session.wait_for::<Approval>("approve").await,
        Err(WaitError::Cancelled),
        "nor does it wait again"
    );
    session.cancel();
    host.inspector.settle().await;
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "cancelled");
    assert_eq!(host.post(&cancel, &json!({})).await.1["code"], "session_ended");
}

#[tokio::test]
async fn a_wait_whose_task_is_dropped_is_over() {
    let host = Host::in_memory();
    let mut events = host.inspector.events();
    let session = host.inspector.session("dropped").start();
    let (waiting, _) = asked(&mut events, &session).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(host.post(&signal(session.id()), &yes()).await.0, StatusCode::CONFLICT);
    host.inspector.settle().await;
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "running");
}

#[tokio::test]
async fn who_may_only_look_can_neither_answer_nor_cancel() {
    let check = |parts: &axum::http::request::Parts| match parts
        .headers
        .get("x-user")
        .map(axum::http::HeaderValue::as_bytes)
    {
        Some(b"vera") => Access::As(Identity::new(Role::Viewer).named("vera")),
        Some(b"otto") => Access::As(Identity::new(Role::Operator).named("otto")),
        _ => Access::Denied,
    };
    let host = Host::new(Inspector::builder().in_memory().access(check).build().unwrap());
    let mut events = host.inspector.events();
    let session = host.inspector.session("guarded").start();
    let (waiting, _) = asked(&mut events, &session).await;
    let ask = |user: &'static str, method: &str, path: String, body: String| {
        let request = Request::builder().method(method).uri(format!("/_inspector{path}"));
        let request = request.header("x-user", user).header("content-type", "application/json");
        let answer = host.send(local(request, Body::from(body)));
        async { read(answer.await).await }
    };
    let looked = ask("vera", "GET", format!("/sessions/{}/waits", session.id()), String::new()).await;
    assert_eq!((looked.0, &looked.1["total"]), (StatusCode::OK, &json!(1)));
    for path in [signal(session.id()), format!("/cancel/{}", session.id()), "/breakpoints".to_owned()] {
        let (status, problem) = ask("vera", "POST", path, yes().to_string()).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("role_needed")));
    }
    assert_eq!(ask("otto", "POST", signal(session.id()), yes().to_string()).await.0, StatusCode::ACCEPTED);
    assert!(waiting.await.unwrap().unwrap().approved);
    let received = until(&mut events, "SignalReceived").await;
    assert_eq!((&received["by"], &received["from"]), (&json!("otto"), &json!("127.0.0.1")));
    let removal = format!("/sessions/{}", session.id());
    assert_eq!(
        ask("otto", "DELETE", removal, String::new()).await.1["code"],
        "role_needed",
        "that is an admin's"
    );
}

#[tokio::test]
async fn a_page_of_another_site_answers_nothing() {
    let host = Host::in_memory();
    let mut events = host.inspector.events();
    let session = host.inspector.session("crossed").start();
    let (waiting, _) = asked(&mut events, &session).await;
    let cross = [("origin", "https://evil.example"), ("origin", "null"), ("host", "evil.example")];
    for (name, value) in cross {
        let request = Request::post(format!("/_inspector{}", signal(session.id())))
            .header("content-type", "application/json")
            .header(name, value);
        let (status, _) = read(host.send(local(request, Body::from(yes().to_string()))).await).await;
        assert!(matches!(status.as_u16(), 401 | 403), "{name}: {value} got {status}");
    }
    // A form needs no permission of ours to be sent, and is no JSON.
    let form =
        Request::post(format!("/_inspector{}", signal(session.id()))).header("content-type", "text/plain");
    assert_eq!(read(host.send(local(form, Body::from(yes().to_string()))).await).await.0, 415);
    assert!(!waiting.is_finished());
    assert_eq!(host.post(&signal(session.id()), &yes()).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_read_only_inspector_shows_the_wait_and_takes_no_answer() {
    let host = Host::new(Inspector::builder().in_memory().read_only().build().unwrap());
    let mut events = host.inspector.events();
    let session = host.inspector.session("shown").start();
    let (waiting, _) = asked(&mut events, &session).await;
    assert_eq!(host.post(&signal(session.id()), &yes()).await.1["code"], "read_only");
    assert_eq!(host.get(&format!("/sessions/{}/waits", session.id())).await["total"], 1);
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn ten_thousand_open_waits_are_shown_and_answered_and_leave_nothing_behind() {
    let host = Host::in_memory();
    let session = host.inspector.session("many").start();
    let waits: Vec<_> = (0..10_000)
        .map(|number| {
            let session = session.clone();
            tokio::spawn(async move { session.wait_for::<u32>(format!("wait-{number}")).await })
        })
        .collect();
    let at = format!("/sessions/{}/waits", session.id());
    while host.get(&at).await["total"] != 10_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.get(&at).await["waits"].as_array().unwrap().len(), 100);
    for (number, wait) in waits.into_iter().enumerate() {
        let body = json!({ "signal": format!("wait-{number}"), "payload": number });
        assert_eq!(host.post(&signal(session.id()), &body).await.0, StatusCode::ACCEPTED);
        assert_eq!(wait.await.unwrap().map(|answer| answer as usize), Ok(number));
    }
    assert_eq!(host.get(&at).await["total"], 0);
}

#[tokio::test]
async fn what_must_not_be_seen_is_not_in_what_is_told_of_a_wait() {
    let host = Host::in_memory();
    let mut events = host.inspector.events();
    let session = host.inspector.session("secret").start();
    let secret = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH";
    let waiting = tokio::spawn({
        let session = session.clone();
        async move {
            let schema = json!({ "type": "boolean", "description": format!("use {secret}?") });
            session.wait_for::<bool>("approve").prompt(format!("Use the key {secret}?")).schema(schema).await
        }
    });
    let told = until(&mut events, "WaitingOnSignal").await;
    host.inspector.settle().await;
    let open = host.get(&format!("/sessions/{}/waits", session.id())).await;
    let shown = host.get(&format!("/sessions/{}", session.id())).await;
    assert!(open["waits"][0]["prompt"].as_str().unwrap().starts_with("Use the key"));
    for text in [told.to_string(), open.to_string(), shown.to_string()] {
        assert!(!text.contains("sk-proj-abc"), "{text}");
    }
    host.post(&signal(session.id()), &json!({ "signal": "approve", "payload": true })).await;
    assert_eq!(waiting.await.unwrap(), Ok(true));
}

#[tokio::test]
async fn a_wait_whose_host_ended_is_abandoned_and_nobody_can_answer_it() {
    let dir = tempfile::tempdir().unwrap();
    let id = {
        let host = Host::in_dir(dir.path());
        let mut events = host.inspector.events();
        let session = host.inspector.session("left").start();
        let (waiting, _) = asked(&mut events, &session).await;
        host.inspector.shutdown().await;
        waiting.abort();
        session.id().clone()
    };
    let host = Host::in_dir(dir.path());
    let session = host.get(&format!("/sessions/{id}")).await;
    assert_eq!((&session["status"], session.get("waiting_on")), (&json!("abandoned"), None));
    assert_eq!(host.get(&format!("/sessions/{id}/waits")).await["total"], 0);
    assert_eq!(host.post(&signal(&id), &yes()).await.1["code"], "session_ended");
}

#[tokio::test]
async fn a_wait_that_nobody_can_answer_does_not_begin() {
    let disabled = Inspector::disabled().session("off").start();
    assert!(matches!(disabled.wait_for::<bool>("x").await, Err(WaitError::Unavailable(_))));
    let host = Host::in_memory();
    let session = host.inspector.session("wrong").start();
    let wrong = session.wait_for::<bool>("x").schema(json!({ "type": "no such type" }));
    assert!(matches!(wrong.await, Err(WaitError::InvalidSchema(_))));
    let far = session.wait_for::<bool>("x").schema(json!({ "$ref": "http://127.0.0.1:9/schema.json" }));
    assert!(matches!(far.await, Err(WaitError::InvalidSchema(_))), "nothing is fetched");
    session.finish();
    assert_eq!(session.wait_for::<bool>("x").await, Err(WaitError::Cancelled), "it has ended");
    assert_eq!(host.post("/signal/nobody", &yes()).await.0, StatusCode::NOT_FOUND);
}
