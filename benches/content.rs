//! What it costs to open a span with a megabyte of messages: to bring them into one shape, and to fetch the span from the
//! store on disk with them.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench content`.

use agent_inspector::Inspector;
use agent_inspector::fuzzing::content;
use agent_inspector::model::{Span, SpanId, SpanKind, Timestamp, TraceId};
use agent_inspector_benches::{get, runtime};
use axum::Router;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// The messages of a conversation of so many bytes: words, calls and results as agents exchange them.
fn conversation(bytes: usize) -> Vec<Value> {
    let (mut messages, mut size) = (Vec::new(), 0);
    while size < bytes {
        let turn = messages.len();
        let call = json!({"type": "tool_call", "id": format!("call_{turn}"), "name": "bash",
            "arguments": {"command": format!("cargo test --package number-{turn}"), "timeout": 120}});
        let result = json!({"type": "tool_call_response", "id": format!("call_{turn}"),
            "result": format!("{{\"exit_code\":0,\"output\":\"{}\"}}", "test passed \\\"é\\\" ".repeat(60))});
        let text = json!({"type": "text", "content": "Now that these pass, let us look at the next one.\n".repeat(8)});
        for message in [
            json!({"role": "assistant", "parts": [text, call], "finish_reason": "tool_call"}),
            json!({"role": "tool", "parts": [result]}),
        ] {
            size += message.to_string().len() + 1;
            messages.push(message);
        }
    }
    messages
}

fn plain() -> Span {
    let (trace, id) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([1; 8]));
    let mut span = Span::new(trace.expect("an id"), id.expect("an id"), "chat", Timestamp::EPOCH);
    span.kind = SpanKind::Llm;
    span
}

/// As OpenInference has them: each leaf an attribute.
fn flattened(messages: &[Value]) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let name = |rest: &str| format!("llm.input_messages.{index}.message.{rest}");
        leaves.push((name("role"), message["role"].as_str().unwrap_or_default().to_owned()));
        leaves.push((name("content"), message["parts"].to_string()));
    }
    leaves
}

fn opening(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("opening a span with 1 MB of messages");
    let messages = conversation(1_000_000);
    let text = serde_json::to_string(&messages).expect("JSON");
    let mut in_json = plain();
    in_json.attributes.set("gen_ai.input.messages", text);
    group.bench_function("JSON in one attribute, read", |bencher| bencher.iter(|| content(&in_json)));
    group.bench_function("JSON in one attribute, written", |bencher| {
        bencher.iter_batched_ref(
            || content(&in_json),
            |content| serde_json::to_vec(content).expect("JSON"),
            BatchSize::LargeInput,
        );
    });

    // Of an attribute 30 KiB are stored, so that a megabyte lies in many.
    let leaves = flattened(&conversation(1_000_000));
    let mut in_names = plain();
    for (name, value) in &leaves {
        in_names.attributes.set(name.clone(), value.as_str());
    }
    group
        .bench_function("in an attribute for each leaf, read", |bencher| bencher.iter(|| content(&in_names)));

    let runtime = runtime();
    let dir = tempfile::tempdir().expect("a directory");
    let inspector = Inspector::builder().data_dir(dir.path()).build().expect("an inspector");
    let session = inspector.session("bench").start();
    let span = session.span(SpanKind::Llm, "chat");
    for (name, value) in leaves {
        span.attribute(name, value);
    }
    let path = format!("/_inspector/sessions/{}/spans/{}", session.id(), span.id().expect("a span"));
    drop(span);
    session.finish();
    runtime.block_on(inspector.settle());
    let app: Router = Router::new().nest("/_inspector", inspector.router());
    group.bench_function("fetched from the store, whole", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                get(&app, &path).await.into_body().collect().await.expect("a body").to_bytes()
            })
        });
    });
    group.finish();
}

criterion_group!(benches, opening);
criterion_main!(benches);
