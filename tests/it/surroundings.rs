//! The spans around an agent's span.

use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

use crate::support::Host;

/// Each session's spans as name and depth.
async fn trees(host: &Host) -> Vec<Value> {
    host.inspector.settle().await;
    let mut trees = Vec::new();
    let sessions = host.get("/sessions").await;
    for session in sessions["sessions"].as_array().unwrap() {
        let tree = host.get(&format!("/sessions/{}/spans", session["id"].as_str().unwrap())).await;
        let rows = tree["spans"].as_array().unwrap().iter().map(|row| json!([row["name"], row["depth"]]));
        trees.push(
            json!({"title": session["title"], "status": session["status"], "rows": rows.collect::<Value>()}),
        );
    }
    trees
}

fn chat() -> tracing::Span {
    tracing::info_span!(target: "rig::agent_chat", "chat", gen_ai.operation.name = "chat")
}

fn tool() -> tracing::Span {
    tracing::info_span!(target: "rig::agent_chat", "execute_tool", gen_ai.tool.name = "search")
}

#[tokio::test]
async fn siblings_under_a_hosts_request_share_it_as_their_root_while_it_runs_and_after() {
    let host = Host::in_memory();
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(host.inspector.layer()));
    let request = tracing::info_span!("POST /ask", status = tracing::field::Empty);
    request.in_scope(|| {
        drop(tracing::info_span!("authorise").entered());
        tracing::info_span!("handler").in_scope(|| {
            chat().in_scope(|| tracing::info_span!("connect").in_scope(|| ()));
            tool().in_scope(|| ());
        });
    });
    let rows = json!([["POST /ask", 0], ["handler", 1], ["chat", 2], ["connect", 3], ["execute_tool", 2]]);
    assert_eq!(trees(&host).await, [json!({"title": "POST /ask", "status": "running", "rows": rows})]);

    // What comes late is still recorded.
    request.record("status", 200);
    drop(request);
    assert_eq!(trees(&host).await, [json!({"title": "POST /ask", "status": "completed", "rows": rows})]);
    let sessions = host.get("/sessions").await;
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let root =
        host.get(&format!("/sessions/{id}/spans/{}", tree["spans"][0]["span_id"].as_str().unwrap())).await;
    assert_eq!(
        (&root["attributes"]["status"], &root["scope"]["name"]),
        (&json!(200), &json!("it::surroundings"))
    );
    assert!(
        root["start_time"].as_str() < tree["spans"][1]["start_time"].as_str(),
        "it began before what is in it"
    );
    assert!(root["attributes"].get("inspector.start_unknown").is_none());
}

#[tokio::test]
async fn a_request_that_only_another_layer_sees_holds_together_what_is_in_it() {
    let host = Host::in_memory();
    let log = tracing_subscriber::fmt::layer()
        .with_writer(std::io::sink)
        .with_filter(EnvFilter::new("info,tower_http=debug"));
    let registry = tracing_subscriber::registry().with(log).with(host.inspector.layer());
    let _subscriber = tracing::subscriber::set_default(registry);
    let request = tracing::debug_span!(target: "tower_http::trace::make_span", "request");
    request.in_scope(|| {
        drop(chat().entered());
        drop(tool().entered());
    });
    drop(request);
    let rows = json!([["request", 0], ["chat", 1], ["execute_tool", 1]]);
    assert_eq!(trees(&host).await, [json!({"title": "request", "status": "completed", "rows": rows})]);
    let sessions = host.get("/sessions").await;
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let root =
        host.get(&format!("/sessions/{id}/spans/{}", tree["spans"][0]["span_id"].as_str().unwrap())).await;
    assert_eq!(root["attributes"]["inspector.start_unknown"], true, "nobody saw it begin");
}

#[tokio::test]
async fn agents_that_begin_at_once_on_several_threads_share_the_span_around_them() {
    let host = Host::in_memory();
    let registry = tracing_subscriber::registry().with(host.inspector.layer());
    let dispatch = tracing::Dispatch::new(registry);
    tracing::dispatcher::with_default(&dispatch, || {
        let request = tracing::info_span!("batch");
        let barrier = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    tracing::dispatcher::with_default(&dispatch, || {
                        barrier.wait();
                        request.in_scope(|| drop(chat().entered()));
                    });
                });
            }
        });
    });
    let trees = trees(&host).await;
    assert_eq!((trees.len(), trees[0]["rows"].as_array().unwrap().len()), (1, 9), "{trees:?}");
    assert_eq!(trees[0]["status"], "completed");
}

#[tokio::test]
async fn spans_without_an_agent_in_them_stay_out() {
    let host = Host::in_memory();
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(host.inspector.layer()));
    tracing::info_span!("GET /").in_scope(|| drop(tracing::info_span!("SELECT").entered()));
    chat().in_scope(|| ());
    tracing::info_span!("GET /").in_scope(|| tracing::info!("served"));
    assert_eq!(trees(&host).await, [json!({"title": "chat", "status": "completed", "rows": [["chat", 0]]})]);
}

#[tokio::test]
async fn an_error_told_in_the_hosts_request_makes_the_session_a_failed_one() {
    let host = Host::in_memory();
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(host.inspector.layer()));
    tracing::info_span!("POST /ask").in_scope(|| {
        chat().in_scope(|| tracing::warn!("slow"));
        tracing::info!("not about the agent");
        tracing::error!(error = "no key", "the agent failed");
    });
    // What the span itself says of its end counts more.
    let handled =
        tracing::info_span!(target: "rig", "chat", gen_ai.operation.name = "chat", otel.status_code = "OK");
    handled.in_scope(|| tracing::error!("tried again"));
    drop(handled);
    host.inspector.settle().await;

    let sessions = host.get("/sessions").await;
    let of = |title: &str| {
        let sessions = sessions["sessions"].as_array().unwrap();
        sessions.iter().find(|session| session["title"] == title).unwrap().clone()
    };
    let failed = of("POST /ask");
    assert_eq!((&failed["status"], &failed["error"]), (&json!("failed"), &json!("the agent failed: no key")));
    assert_eq!(of("chat")["status"], "completed");
    let id = failed["id"].as_str().unwrap();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let root = tree["spans"][0]["span_id"].as_str().unwrap();
    let root = host.get(&format!("/sessions/{id}/spans/{root}")).await;
    let events = root["events"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap());
    assert_eq!(events.collect::<Vec<_>>(), ["the agent failed"]);
}
