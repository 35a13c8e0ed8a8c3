//! What a host says of its spans, and where a visitor finds it.

use std::future::ready;

use agent_inspector::model::{SpanKind, Usage};
use agent_inspector::{Inspect, InspectFuture, InspectResult, SpanGuard};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

use crate::support::{Host, local};

/// A span as a visitor is told of it.
async fn whole(host: &Host, session: &str, span: &SpanGuard) -> Value {
    host.inspector.settle().await;
    host.get(&format!("/sessions/{session}/spans/{}", span.id().unwrap())).await
}

/// The events of a type, from the beginning up to the one called `last`.
async fn events(host: &Host, kind: &str, last: &str) -> Vec<Value> {
    let request = Request::get(format!("/_inspector/events?last_event_id=0&types={kind},Custom"));
    let mut body = host.send(local(request, Body::empty())).await.into_body();
    let mut read = String::new();
    while !read.contains(last) {
        let frame = body.frame().await.unwrap().unwrap();
        read.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    let lines = read.lines().filter_map(|line| line.strip_prefix("data: "));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["type"] == kind)
        .collect()
}

#[tokio::test]
async fn what_goes_in_and_comes_out_stands_under_the_name_for_the_kind_of_span() {
    let host = Host::in_memory();
    let session = host.inspector.session("enriched").start();
    for (kind, input, output) in [
        (SpanKind::Llm, "mcp.llm.prompt_json", "mcp.llm.response_json"),
        (SpanKind::Tool, "mcp.tool.input_json", "mcp.tool.output_json"),
        (SpanKind::Workflow, "mcp.workflow.input_json", "mcp.workflow.output_json"),
        (SpanKind::Agent, "mcp.workflow.input_json", "mcp.workflow.output_json"),
        (SpanKind::Retrieval, "input.value", "output.value"),
    ] {
        let span = session.span(kind, "step");
        span.input(&json!({"q": 1})).output(&["a"]);
        let told = whole(&host, session.id().as_str(), &span).await;
        assert_eq!(
            (&told["attributes"][input], &told["attributes"][output]),
            (&json!(r#"{"q":1}"#), &json!(r#"["a"]"#)),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_model_call_says_what_it_was_asked_by_whom_and_what_it_took() {
    let host = Host::in_memory();
    let session = host.inspector.session("enriched").start();
    let chat = session.span(SpanKind::Llm, "chat");
    let messages: Vec<Value> =
        (0..30).map(|n| json!({"role": "user", "content": format!("message {n}")})).collect();
    chat.model("m-1").provider("openai").messages(&messages).reply(&json!([{"role": "assistant"}]));
    chat.history(&messages).model_preferences(&json!({"speedPriority": 1}));
    chat.usage(&Usage::default().input_tokens(30).cache_read_tokens(10));
    let told = whole(&host, session.id().as_str(), &chat).await;
    assert_eq!((&told["model"], &told["provider"]), (&json!("m-1"), &json!("openai")));
    assert_eq!(told["usage"], json!({"input_tokens": 30, "cache_read_tokens": 10}), "unknown stays unknown");
    let attributes = &told["attributes"];
    let history: Vec<Value> =
        serde_json::from_str(attributes["mcp.llm.history_snapshot"].as_str().unwrap()).unwrap();
    assert_eq!(history, messages[10..], "the last twenty");
    assert_eq!(attributes["mcp.llm.history_snapshot_truncated"], true);
    assert_eq!(attributes["mcp.model.preferences_json"], r#"{"speedPriority":1}"#);
    assert_eq!(attributes["gen_ai.output.messages"], r#"[{"role":"assistant"}]"#);
}

#[tokio::test]
async fn state_progress_and_cancellation_stand_on_the_span_they_are_of() {
    let host = Host::in_memory();
    let session = host.inspector.session("enriched").start();
    let tool = session.span(SpanKind::Tool, "build");
    tool.tool("build").structured_output(&json!({"ok": true})).state("plan", &[1, 2]).result("size", &7);
    tool.progress_token("token-7").progress(Some(250.0), "linking").cancellation_requested();
    let told = whole(&host, session.id().as_str(), &tool).await;
    let attributes = &told["attributes"];
    for (name, value) in [
        ("mcp.tool.structured_output_json", json!(r#"{"ok":true}"#)),
        ("mcp.state.plan_json", json!("[1,2]")),
        ("mcp.result.size_json", json!("7")),
        ("mcp.progress.token", json!("token-7")),
        ("mcp.cancellation.requested", json!(true)),
    ] {
        assert_eq!(attributes[name], value, "{name}");
    }
    host.inspector.emit("the end", json!(null));
    let progress = events(&host, "ProgressUpdate", "the end").await;
    assert_eq!(
        (&progress[0]["span_id"], &progress[0]["percent"], &progress[0]["message"]),
        (&told["span_id"], &json!(100.0), &json!("linking"))
    );
}

#[tokio::test]
async fn a_resource_that_was_read_and_a_prompt_that_was_used_are_published_whoever_says_so() {
    let host = Host::in_memory();
    let session = host.inspector.session("enriched").start();
    let resource = session.span(SpanKind::Resource, "read");
    resource.resource("file:///report.md?token=abc123def456ghi", Some("text/markdown"), Some(512));
    resource.finish();
    let prompt = session.span(SpanKind::Prompt, "fill in");
    prompt.prompt("greeting", &json!({"name": "Ada", "password": "hunter2hunter2"}));
    prompt.finish();
    let mut failed = session.span(SpanKind::Resource, "read");
    failed.resource("file:///absent", None, None);
    failed.error("no such file");
    failed.finish();
    {
        let registry = tracing_subscriber::registry().with(host.inspector.layer());
        let _subscriber = tracing::subscriber::set_default(registry);
        drop(tracing::info_span!(
            "resources/list",
            mcp.method.name = "resources/list",
            mcp.resource.uri = "x"
        ));
        drop(tracing::info_span!(
            "resources/read",
            mcp.method.name = "resources/read",
            mcp.resource.uri = "file:///b"
        ));
    }
    #[cfg(feature = "otlp")]
    {
        let string = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let span = json!({
            "traceId": "249d0e49a29910886c9895950073aa9a", "spanId": "00000000000000a1", "name": "prompt.apply",
            "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000",
            "attributes": [string("mcp.prompt.template_id", "farewell"), string("mcp.prompt.parameters_json", &"x".repeat(5000))]
        });
        host.post("/v1/traces", &json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})).await;
    }
    host.inspector.settle().await;
    host.inspector.emit("the end", json!(null));
    let resources = events(&host, "ResourceFetched", "the end").await;
    let told: Vec<_> =
        resources.iter().map(|event| json!([event["uri"], event["mime_type"], event["bytes"]])).collect();
    assert_eq!(
        told,
        [
            json!(["file:///report.md?token=[redacted]", "text/markdown", 512]),
            json!(["file:///b", null, null])
        ]
    );
    assert_eq!(resources[0]["session_id"], session.id().as_str());
    let prompts = events(&host, "PromptUsed", "the end").await;
    assert_eq!(
        (&prompts[0]["template_id"], &prompts[0]["parameters"]),
        (&json!("greeting"), &json!({"name": "Ada", "password": "[redacted]"}))
    );
    #[cfg(feature = "otlp")]
    assert_eq!((&prompts[1]["template_id"], prompts[1].get("parameters")), (&json!("farewell"), None));
}

#[tokio::test]
async fn a_value_a_result_and_what_a_future_gives_stand_on_the_current_span_with_one_word() {
    let host = Host::in_memory();
    assert_eq!("nowhere".inspect_as("x"), "nowhere");
    let session = host.inspector.session("inspected").start();
    let span = session.span(SpanKind::Tool, "work");
    let given = span
        .run(async {
            let value = vec![1, 2].inspect_as("list");
            assert_eq!(None::<u8>.inspect_as("nothing"), None);
            let failed: Result<u8, std::fmt::Error> = Err(std::fmt::Error);
            assert!(failed.inspect_result_as("failed").is_err());
            assert_eq!(Ok::<_, std::io::Error>(5).inspect_result_as("five").unwrap(), 5);
            assert_eq!(ready("later").inspect_output_as("future").await, "later");
            value
        })
        .await;
    assert_eq!(given, [1, 2]);
    let told = whole(&host, session.id().as_str(), &span).await;
    for (name, json) in [
        ("list", "[1,2]"),
        ("nothing", "null"),
        ("failed", r#"{"error":"an error occurred when formatting an argument"}"#),
        ("five", "5"),
        ("future", "\"later\""),
    ] {
        assert_eq!(told["attributes"][format!("mcp.result.{name}_json")], json, "{name}");
    }
}

#[tokio::test]
async fn a_value_stands_on_the_current_span_of_tracing_also_without_a_session() {
    let host = Host::in_memory();
    let registry = tracing_subscriber::registry().with(host.inspector.layer());
    let _subscriber = tracing::subscriber::set_default(registry);
    tracing::info_span!("chat", gen_ai.operation.name = "chat")
        .in_scope(|| assert_eq!(3.inspect_as("three"), 3));
    host.inspector.settle().await;
    let id = host.get("/sessions").await["sessions"][0]["id"].as_str().unwrap().to_owned();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let span =
        host.get(&format!("/sessions/{id}/spans/{}", tree["spans"][0]["span_id"].as_str().unwrap())).await;
    assert_eq!(span["attributes"]["mcp.result.three_json"], "3");
}
