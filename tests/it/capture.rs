//! What a host records comes out of the mounted router.

use agent_inspector::model::SpanKind;
use agent_inspector::{Inspector, current_session, in_current_session};
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

use crate::support::Host;

fn names(tree: &Value) -> Vec<(String, u64)> {
    let rows = tree["spans"].as_array().expect("rows");
    rows.iter()
        .map(|row| (row["name"].as_str().unwrap().to_owned(), row["depth"].as_u64().unwrap()))
        .collect()
}

fn row(name: &str, depth: u64) -> (String, u64) {
    (name.to_owned(), depth)
}

#[tokio::test]
async fn spans_of_the_session_api_and_of_tracing_nest_in_each_other() {
    let host = Host::in_memory();
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(host.inspector.layer()));
    let session = host.inspector.session("Refactor the parser").agent("coder").tag("nightly").start();
    session
        .run(async {
            let agent = current_session().expect("a session").span(SpanKind::Agent, "invoke_agent coder");
            agent
                .run(async {
                    let chat = tracing::info_span!(
                        "chat m",
                        gen_ai.operation.name = "chat",
                        gen_ai.usage.input_tokens = tracing::field::Empty
                    );
                    let _entered = chat.enter();
                    chat.record("gen_ai.usage.input_tokens", 42);
                    tracing::info!(attempt = 1, "sent");
                    let session = current_session().expect("a session");
                    session.span(SpanKind::Tool, "read_file").attribute("gen_ai.tool.name", "read_file");
                })
                .await;
        })
        .await;
    session.result("answer", &json!({"steps": [1, 2]}));
    session.finish();
    host.inspector.settle().await;

    let found = host.get(&format!("/sessions/{}", session.id())).await;
    assert_eq!(
        (&found["status"], &found["engine"], &found["agent"]),
        (&json!("completed"), &json!("tokio"), &json!("coder"))
    );
    assert_eq!((&found["tags"], &found["counters"]["spans"]), (&json!(["nightly"]), &json!(4)));
    assert_eq!(
        (&found["counters"]["llm_calls"], &found["counters"]["input_tokens"]),
        (&json!(1), &json!(42))
    );

    let tree = host.get(&format!("/sessions/{}/spans", session.id())).await;
    let expected =
        [row("Refactor the parser", 0), row("invoke_agent coder", 1), row("chat m", 2), row("read_file", 3)];
    assert_eq!(names(&tree), expected);

    let chat = tree["spans"][2]["span_id"].as_str().unwrap();
    let chat = host.get(&format!("/sessions/{}/spans/{chat}", session.id())).await;
    assert_eq!((&chat["kind"], &chat["source"]), (&json!("llm"), &json!("tracing")));
    assert_eq!(chat["attributes"]["gen_ai.usage.input_tokens"], 42);
    assert_eq!(
        (&chat["events"][0]["name"], &chat["events"][0]["attributes"]["attempt"]),
        (&json!("sent"), &json!(1))
    );

    let root = tree["spans"][0]["span_id"].as_str().unwrap();
    let root = host.get(&format!("/sessions/{}/spans/{root}", session.id())).await;
    assert_eq!(root["attributes"]["mcp.result.answer_json"], r#"{"steps":[1,2]}"#);
}

#[tokio::test]
async fn a_span_is_visible_with_its_attributes_while_it_runs() {
    let host = Host::in_memory();
    let session = host.inspector.session("slow").start();
    let span = session.span(SpanKind::Tool, "build");
    span.attribute("gen_ai.tool.call.arguments", "{\"target\":\"all\"}");
    host.inspector.settle().await;
    let tree = host.get(&format!("/sessions/{}/spans", session.id())).await;
    assert_eq!(names(&tree), [row("slow", 0), row("build", 1)]);
    assert!(tree["spans"][1].get("end_time").is_none());
    let whole = host.get(&format!("/sessions/{}/spans/{}", session.id(), span.id().unwrap())).await;
    assert_eq!(whole["attributes"]["gen_ai.tool.call.arguments"], "{\"target\":\"all\"}");
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "running");
    drop(span);
    session.fail("the compiler crashed");
    host.inspector.settle().await;
    let found = host.get(&format!("/sessions/{}", session.id())).await;
    assert_eq!((&found["status"], &found["error"]), (&json!("failed"), &json!("the compiler crashed")));
}

#[tokio::test]
async fn a_spawned_task_joins_the_session_when_it_is_told_to() {
    let host = Host::in_memory();
    let session = host.inspector.session("parallel").start();
    session
        .run(async {
            let inside = in_current_session(async {
                drop(current_session().map(|s| s.span(SpanKind::Tool, "inside")));
            });
            tokio::spawn(inside).await.unwrap();
            let outside = tokio::spawn(async { current_session().is_none() }).await.unwrap();
            assert!(outside, "a bare task belongs to no session");
        })
        .await;
    session.finish();
    host.inspector.settle().await;
    let tree = host.get(&format!("/sessions/{}/spans", session.id())).await;
    assert_eq!(names(&tree), [row("parallel", 0), row("inside", 1)]);
}

#[tokio::test]
async fn agent_spans_need_no_session_and_other_spans_without_one_stay_out() {
    let host = Host::in_memory();
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(host.inspector.layer()));
    {
        let _request = tracing::info_span!("GET /ask").entered();
        for model in ["a", "b"] {
            drop(
                tracing::info_span!(
                    "chat",
                    otel.name = format!("chat {model}"),
                    gen_ai.operation.name = "chat"
                )
                .entered(),
            );
        }
    }
    host.inspector.settle().await;
    let sessions = host.get("/sessions").await;
    assert_eq!(
        sessions["sessions"].as_array().unwrap().len(),
        1,
        "both calls stand in one trace: {sessions}"
    );
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    assert_eq!(names(&tree), [row("GET /ask", 0), row("chat a", 1), row("chat b", 1)]);
}

#[tokio::test]
async fn a_session_whose_handle_is_dropped_in_a_panic_has_failed() {
    let host = Host::in_memory();
    let inspector = host.inspector.clone();
    let id = tokio::spawn(async move {
        let session = inspector
            .session("doomed")
            .id(agent_inspector::model::SessionId::parse("doomed-1").unwrap())
            .start();
        session.run(async { panic!("a bug in the agent") }).await;
    });
    assert!(id.await.unwrap_err().is_panic());
    host.inspector.settle().await;
    let found = host.get("/sessions/doomed-1").await;
    assert_eq!((&found["status"], &found["error"]), (&json!("failed"), &json!("the host panicked")));
}

#[tokio::test]
async fn a_value_that_cannot_be_serialised_or_shown_does_not_reach_the_host() {
    struct Bad;
    impl serde::Serialize for Bad {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("a bug in the host")
        }
    }
    impl std::fmt::Debug for Bad {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("a bug in the host")
        }
    }
    let host = Host::in_memory();
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(host.inspector.layer()));
    let session = host.inspector.session("careful").start();
    session.state("plan", &Bad);
    session.in_scope(|| drop(tracing::info_span!("odd", value = ?Bad).entered()));
    session.finish();
    host.inspector.settle().await;
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "completed");
}

#[tokio::test]
async fn a_disabled_inspector_records_nothing_and_answers_nothing() {
    let inspector = Inspector::disabled();
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(inspector.layer()));
    let session = inspector.session("nobody sees this").start();
    let answer = session.run(async { session.span(SpanKind::Tool, "x").run(async { 7 }).await }).await;
    session.finish();
    inspector.settle().await;
    inspector.shutdown().await;
    assert_eq!(answer, 7);
}
