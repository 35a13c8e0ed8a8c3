//! Questions to the mounted router, and how long their answers take.

use std::time::{Duration, Instant};

use agent_inspector_benches::{get, quantile};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// Sends a batch as an exporter does; only an acknowledged one counts.
pub(crate) async fn post(app: &Router, body: Vec<u8>) {
    let peer = axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 50_000)));
    let request = Request::post("/_inspector/v1/traces")
        .header("host", "127.0.0.1")
        .header("content-type", "application/x-protobuf")
        .extension(peer)
        .body(Body::from(body))
        .expect("a request");
    let answer = app.clone().oneshot(request).await.expect("routers do not fail");
    assert_eq!(answer.status(), StatusCode::OK, "the batch was stored");
}

/// How much of an answer is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    FirstBytes,
    End,
}

async fn ask(app: &Router, path: &str, until: Until) -> Duration {
    let began = Instant::now();
    let answer = get(app, path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let mut body = answer.into_body();
    match until {
        Until::FirstBytes => {
            let first = body.frame().await.expect("bytes").expect("bytes");
            assert!(first.into_data().is_ok_and(|bytes| !bytes.is_empty()), "{path}");
        }
        Until::End => assert!(!body.collect().await.expect("a body").to_bytes().is_empty(), "{path}"),
    }
    began.elapsed()
}

/// Asks `times` times for what `path` gives and prints the median and the 95th percentile.
pub(crate) async fn measure(
    app: &Router,
    what: &str,
    until: Until,
    times: usize,
    mut path: impl FnMut() -> String,
) {
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        took.push(ask(app, &path(), until).await.as_secs_f64() * 1e3);
    }
    let at = |share| quantile(took.clone(), share).unwrap_or(f64::NAN);
    println!("  {what:<44} p50 {:>8.2} ms   p95 {:>8.2} ms", at(0.5), at(0.95));
}
