//! Shared parts of the benchmarks: everything goes through the public door, as a host uses it.

pub mod process;
pub mod spans;
pub mod wire;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// How many calls are timed together: one call is shorter than a look at the clock.
pub const BATCH: u64 = 1_000;

/// The runtime that readers and requests run on.
///
/// # Panics
///
/// When the system gives no threads.
#[must_use]
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// Times `iterations` calls in batches of [`BATCH`], and lets the inspector catch up in between, so that a call is
/// measured and not a full lane.
pub fn in_batches(iterations: u64, mut call: impl FnMut(), mut rest: impl FnMut()) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = iterations;
    while left > 0 {
        let batch = left.min(BATCH);
        let start = Instant::now();
        for _ in 0..batch {
            call();
        }
        total += start.elapsed();
        left -= batch;
        rest();
    }
    total
}

/// The value in the middle of `values`, or between the two in the middle; none of none.
#[must_use]
pub fn median(values: Vec<f64>) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value below which the share `quantile` of `values` lies, between the two nearest; none of none.
#[must_use]
pub fn quantile(mut values: Vec<f64>, quantile: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = quantile.clamp(0.0, 1.0) * values.len().checked_sub(1)? as f64;
    let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// What an agent's call of a model costs in spans: one of them with four attributes, start and end.
pub fn span_of_four_attributes() {
    let _span = tracing::info_span!(
        target: "bench",
        "chat scripted-1",
        gen_ai.operation.name = "chat",
        gen_ai.request.model = "scripted-1",
        gen_ai.usage.input_tokens = 1_200_u64,
        gen_ai.usage.output_tokens = 75_u64,
    )
    .entered();
}

/// A request as a local browser would send it.
///
/// # Panics
///
/// When `path` is no path.
pub async fn get(app: &Router, path: &str) -> Response<Body> {
    let request = Request::get(path)
        .header("host", "127.0.0.1")
        .header("accept-encoding", "gzip")
        .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))))
        .body(Body::empty())
        .expect("a request");
    app.clone().oneshot(request).await.expect("routers do not fail")
}
