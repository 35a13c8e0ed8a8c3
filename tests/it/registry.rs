//! Sessions of a framework's own engine: shown with ours, answered and cancelled, and never at the host's cost.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use agent_inspector::model::{Session, SessionId, SessionQuery, SessionStatus, Timestamp, WaitingOn};
use agent_inspector::registry::{
    ControlError, ControlFuture, RegistryError, RegistryFuture, SessionControl, SessionRegistry, Signal,
};
use agent_inspector::{Inspector, InspectorBuilder};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::faults::part;
use crate::support::{Host, local, read};

/// Longer than any test: what is waited for so long does not happen.
const LONG: Duration = Duration::from_secs(3600);

/// Shorter than any patience: for what is known to hang.
const SHORT: Duration = Duration::from_millis(20);

/// How an engine behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    Works,
    Fails,
    Hangs,
    /// Blocks its thread until it works again.
    Blocks,
}

/// An engine with one job, `job`, that waits for an approval.
#[derive(Debug)]
pub(crate) struct Engine {
    jobs: Mutex<HashMap<SessionId, Session>>,
    mode: Mutex<Mode>,
    changed: Condvar,
    lists: AtomicUsize,
    gets: AtomicUsize,
    controls: bool,
}

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

impl Engine {
    pub(crate) fn new(controls: bool) -> Arc<Self> {
        let mut job = Session::new(id("job"), "jobs", "a job of the engine's", Timestamp::EPOCH);
        job.status = SessionStatus::Paused;
        job.waiting_on = Some(WaitingOn::new("approve", Timestamp::EPOCH));
        Arc::new(Self {
            jobs: Mutex::new(HashMap::from([(job.id.clone(), job)])),
            mode: Mutex::new(Mode::Works),
            changed: Condvar::new(),
            lists: AtomicUsize::new(0),
            gets: AtomicUsize::new(0),
            controls,
        })
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
        self.changed.notify_all();
    }

    async fn behave(&self) -> Result<(), String> {
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Works => {}
            Mode::Fails => return Err("connection refused".into()),
            Mode::Hangs => std::future::pending().await,
            Mode::Blocks => {
                drop(self.changed.wait_while(self.mode.lock().unwrap(), |mode| *mode == Mode::Blocks));
            }
        }
        Ok(())
    }

    fn calls(&self) -> (usize, usize) {
        (self.lists.load(Ordering::SeqCst), self.gets.load(Ordering::SeqCst))
    }
}

impl SessionRegistry for Engine {
    fn name(&self) -> &'static str {
        "jobs"
    }
    fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async move {
            self.lists.fetch_add(1, Ordering::SeqCst);
            self.behave().await.map_err(RegistryError::new)?;
            Ok(query.select(self.jobs.lock().unwrap().values().cloned()))
        })
    }
    fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(async move {
            self.gets.fetch_add(1, Ordering::SeqCst);
            self.behave().await.map_err(RegistryError::new)?;
            Ok(self.jobs.lock().unwrap().get(id).cloned())
        })
    }
    fn control(&self) -> Option<&dyn SessionControl> {
        self.controls.then_some(self)
    }
}

impl SessionControl for Engine {
    fn signal<'a>(&'a self, id: &'a SessionId, signal: &'a Signal) -> ControlFuture<'a> {
        Box::pin(async move {
            if signal.name == "hang" {
                std::future::pending::<()>().await;
            }
            let mut jobs = self.jobs.lock().unwrap();
            let job = jobs.get_mut(id).ok_or(ControlError::NotFound)?;
            if job.waiting_on.as_ref().is_none_or(|waiting| waiting.signal_name != signal.name) {
                return Err(ControlError::NothingWaits);
            }
            if !signal.payload["approved"].is_boolean() {
                return Err(ControlError::invalid("/approved", "true or false is wanted"));
            }
            job.waiting_on = None;
            job.status = SessionStatus::Running;
            Ok(())
        })
    }
    fn cancel<'a>(&'a self, id: &'a SessionId) -> ControlFuture<'a> {
        Box::pin(async move {
            let mut jobs = self.jobs.lock().unwrap();
            let job = jobs.get_mut(id).ok_or(ControlError::NotFound)?;
            if job.status.is_ended() {
                return Err(ControlError::AlreadyEnded);
            }
            job.status = SessionStatus::Cancelled;
            Ok(())
        })
    }
}

/// A host with the engine; every question reaches it unless said otherwise.
fn host_with(engine: &Arc<Engine>, build: impl FnOnce(InspectorBuilder) -> InspectorBuilder) -> Host {
    let builder = Inspector::builder().in_memory().registry(engine.clone());
    Host::new(build(builder.registry_timeout(LONG).registry_cache(Duration::ZERO)).build().unwrap())
}

fn host(engine: &Arc<Engine>) -> Host {
    host_with(engine, |builder| builder)
}

fn titles(list: &Value) -> Vec<&str> {
    list["sessions"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

fn said(list: &Value) -> &str {
    list["degraded"][0]["message"].as_str().unwrap_or_default()
}

/// What a control request is answered: status and code.
async fn control(host: &Host, path: &str, body: &Value) -> (u16, String) {
    let (status, answer) = host.post(path, body).await;
    (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
}

async fn a_blocked_thread_is_not_the_hosts() {
    let engine = Engine::new(true);
    engine.set(Mode::Blocks);
    let host = host_with(&engine, |builder| builder.registry_timeout(SHORT));
    let ours = host.inspector.session("ours").start();
    host.inspector.settle().await;
    // Each question is another one, so that each costs the engine a call until it has no more.
    for call in 1..=4 {
        let list = host.get(&format!("/sessions?limit={call}")).await;
        assert_eq!((titles(&list), said(&list).is_empty()), (vec!["ours"], false));
    }
    let list = host.get("/sessions").await;
    assert_eq!(
        (titles(&list), said(&list)),
        (vec!["ours"], "4 calls to jobs are under way and not answered")
    );
    assert_eq!(host.get(&format!("/sessions/{}", ours.id())).await["title"], "ours");
    assert_eq!(part(&host.get("/health").await, "jobs")["state"], "degraded");
    // The last one's thread may not have had its turn yet.
    let end = Instant::now() + Duration::from_secs(20);
    while engine.calls().0 < 4 && Instant::now() < end {
        tokio::task::yield_now().await;
    }
    assert_eq!(engine.calls().0, 4);
    engine.set(Mode::Works);
    // The threads end now, whenever they get their turn.
    while host.get("/sessions").await["degraded"] != json!([]) {
        tokio::task::yield_now().await;
    }
    assert_eq!(titles(&host.get("/sessions").await), ["ours", "a job of the engine's"]);
}

#[tokio::test]
async fn a_registry_that_blocks_its_thread_does_not_block_a_host_of_one_thread() {
    a_blocked_thread_is_not_the_hosts().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_blocks_its_thread_does_not_block_a_host_of_several_threads() {
    a_blocked_thread_is_not_the_hosts().await;
}

#[test]
fn a_registry_that_blocks_for_ever_keeps_no_runtime_from_ending() {
    let engine = Engine::new(true);
    engine.set(Mode::Blocks);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let host = host_with(&engine, |builder| builder.registry_timeout(SHORT));
        assert_eq!(said(&host.get("/sessions").await), "no answer from jobs within 20ms");
    });
    drop(runtime);
    assert_eq!(*engine.mode.lock().unwrap(), Mode::Blocks);
}

#[tokio::test]
async fn a_registry_that_hangs_costs_the_list_only_its_own_sessions() {
    let engine = Engine::new(true);
    engine.set(Mode::Hangs);
    let host = host_with(&engine, |builder| builder.registry_timeout(SHORT));
    let _ours = host.inspector.session("ours").start();
    host.inspector.settle().await;
    let list = host.get("/sessions").await;
    assert_eq!((titles(&list), said(&list)), (vec!["ours"], "no answer from jobs within 20ms"));
    let (status, answer) = host.try_get("/sessions/job").await;
    assert_eq!((status, &answer["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("registry_unavailable")));
}

#[tokio::test]
async fn a_registry_that_fails_shows_what_it_said_last_until_it_recovers() {
    let engine = Engine::new(true);
    let host = host(&engine);
    assert_eq!(host.get("/sessions").await["degraded"], json!([]));
    engine.set(Mode::Fails);
    let list = host.get("/sessions").await;
    assert_eq!(titles(&list), ["a job of the engine's"]);
    assert!(said(&list).starts_with("connection refused; its sessions are shown as they were"), "{list}");
    assert_eq!(host.get("/sessions/job").await["status"], "paused");
    assert_eq!(part(&host.get("/health").await, "jobs")["why"], "connection refused");
    let filtered = host.get("/sessions?agent=never+asked+for").await;
    assert_eq!((titles(&filtered), said(&filtered)), (vec![], "connection refused"));

    engine.set(Mode::Works);
    assert_eq!(host.get("/sessions").await["degraded"], json!([]));
    assert_eq!(part(&host.get("/health").await, "jobs")["state"], "ok");
}

#[tokio::test]
async fn what_a_registry_said_is_used_again_until_something_was_done() {
    let engine = Engine::new(true);
    let host = host_with(&engine, |builder| builder.registry_cache(LONG));
    for _ in 0..3 {
        assert_eq!(host.get("/sessions").await["sessions"][0]["status"], "paused");
        assert_eq!(host.get("/sessions/job").await["status"], "paused");
        assert_eq!(host.try_get("/sessions/nobody").await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(engine.calls(), (1, 2));
    host.get("/sessions?status=paused").await;
    assert_eq!(engine.calls(), (2, 2));

    assert_eq!(control(&host, "/cancel/job", &json!(null)).await.0, 202);
    assert_eq!(host.get("/sessions").await["sessions"][0]["status"], "cancelled");
    assert_eq!(host.get("/sessions/job").await["status"], "cancelled");
    assert_eq!(engine.calls(), (3, 3));
    // A failure is used again as well: what is down is not asked by everybody.
    engine.set(Mode::Fails);
    for _ in 0..3 {
        assert_eq!(said(&host.get("/sessions?agent=x").await), "connection refused");
    }
    assert_eq!(engine.calls(), (4, 3));
}

#[tokio::test]
async fn the_same_question_is_under_way_only_once() {
    let engine = Engine::new(true);
    engine.set(Mode::Blocks);
    let host = Arc::new(host(&engine));
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let host = Arc::clone(&host);
            tokio::spawn(async move { host.get("/sessions").await })
        })
        .collect();
    // They run in turn on this one thread, each to where it waits for the answer.
    tokio::task::yield_now().await;
    engine.set(Mode::Works);
    for list in asking {
        assert_eq!(titles(&list.await.unwrap()), ["a job of the engine's"]);
    }
    assert_eq!(engine.calls().0, 1);
}

#[tokio::test]
async fn a_session_that_waits_is_answered_once_and_everybody_sees_it() {
    let engine = Engine::new(true);
    let host = host(&engine);
    let yes = json!({"signal": "approve", "payload": {"approved": true}});
    let (status, problem) = host.post("/signal/job", &json!({"signal": "approve", "payload": {}})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"], json!([{"pointer": "/approved", "message": "true or false is wanted"}]));
    let other = json!({"signal": "something else"});
    assert_eq!(control(&host, "/signal/job", &other).await, (409, "nothing_waits".into()));

    assert_eq!(control(&host, "/signal/job", &yes).await, (202, String::new()));
    assert_eq!(control(&host, "/signal/job", &yes).await, (409, "nothing_waits".into()));
    assert_eq!(host.get("/sessions/job").await["status"], "running");
    assert_eq!(control(&host, "/cancel/job", &json!(null)).await, (202, String::new()));
    assert_eq!(control(&host, "/cancel/job", &json!(null)).await, (409, "session_ended".into()));

    host.inspector.settle().await;
    let events = host.get("/sessions/job/events").await;
    let seen: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["signal_name"].as_str()))
        .collect();
    assert_eq!(seen, [("SignalReceived", Some("approve")), ("CancelRequested", None)]);
}

#[tokio::test]
async fn a_session_says_what_can_be_done_with_it() {
    let engine = Engine::new(true);
    let host = host(&engine);
    // Ours by its spans, and the engine's by its word.
    let both = host.inspector.session("also the engine's").start();
    let mut known = Session::new(both.id().clone(), "jobs", "known there", Timestamp::EPOCH);
    known.controls = Some(vec!["cancel".into(), "rewind".into()]);
    engine.jobs.lock().unwrap().insert(known.id.clone(), known);
    let ours = host.inspector.session("ours").start();
    host.inspector.settle().await;
    let controls =
        async |host: &Host, id: &str| host.get(&format!("/sessions/{id}")).await["controls"].clone();
    assert_eq!(controls(&host, "job").await, json!(["signal", "cancel"]));
    assert_eq!(controls(&host, both.id().as_str()).await, json!(["cancel", "rewind"]));
    assert_eq!(controls(&host, ours.id().as_str()).await, json!([]));
    let list = host.get("/sessions").await;
    let listed: HashMap<_, _> = list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["title"].as_str().unwrap(), one["controls"].clone()))
        .collect();
    let expected = [
        ("a job of the engine's", json!(["signal", "cancel"])),
        ("also the engine's", json!(["cancel", "rewind"])),
        ("ours", json!([])),
    ];
    assert_eq!(listed, HashMap::from(expected));

    assert_eq!(control(&host, "/cancel/job", &json!(null)).await.0, 202);
    assert_eq!(controls(&host, "job").await, json!([]));
    let read_only = host_with(&Engine::new(true), InspectorBuilder::read_only);
    assert_eq!(controls(&read_only, "job").await, json!([]));
    let without = host_with(&Engine::new(false), |builder| builder);
    assert_eq!(controls(&without, "job").await, json!([]));
}

#[tokio::test]
async fn sessions_of_a_registry_are_counted_once_each() {
    let engine = Engine::new(true);
    let host = host(&engine);
    let _ours = host.inspector.session("ours").start();
    // A session that ended here, and goes on there.
    let both = host.inspector.session("both").start();
    let known = Session::new(both.id().clone(), "jobs", "known there", Timestamp::EPOCH);
    engine.jobs.lock().unwrap().insert(known.id.clone(), known);
    host.inspector.settle().await;
    let counts = host.get("/sessions?counts=true&limit=1&status=failed").await["counts"].clone();
    let expected =
        json!({"running": 2, "paused": 1, "completed": 0, "failed": 0, "cancelled": 0, "abandoned": 0});
    assert_eq!(counts, expected);
    assert_eq!(host.get("/sessions").await["counts"], Value::Null);
    engine.set(Mode::Fails);
    assert_eq!(host.get("/sessions?counts=true&agent=nobody").await["counts"]["running"], 0);
}

#[tokio::test]
async fn what_cannot_be_controlled_says_why() {
    let engine = Engine::new(false);
    let host = host(&engine);
    let signal = json!({"signal": "approve"});
    let ours = host.inspector.session("ours").start();
    let done = host.inspector.session("done").start();
    done.finish();
    host.inspector.settle().await;
    let waits_for_nothing = (409, "nothing_waits".to_owned());
    assert_eq!(control(&host, &format!("/signal/{}", ours.id()), &signal).await, waits_for_nothing);
    let does_not_look = (409, "no_control".to_owned());
    assert_eq!(control(&host, &format!("/cancel/{}", ours.id()), &json!(null)).await, does_not_look);
    for (session, expected) in [
        ("job", (409, "no_control")),
        (done.id().as_str(), (409, "session_ended")),
        ("nobody", (404, "session_not_found")),
        ("not%20an%20id", (400, "invalid_session_id")),
    ] {
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(control(&host, &format!("/signal/{session}"), &signal).await, expected, "{session}");
        assert_eq!(control(&host, &format!("/cancel/{session}"), &json!(null)).await, expected, "{session}");
    }
    engine.set(Mode::Fails);
    let expected = (503, "registry_unavailable".into());
    assert_eq!(control(&host, "/cancel/nobody", &json!(null)).await, expected);
    host.inspector.settle().await;
    let ours = host.get(&format!("/sessions/{}/events", ours.id())).await;
    let requested = |event: &Value| event["type"] == "CancelRequested" || event["type"] == "SignalReceived";
    assert!(!ours["events"].as_array().unwrap().iter().any(requested), "nothing was done: {ours}");
}

#[tokio::test]
async fn a_session_that_came_after_it_was_asked_for_can_be_controlled_at_once() {
    let engine = Engine::new(true);
    let host = host_with(&engine, |builder| builder.registry_cache(LONG));
    assert_eq!(control(&host, "/cancel/late", &json!(null)).await.0, 404);
    let late = Session::new(id("late"), "jobs", "late", Timestamp::EPOCH);
    engine.jobs.lock().unwrap().insert(late.id.clone(), late);
    assert_eq!(control(&host, "/cancel/late", &json!(null)).await.0, 202);
}

#[tokio::test]
async fn an_engine_that_does_not_answer_in_time_may_have_taken_it_and_the_person_is_told() {
    let engine = Engine::new(true);
    let host = host_with(&engine, |builder| builder.registry_timeout(Duration::from_secs(1)));
    let request = Request::post("/_inspector/signal/job").header("content-type", "application/json");
    let answer = host.send(local(request, Body::from(r#"{"signal": "hang"}"#))).await;
    assert_eq!(answer.headers()["retry-after"], "1");
    let (status, problem) = read(answer).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("engine_unavailable")));
    assert!(problem["detail"].as_str().unwrap().contains("it may have arrived"), "{problem}");
}

#[tokio::test]
async fn only_json_of_a_bounded_size_from_our_own_page_is_taken() {
    let engine = Engine::new(true);
    let host = host(&engine);
    let good = r#"{"signal": "approve", "payload": {"approved": true}}"#;
    let (json, text) = (("content-type", "application/json"), ("content-type", "text/plain"));
    let long_name = format!(r#"{{"signal": "{}"}}"#, "x".repeat(129));
    let huge = format!(r#"{{"signal": "approve", "payload": "{}"}}"#, "x".repeat(1 << 20));
    for (header, also, body, expected) in [
        (text, None, good, (415, "unsupported_media_type")),
        (json, Some("https://evil.example"), good, (403, "forbidden_origin")),
        // A page on this machine may read, but not act.
        (json, Some("http://localhost:5173"), good, (403, "forbidden_origin")),
        (json, None, "{\"signal\": 5}", (400, "invalid_body")),
        (json, None, "{\"signal\": \"\"}", (400, "invalid_body")),
        (json, None, &long_name, (400, "invalid_body")),
        (json, None, &huge, (413, "body_too_large")),
        (json, Some("http://127.0.0.1:3000"), good, (202, "")),
    ] {
        let mut request = Request::post("/_inspector/signal/job").header(header.0, header.1);
        if let Some(origin) = also {
            request = request.header("origin", origin);
        }
        let (status, problem) = read(host.send(local(request, Body::from(body.to_owned()))).await).await;
        let answered = (status.as_u16(), problem["code"].as_str().unwrap_or_default());
        assert_eq!(answered, expected, "{problem}");
    }
}

#[tokio::test]
async fn a_read_only_inspector_shows_and_does_nothing() {
    let engine = Engine::new(true);
    let host = host_with(&engine, InspectorBuilder::read_only);
    assert_eq!(host.get("/sessions/job").await["status"], "paused");
    for path in ["/signal/job", "/cancel/job", "/cancel/nobody"] {
        let signal = json!({"signal": "approve", "payload": {"approved": true}});
        assert_eq!(control(&host, path, &signal).await, (403, "read_only".into()), "{path}");
    }
    assert_eq!(engine.jobs.lock().unwrap()[&id("job")].status, SessionStatus::Paused);
}
