//! How often the host's thread asks for memory when it records: counted on that thread alone, over 1,000 calls.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench allocations`. A counting allocator is slower, so that times are
//! measured elsewhere, by `publish` and `layer`.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector_benches::{BATCH, runtime, span_of_four_attributes};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::routing::post;
use http_body_util::BodyExt;
use serde_json::json;
use tokio::sync::broadcast;
use tower::ServiceExt;
use tracing::subscriber::with_default;
use tracing_subscriber::prelude::*;

const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{"query":"where"}}}"#;

fn main() {
    let runtime = runtime();
    let inspector = Inspector::builder().in_memory().build().expect("an inspector");
    let session = inspector.session("bench").start();
    let settle = || runtime.block_on(inspector.settle());

    println!("for each call: allocations, bytes");
    count("session.emit of a number", || session.emit("tick", json!(1)), settle);
    let event = json!({"task": "read the file", "attempt": 1});
    count("cloning a JSON object of two", || _ = event.clone(), || {});
    count("session.emit of that clone", || session.emit("tick", event.clone()), settle);
    with_default(tracing_subscriber::registry(), || {
        count("span of four attributes, bare registry", span_of_four_attributes, || {});
    });
    with_default(tracing_subscriber::registry().with(inspector.layer()), || {
        session.in_scope(|| {
            count("span of four attributes, inspector.layer()", span_of_four_attributes, settle);
        });
    });
    let (sender, _receiver) = broadcast::channel::<Arc<str>>(65_536);
    count("broadcast::send of an Arc<str>", || _ = sender.send(Arc::from("tick")), || {});
    let answers =
        || Router::new().route("/", post(|_: Bytes| async { r#"{"jsonrpc":"2.0","id":7,"result":{}}"# }));
    for (name, app) in [
        ("a request to an MCP server, bare", answers()),
        ("a request to an MCP server, inspector.mcp_layer()", answers().layer(inspector.mcp_layer())),
    ] {
        let ask = || {
            let request = Request::post("/")
                .header("mcp-session-id", "bench")
                .body(Body::from(CALL))
                .expect("a request");
            let answer = runtime.block_on(app.clone().oneshot(request)).expect("an answer");
            runtime.block_on(answer.into_body().collect()).expect("its body");
        };
        count(name, ask, settle);
    }
    let disabled = Inspector::disabled().session("bench").start();
    count("session.emit of a number, inspector disabled", || disabled.emit("tick", json!(1)), || {});
}

/// Prints what `call` asks for, once the queues behind it have grown to their size.
fn count(name: &str, call: impl Fn(), settle: impl Fn()) {
    let calls = || (0..BATCH).for_each(|_| call());
    for _ in 0..3 {
        calls();
        settle();
    }
    let counted = allocation_counter::measure(calls);
    settle();
    println!(
        "{:>8.3} {:>8.0}  {name}",
        counted.count_total as f64 / BATCH as f64,
        counted.bytes_total as f64 / BATCH as f64
    );
}
