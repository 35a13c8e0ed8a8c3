//! What the MCP layer costs a request, and a streamed answer: the same server with it and without, in one run.
//!
//! ```text
//! cargo bench -p agent-inspector-benches --bench mcp
//! ```
//!
//! It may add 50 µs to a request at p99.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot run says so")]

use std::convert::Infallible;
use std::time::{Duration, Instant};

use agent_inspector::Inspector;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::routing::post;
use hdrhistogram::Histogram;
use http_body_util::BodyExt;
use tower::ServiceExt;

const REQUESTS: usize = 20_000;
const STREAMS: usize = 400;
const EVENTS: usize = 500;
/// Between two requests, so that what is measured is a request and not what the inspector does with those before.
const PAUSE: Duration = Duration::from_micros(200);

/// About how long the layer takes.
const AS_LONG: Duration = Duration::from_micros(9);

const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{"query":"how does the layer read a body","limit":10},"_meta":{"progressToken":"p-7"}}}"#;
const ANSWER: &str = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"It reads a request up to a bound before the server gets it, and looks at the answer while that passes by."}],"isError":false}}"#;

async fn ask(app: &Router, path: &str) -> Duration {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("mcp-session-id", "bench")
        .header("mcp-protocol-version", "2025-11-25")
        .body(Body::from(CALL))
        .unwrap();
    let app = app.clone();
    let began = Instant::now();
    let body = app.oneshot(request).await.unwrap().into_body().collect().await.unwrap();
    let took = began.elapsed();
    assert!(!body.to_bytes().is_empty());
    took
}

fn waited() {
    let until = Instant::now() + PAUSE;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

/// Turn by turn, so that a busy moment of the machine meets all of them.
async fn measure(apps: &[(&str, Router)], path: &str, times: usize, unit: u32) {
    let mut taken: Vec<_> = apps.iter().map(|_| Histogram::<u64>::new(3).unwrap()).collect();
    for turn in 0..times + times / 10 {
        for ((_, app), taken) in apps.iter().zip(&mut taken) {
            let took = ask(app, path).await / unit;
            if turn >= times / 10 {
                taken.record(u64::try_from(took.as_nanos()).unwrap()).unwrap();
            }
            waited();
        }
    }
    for ((what, _), taken) in apps.iter().zip(&taken) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 nanoseconds")]
        let micros = |quantile| taken.value_at_quantile(quantile) as f64 / 1e3;
        let (p50, p95, p99) = (micros(0.5), micros(0.95), micros(0.99));
        println!("{path:<8} {what:<16} p50 {p50:7.2} µs    p95 {p95:7.2} µs    p99 {p99:7.2} µs");
    }
}

fn server() -> Router {
    let frame = Bytes::from(format!(
        "data: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{{\"data\":\"{}\"}}}}\n\n",
        "x".repeat(1000)
    ));
    let last = Bytes::from(format!("data: {ANSWER}\n\n"));
    let streams = post(move |_: Bytes| {
        let frames = std::iter::repeat_n(frame.clone(), EVENTS - 1).chain([last.clone()]);
        let frames: Vec<_> = frames.map(Ok::<_, Infallible>).collect();
        async {
            let body = Body::from_stream(tokio_stream::iter(frames));
            ([("content-type", "text/event-stream")], body).into_response()
        }
    });
    Router::new()
        .route("/call", post(|_: Bytes| async { ([("content-type", "application/json")], ANSWER) }))
        .route("/stream", streams)
}

fn main() {
    let inspector = Inspector::builder().in_memory().build().unwrap();
    // What this machine does to a request that takes so long, whatever it does in that time.
    let as_long = axum::middleware::from_fn(|request: Request<Body>, next: Next| async {
        let until = Instant::now() + AS_LONG;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        next.run(request).await
    });
    let apps = [
        ("bare", server()),
        ("bare, as long", server().layer(as_long)),
        ("disabled", server().layer(Inspector::disabled().mcp_layer())),
        ("with the layer", server().layer(inspector.mcp_layer())),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        measure(&apps, "/call", REQUESTS, 1).await;
        println!("a stream of {EVENTS} events of 1 KB, for each event:");
        measure(&apps, "/stream", STREAMS, u32::try_from(EVENTS).unwrap()).await;
    });
}
