//! What waiting, stepping and cancelling cost: a checkpoint that nobody stops at, and the way from an answer to the host that
//! goes on with it.
//!
//! ```text
//! cargo bench -p agent-inspector-benches --bench control
//! ```
//!
//! A checkpoint may cost 50 ns while nobody steps; from the answer's 202 to the host it may take 5 ms at p99.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot run says so")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use agent_inspector::Inspector;
use axum::body::Body;
use axum::http::Request;
use hdrhistogram::Histogram;
use tower::ServiceExt;

const BATCH: u32 = 1_000;
const BATCHES: usize = 2_000;
const ANSWERS: usize = 2_000;

/// The median of batches, in nanoseconds a call.
fn median(mut call: impl FnMut()) -> f64 {
    let mut batches: Vec<_> = (0..BATCHES)
        .map(|_| {
            let began = Instant::now();
            (0..BATCH).for_each(|_| call());
            began.elapsed()
        })
        .collect();
    batches.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 nanoseconds")]
    let nanos = batches[BATCHES / 2].as_nanos() as f64;
    nanos / f64::from(BATCH)
}

#[derive(serde::Serialize)]
struct State {
    goal: &'static str,
    steps: [u32; 16],
}

fn free(inspector: &Inspector, what: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let session = inspector.session("bench").start();
    let state = State { goal: "x", steps: [7; 16] };
    runtime.block_on(async {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let checkpoint = median(|| {
            let mut reaching =
                session.checkpoint("before_tool", black_box(&state)).tool("search").into_future();
            black_box(std::pin::Pin::new(&mut reaching).poll(&mut cx).is_ready());
        });
        let looked = median(|| _ = black_box(session.is_cancelled()));
        println!("{what:<24} checkpoint {checkpoint:6.1} ns    is_cancelled {looked:6.1} ns");
    });
}

/// From the moment an answer is sent, through the router, to the host that has it, and the request alone.
async fn answered(inspector: &Inspector) {
    let app = inspector.router::<()>();
    let session = inspector.session("bench").start();
    let mut events = inspector.events();
    let (mut resumed, mut accepted) = (histogram(), histogram());
    for _ in 0..ANSWERS {
        let waiting = tokio::spawn({
            let session = session.clone();
            async move {
                session.wait_for::<bool>("go").await.unwrap();
                Instant::now()
            }
        });
        while events.next().await.unwrap().event_type() != "WaitingOnSignal" {}
        let peer = axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 9)));
        let request = Request::post(format!("/signal/{}", session.id()))
            .header("host", "localhost")
            .header("content-type", "application/json")
            .extension(peer)
            .body(Body::from(r#"{"signal":"go","payload":true}"#))
            .unwrap();
        let began = Instant::now();
        let answer = app.clone().oneshot(request).await.unwrap();
        accepted.record(nanos(began.elapsed())).unwrap();
        assert_eq!(answer.status(), 202);
        resumed.record(nanos(waiting.await.unwrap().saturating_duration_since(began))).unwrap();
    }
    for (what, times) in [("answer to 202", accepted), ("answer to resumed", resumed)] {
        let micros = |quantile| times.value_at_quantile(quantile) / 1_000;
        println!("{what:<24} p50 {:>5} µs    p99 {:>5} µs", micros(0.5), micros(0.99));
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).unwrap()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn main() {
    let inspector = Inspector::builder().in_memory().allow_stepping().build().unwrap();
    free(&Inspector::disabled(), "disabled");
    free(&inspector, "nobody steps");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(answered(&inspector));
}
