//! Shared parts of the benchmarks: everything goes through the public door, as a host uses it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use agent_inspector::Inspector;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
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

/// Reads the live stream `readers` times over, for as long as the runtime lives.
pub fn read_live(runtime: &Runtime, inspector: &Inspector, readers: usize) {
    let app: Router = Router::new().nest("/_inspector", inspector.router());
    for _ in 0..readers {
        let app = app.clone();
        let body = runtime.block_on(async { get(&app, "/_inspector/events").await.into_body() });
        runtime.spawn(async move {
            let mut body = body;
            while let Some(Ok(_)) = body.frame().await {}
        });
    }
}
