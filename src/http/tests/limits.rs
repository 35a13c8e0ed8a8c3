//! What is too much is sent away at once, and told when to come back.

use std::sync::atomic::Ordering;

use super::support::{Answer, Site, local, session};
use crate::http::limits::{STORE_READS_AT_ONCE, STORE_READS_WAITING};

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
            let (router, request) = (router.clone(), local("/sessions/x").body(axum::body::Body::empty()));
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
