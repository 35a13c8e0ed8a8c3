//! A session's place travels: to other threads and tasks, and to other processes.

use std::sync::mpsc;

use agent_inspector::model::{SessionId, SpanKind};
use agent_inspector::{Inspector, SessionContext, current_session, current_traceparent, in_current_session};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

use crate::support::Host;

/// Opens a tool's span wherever the code stands.
fn work(name: &'static str) {
    current_session().expect("a session").span(SpanKind::Tool, name).finish();
}

async fn rows(host: &Host, id: &SessionId) -> Vec<(String, u64)> {
    host.inspector.settle().await;
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let rows = tree["spans"].as_array().unwrap().iter();
    let mut rows: Vec<_> =
        rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["depth"].as_u64().unwrap())).collect();
    rows[2..].sort();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_another_thread_or_task_keeps_the_place() {
    let host = Host::in_memory();
    let session = host.inspector.session("parallel").start();
    let agent = session.span(SpanKind::Agent, "agent");
    agent
        .run(async {
            let here = SessionContext::current();
            tokio::spawn(in_current_session(async { work("task") })).await.unwrap();
            let there = here.clone();
            tokio::task::spawn_blocking(move || there.in_scope(|| work("blocking"))).await.unwrap();
            let there = here.clone();
            std::thread::spawn(move || {
                let _entered = there.enter();
                work("thread");
            })
            .join()
            .unwrap();
            let mut all: FuturesUnordered<_> =
                ["first", "second"].map(|name| here.run(async move { work(name) })).into_iter().collect();
            while all.next().await.is_some() {}
            let (jobs, worker) = mpsc::channel::<(SessionContext, &'static str)>();
            let worker = std::thread::spawn(move || {
                for (place, job) in worker {
                    assert!(!SessionContext::current().is_somewhere());
                    place.in_scope(|| work(job));
                }
            });
            jobs.send((here, "job")).unwrap();
            drop(jobs);
            worker.join().unwrap();
        })
        .await;
    let row = |name: &str, depth| (name.to_owned(), depth);
    let mut expected = vec![row("parallel", 0), row("agent", 1)];
    expected.extend(["blocking", "first", "job", "second", "task", "thread"].map(|name| row(name, 2)));
    assert_eq!(rows(&host, session.id()).await, expected);
}

#[tokio::test]
async fn nowhere_is_a_place_that_leaves_the_thread_where_it_is() {
    let host = Host::in_memory();
    let nowhere = SessionContext::current();
    assert!(!nowhere.is_somewhere() && nowhere.traceparent().is_none() && current_traceparent().is_none());
    let session = host.inspector.session("here").start();
    session.in_scope(|| nowhere.in_scope(|| assert!(current_session().is_some())));
    let disabled = Inspector::disabled().session("off").start();
    assert!(disabled.traceparent().is_none() && disabled.context().session().is_none());
}

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn root(host: &Host, id: &SessionId) -> Value {
    host.inspector.settle().await;
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let rows = tree["spans"].as_array().unwrap();
    let root = rows.iter().find(|row| row["placeholder"] != true).unwrap();
    host.get(&format!("/sessions/{id}/spans/{}", root["span_id"].as_str().unwrap())).await
}

#[tokio::test]
async fn a_session_goes_on_in_the_trace_of_its_caller_and_passes_it_on() {
    let host = Host::in_memory();
    let session =
        host.inspector.session("answer").traceparent(CALLER).tracestate("vendor=x, other=y").start();
    let told = root(&host, session.id()).await;
    assert_eq!(
        (&told["trace_id"], &told["parent_span_id"], &told["trace_state"]),
        (&json!("4bf92f3577b34da6a3ce929d0e0e4736"), &json!("00f067aa0ba902b7"), &json!("vendor=x,other=y"))
    );
    let out = session.traceparent().unwrap();
    assert_eq!(out, format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", told["span_id"].as_str().unwrap()));
    assert_eq!(session.tracestate(), Some("vendor=x,other=y"));
    let tool = session.span(SpanKind::Tool, "call");
    let inside = tool.in_scope(current_traceparent);
    assert!(inside.is_some() && inside == tool.traceparent() && inside != session.traceparent());
}

#[tokio::test]
async fn a_caller_that_says_nothing_valid_is_ignored() {
    let host = Host::in_memory();
    for bad in
        ["", "00-0-0-0", &CALLER.to_uppercase(), &CALLER.replace("00f067aa0ba902b7", "0000000000000000")]
    {
        let session = host.inspector.session("answer").traceparent(bad).tracestate("vendor=x").start();
        let told = root(&host, session.id()).await;
        assert!(told.get("parent_span_id").is_none() && told.get("trace_state").is_none(), "{bad}: {told}");
    }
}

#[tokio::test]
async fn a_trace_belongs_to_one_session_also_when_one_calls_another_in_the_same_host() {
    let host = Host::in_memory();
    let outer = host.inspector.session("outer").start();
    let call = outer.span(SpanKind::Tool, "call");
    let inner = host.inspector.session("inner").traceparent(&call.traceparent().unwrap()).start();
    // Two calls of one caller elsewhere.
    let first = host.inspector.session("first").traceparent(CALLER).start();
    let second = host.inspector.session("second").traceparent(CALLER).start();
    for session in [&inner, &second] {
        session.span(SpanKind::Tool, "its own").finish();
    }
    host.inspector.settle().await;
    let told = root(&host, inner.id()).await;
    assert_eq!(told["links"][0]["span_id"], call.id().unwrap().to_string());
    assert_eq!(
        host.get(&format!("/sessions/{}", inner.id())).await["parent_session_id"],
        outer.id().as_str()
    );
    for (session, spans) in [(&outer, 2), (&inner, 2), (&first, 1), (&second, 2)] {
        let found = host.get(&format!("/sessions/{}", session.id())).await;
        assert_eq!(found["counters"]["spans"], spans, "{found}");
    }
    assert!(root(&host, second.id()).await["links"][0]["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(host.get(&format!("/sessions/{}", second.id())).await.get("parent_session_id").is_none());
}

#[tokio::test]
async fn a_span_may_have_a_caller_elsewhere_and_its_trace_belongs_to_the_session() {
    let host = Host::in_memory();
    let session = host.inspector.session("server").start();
    let request = session.span_for(CALLER, SpanKind::Mcp, "tools/call");
    request.child(SpanKind::Tool, "below").finish();
    request.in_scope(|| work("inside"));
    let ignored = session.span_for("nonsense", SpanKind::Mcp, "tools/list");
    drop((request, ignored));
    session.finish();
    host.inspector.settle().await;
    assert_eq!(host.get("/sessions").await["sessions"].as_array().unwrap().len(), 1);
    let tree = host.get(&format!("/sessions/{}/spans", session.id())).await;
    let of_caller: Vec<_> = tree["spans"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736" && row["placeholder"] != true)
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(of_caller, ["tools/call", "below", "inside"]);
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["counters"]["spans"], 5);
}

#[tokio::test]
async fn a_trace_that_was_there_before_its_session_moves_into_it() {
    let host = Host::in_memory();
    let registry = tracing_subscriber::registry().with(host.inspector.layer());
    let _subscriber = tracing::subscriber::set_default(registry);
    // A client's span in this host, in no session; the request comes back to the host.
    let client = tracing::info_span!("POST /", mcp.method.name = "tools/call");
    let header = client.in_scope(current_traceparent).unwrap();
    host.inspector.settle().await;
    let session = host.inspector.session("server").traceparent(&header).start();
    session.finish();
    drop(client);
    host.inspector.settle().await;
    let sessions = host.get("/sessions").await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    let found = host.get(&format!("/sessions/{}", session.id())).await;
    assert_eq!((&found["counters"]["spans"], &found["status"]), (&json!(2), &json!("completed")));
}
