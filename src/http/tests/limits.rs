//! What is too much is sent away at once, and told when to come back.

use std::sync::atomic::Ordering;

use axum::body::Body;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::support::{Answer, Site, local, session};
use crate::http::SLOW_READER_CUT;
use crate::http::access::MAX_HEAD_BYTES;
use crate::http::download::DOWNLOADS_AT_ONCE;
#[cfg(feature = "otlp")]
use crate::http::download::EXPORTS_AT_ONCE;
use crate::http::limits::{
    SEARCHES_AT_ONCE, SEARCHES_WAITING, STORE_READS_AT_ONCE, STORE_READS_WAITING, TREES_AT_ONCE,
    TREES_WAITING,
};

/// Whoever is sent away for a while is told for how long.
fn sent_away(answer: &Answer, code: &str) {
    assert!(matches!(answer.status.as_u16(), 429 | 503), "{answer:?}");
    assert_eq!(answer.header("retry-after"), "1", "{answer:?}");
    assert!(String::from_utf8_lossy(&answer.body).contains(code), "{code}: {answer:?}");
}

#[tokio::test]
#[expect(clippy::await_holding_lock, reason = "it is what keeps the store from answering")]
async fn reads_that_wait_for_the_store_are_bounded_and_the_next_one_is_refused_at_once() {
    let site = Site::new();
    let router = site.router();
    let stalled = site.store.sessions.lock();
    let waiting: Vec<_> = (0..STORE_READS_AT_ONCE + STORE_READS_WAITING)
        .map(|_| {
            let (router, request) = (router.clone(), local("/sessions/x").body(Body::empty()));
            tokio::spawn(async move { super::support::answer(&router, request.unwrap()).await })
        })
        .collect();
    // They run in turn on this one thread, each to where it waits.
    while site.state.limits.reads_in_hand() < waiting.len() {
        tokio::task::yield_now().await;
    }
    sent_away(&site.get("/sessions/x").await, "store_busy");
    drop(stalled);
    for answer in waiting {
        assert_eq!(answer.await.unwrap().problem(), (404, "session_not_found".into()));
    }
    assert_eq!(site.get("/sessions/x").await.status, 404);
    assert_eq!(site.get("/health").await.json()["counters"]["refused"], 1);
}

#[tokio::test]
async fn whoever_is_sent_away_is_told_when_to_come_back() {
    let site = Site::new();
    let limits = &site.state.limits;
    let streams: Vec<_> = std::iter::from_fn(|| limits.readers.place().ok()).collect();
    sent_away(&site.get("/events").await, "too_many_streams");
    site.store.sessions.lock().push(session("long", 1));
    sent_away(&site.get("/trace/long").await, "too_many_streams");
    drop(streams);
    #[cfg(feature = "otlp")]
    {
        let places: Vec<_> = std::iter::from_fn(|| limits.ingest_place()).collect();
        let send = || local("/v1/traces").header("content-type", "application/json");
        sent_away(&site.post(send(), "{}").await, "too many requests");
        drop(places);
        site.state.pipeline.stop().await;
        sent_away(&site.post(send(), one_span()).await, "shutting down");
    }
    let guess = || local("/auth").header("content-type", "application/json");
    let mut guessed = site.post(guess(), r#"{"token": "wrong"}"#).await;
    for _ in 0..1000 {
        if guessed.status == 429 {
            break;
        }
        guessed = site.post(guess(), r#"{"token": "wrong"}"#).await;
    }
    sent_away(&guessed, "too_many_guesses");
    site.store.broken.store(true, Ordering::Relaxed);
    for path in ["/sessions/x", "/sessions/x/spans", "/sessions/x/events", "/trace/x"] {
        sent_away(&site.get(path).await, "store_unavailable");
    }
    sent_away(&site.post(local("/cancel/x"), "").await, "store_unavailable");
}

#[cfg(feature = "otlp")]
fn one_span() -> &'static str {
    r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "work", "spanId": "00000000000000a1",
        "traceId": "249d0e49a29910886c9895950073aa9a", "startTimeUnixNano": "1720000000000000000"}]}]}]}"#
}

#[tokio::test]
async fn downloads_are_bounded_and_exports_among_them_more_tightly() {
    let site = Site::new();
    site.store.sessions.lock().push(session("long", 1));
    #[cfg(feature = "otlp")]
    {
        let exports: Vec<_> = std::iter::from_fn(|| site.state.export().ok()).collect();
        assert_eq!(exports.len(), EXPORTS_AT_ONCE);
        sent_away(&site.get("/sessions/long/otlp").await, "too_many_downloads");
        assert_eq!(site.get("/trace/long").await.status, 200);
    }
    let downloads: Vec<_> = std::iter::from_fn(|| site.state.download().ok()).collect();
    assert_eq!(downloads.len(), DOWNLOADS_AT_ONCE);
    sent_away(&site.get("/trace/long").await, "too_many_downloads");
    assert_eq!(site.get("/sessions/long").await.status, 200, "everybody else goes on");
    drop(downloads);
    assert_eq!(site.get("/trace/long").await.status, 200);
    #[cfg(feature = "otlp")]
    assert_eq!(site.get("/sessions/long/otlp").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_download_whose_client_does_not_read_breaks_off_and_gives_its_place_back() {
    let site = Site::new();
    site.store.sessions.lock().push(session("long", 1));
    (0..3).for_each(|number| site.store.add_block(&format!("{{\"span\":{number}}}\n")));
    let request = local("/trace/long").body(Body::empty()).unwrap();
    let mut body = site.router().oneshot(request).await.unwrap().into_body();
    assert!(body.frame().await.unwrap().is_ok());
    assert_eq!(site.state.limits.downloads.available_permits(), DOWNLOADS_AT_ONCE - 1);
    tokio::time::sleep(SLOW_READER_CUT * 2).await;
    assert_eq!(site.state.limits.downloads.available_permits(), DOWNLOADS_AT_ONCE);
    assert!(body.frame().await.unwrap().is_err(), "it is not taken for the whole");
    assert_eq!(site.get("/health").await.json()["counters"]["readers_cut"], 1);
}

#[tokio::test(start_paused = true)]
async fn trees_and_searches_wait_for_their_turn_and_not_for_ever() {
    let site = Site::new();
    site.store.sessions.lock().push(session("long", 1));
    for (path, turns, at_once, waiting) in [
        ("/sessions/long/spans", &site.state.limits.trees, TREES_AT_ONCE, TREES_WAITING),
        ("/search?q=x", &site.state.limits.searches, SEARCHES_AT_ONCE, SEARCHES_WAITING),
    ] {
        let mut held = Vec::new();
        for _ in 0..at_once {
            held.push(turns.next().await.unwrap());
        }
        let asked = || {
            let (router, request) = (site.router(), local(path).body(Body::empty()).unwrap());
            tokio::spawn(async move { super::support::answer(&router, request).await })
        };
        let in_line: Vec<_> = (0..waiting).map(|_| asked()).collect();
        while turns.in_hand() < at_once + waiting {
            tokio::task::yield_now().await;
        }
        sent_away(&site.get(path).await, "store_busy");
        for answer in in_line {
            sent_away(&answer.await.unwrap(), "store_busy");
        }
        drop(held);
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn an_address_and_headers_beyond_what_is_read_are_refused_and_what_is_below_is_not() {
    let site = Site::new();
    let long = "x".repeat(MAX_HEAD_BYTES);
    for request in [
        local("/health").header("cookie", &long),
        local(&format!("/health?q={}", &long[..60_000])).header("cookie", &long[..10_000]),
    ] {
        assert_eq!(site.send(request).await.problem(), (431, "head_too_large".into()));
    }
    let fits = local("/health").header("cookie", &long[..60_000]);
    assert_eq!(site.send(fits).await.status, 200);
}

#[tokio::test]
async fn the_bounds_are_told_to_those_who_may_see_everything() {
    let site = Site::new();
    let limits = |answer: &Answer| answer.json()["limits"].as_object().unwrap().len();
    assert!(limits(&site.get("/health").await) > 40);
    let stranger = axum::http::Request::get("/health").header("host", "box.example");
    assert_eq!(limits(&site.send(stranger).await), 0);
}
