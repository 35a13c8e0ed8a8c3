//! Spans that only a registry of the host's knows: shown as ours, without secrets, and missed without harm.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agent_inspector::Inspector;
use agent_inspector::model::{Session, SessionId, SessionQuery, Span, SpanId, Timestamp, TraceId};
use agent_inspector::registry::{RegistryError, RegistryFuture, SessionRegistry};
use axum::http::StatusCode;
use serde_json::json;

use crate::support::Host;

const SECRET: &str = "sk-live-abcdefghijklmnopqrstuvwx";

/// An engine with one job, whose spans it keeps to itself.
#[derive(Debug, Default)]
struct Engine {
    fails: AtomicBool,
}

fn job() -> Session {
    let mut job = Session::new(SessionId::parse("job").unwrap(), "jobs", "a job", Timestamp::EPOCH);
    job.error = Some(format!("refused the key {SECRET}"));
    job
}

fn span(number: u8, name: &str, parent: Option<u8>) -> Span {
    let id = |number| SpanId::from_bytes([number; 8]);
    let mut span =
        Span::new(TraceId::from_bytes([7; 16]).unwrap(), id(number).unwrap(), name, Timestamp::EPOCH);
    span.parent_span_id = parent.and_then(id);
    span
}

impl Engine {
    fn answer<T>(&self, found: T) -> Result<T, RegistryError> {
        if self.fails.load(Ordering::SeqCst) { Err(RegistryError::new("gone")) } else { Ok(found) }
    }
}

impl SessionRegistry for Engine {
    fn name(&self) -> &'static str {
        "jobs"
    }
    fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async move { self.answer(query.select([job()])) })
    }
    fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(async move { self.answer((id.as_str() == "job").then(job)) })
    }
    fn spans<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Vec<Span>>> {
        Box::pin(async move {
            let mut call = span(2, "execute_tool pay", Some(1));
            call.attributes.set("gen_ai.tool.name", "pay");
            call.attributes.set("gen_ai.operation.name", "execute_tool");
            call.attributes.set("gen_ai.tool.call.arguments", format!(r#"{{"key":"{SECRET}"}}"#));
            self.answer((id.as_str() == "job").then(|| vec![call, span(1, "the job", None)]))
        })
    }
}

fn host(engine: &Arc<Engine>) -> Host {
    let builder = Inspector::builder().in_memory().registry(engine.clone());
    Host::new(builder.registry_cache(Duration::ZERO).build().unwrap())
}

#[tokio::test]
async fn spans_of_a_registry_are_a_tree_and_read_as_any_others() {
    let host = host(&Arc::default());
    let page = host.get("/sessions/job/spans").await;
    let rows = page["spans"].as_array().unwrap();
    let names: Vec<_> =
        rows.iter().map(|row| (row["name"].as_str().unwrap(), row["depth"].as_u64().unwrap())).collect();
    assert_eq!(names, [("the job", 0), ("execute_tool pay", 1)]);
    assert_eq!((&rows[1]["kind"], &rows[1]["tool"]), (&json!("tool"), &json!("pay")));
    assert_eq!((&page["total"], page.get("next_cursor")), (&json!(2), None));

    let second = host.get("/sessions/job/spans?limit=1&cursor=1").await;
    assert_eq!(second["spans"][0], rows[1]);

    let span = host.get("/sessions/job/spans/0202020202020202").await;
    assert!(span["content"]["tool_input"]["key"].is_string(), "{span}");
    let (status, answer) = host.try_get("/sessions/job/spans/0303030303030303").await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!("span_not_found")));
    assert_eq!(host.try_get("/sessions/other/spans").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_registry_tells_has_no_secrets() {
    let host = host(&Arc::default());
    let paths = [
        ("/sessions", "refused the key"),
        ("/sessions/job", "refused the key"),
        ("/sessions/job/spans", "the job"),
        ("/sessions/job/spans/0202020202020202", "pay"),
    ];
    for (path, word) in paths {
        let answer = host.get(path).await.to_string();
        assert!(answer.contains(word) && !answer.contains(SECRET), "{path}: {answer}");
    }
}

#[tokio::test]
async fn spans_of_a_registry_that_fails_are_shown_as_they_were_and_missed_with_a_reason() {
    let engine = Arc::<Engine>::default();
    let shown = host(&engine);
    let before = shown.get("/sessions/job/spans").await;
    let ours = shown.inspector.session("ours").start();
    shown.inspector.settle().await;
    engine.fails.store(true, Ordering::SeqCst);
    assert_eq!(shown.get("/sessions/job/spans").await, before);
    assert_eq!(shown.try_get(&format!("/sessions/{}/spans", ours.id())).await.0, StatusCode::OK);

    let (status, answer) = host(&engine).try_get("/sessions/job/spans").await;
    assert_eq!((status, &answer["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("registry_unavailable")));
}
