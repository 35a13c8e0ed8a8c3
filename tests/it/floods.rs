//! Senders that are slow or many, on a wire.

use std::time::Duration;

use agent_inspector::Inspector;

use crate::serve::Served;

/// More senders than batches are decoded at once, or large bodies read at once.
#[cfg(feature = "otlp")]
const SENDERS: usize = 12;

/// More senders than requests are in hand at once.
#[cfg(feature = "otlp")]
const SILENT: usize = 150;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

const SHORT: Duration = Duration::from_millis(20);

async fn served(idle: Duration) -> Served {
    let inspector = Inspector::builder().in_memory().body_timeouts(idle, LONG).build().unwrap();
    Served::new(inspector, true).await
}

#[cfg(feature = "otlp")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_that_fall_silent_hold_up_nobody() {
    let served = served(LONG).await;
    let headers = "content-type: application/json\r\ncontent-length: 3000000\r\n";
    let small: Vec<_> = (0..SENDERS).map(|_| served.post("/v1/traces", headers, "{\"resourceSp")).collect();
    // Little beyond what is read without a place: the rest fits into the buffers of the connection.
    let large = " ".repeat((1 << 20) + (64 << 10));
    let large: Vec<_> = (0..SENDERS).map(|_| served.post("/v1/traces", headers, &large)).collect();
    for _ in 0..SENDERS {
        let whole = "content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n";
        let answer = served.post("/v1/traces", whole, "{}").until_end().await;
        assert!(answer.read.starts_with("HTTP/1.1 200"), "{}", answer.read);
    }
    drop((small, large));
}

#[cfg(feature = "otlp")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_stop_within_their_bodies_others_are_taken() {
    let served = served(LONG).await;
    let headers = "content-type: application/json\r\ncontent-length: 1000\r\n";
    let silent: Vec<_> = (0..SILENT)
        .flat_map(|_| ["/v1/traces", "/events"])
        .map(|path| served.post(path, headers, "{"))
        .collect();
    let whole = "content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n";
    for path in ["/v1/traces", "/v1/logs", "/events"] {
        let body = if path == "/events" { "[]" } else { "{}" };
        let answer = served.post(path, whole, body).until_end().await;
        assert!(answer.read.starts_with("HTTP/1.1 200"), "{path}: {}", answer.read);
    }
    drop(silent);
}

#[cfg(feature = "otlp")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exporter_whose_body_does_not_come_is_asked_to_send_it_again() {
    let served = served(SHORT).await;
    for begun in ["", "{\"resourceSp"] {
        let headers = "content-type: application/json\r\ncontent-length: 100\r\n";
        let answer = served.post("/v1/traces", headers, begun).until("too slowly").await.read;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    }
    let headers = "content-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n";
    let answer = served.post("/v1/traces", headers, "2\r\n\n\x02\r\n").until("too slowly").await.read;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_or_a_sign_in_whose_body_does_not_come_is_given_up() {
    let served = served(SHORT).await;
    for path in ["/signal/job", "/auth"] {
        let headers = "content-type: application/json\r\ncontent-length: 100\r\n";
        let answer = served.post(path, headers, "{").until("body_too_slow").await.read;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}
