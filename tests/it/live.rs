//! The live stream over a real connection.

use std::time::Duration;

use agent_inspector::Inspector;
use serde_json::json;

use crate::serve::{Served, events};

async fn served() -> Served {
    Served::new(Inspector::builder().in_memory().build().unwrap(), true).await
}

fn names(read: &str) -> Vec<u64> {
    events(read).iter().filter_map(|event| event["data"]["at"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_come_at_once_and_events_when_they_happen() {
    let served = served().await;
    let wire = served.ask("/events", "").until("retry: 2000").await;
    assert!(wire.read.starts_with("HTTP/1.1 200 OK\r\n"), "{}", wire.read);
    for header in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-cache, no-transform\r\n",
        "x-accel-buffering: no\r\n",
    ] {
        assert!(wire.read.contains(header), "{}", wire.read);
    }
    served.inspector.emit("tick", json!({"at": 1}));
    let wire = wire.until("\"at\":1}").await;
    let event = events(&wire.read).pop().unwrap();
    assert_eq!((&event["type"], &event["name"]), (&json!("Custom"), &json!("tick")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_reconnects_misses_nothing_and_sees_nothing_twice() {
    let served = served().await;
    let wire = served.ask("/events", "").until("retry: 2000").await;
    (1..=50).for_each(|at| served.inspector.emit("tick", json!({ "at": at })));
    let wire = wire.until("\"at\":25}").await;
    let seen = names(&wire.read);
    let last = events(&wire.read).pop().unwrap()["id"].as_u64().unwrap();
    drop(wire);
    (51..=100).for_each(|at| served.inspector.emit("tick", json!({ "at": at })));
    let again = served.ask("/events", &format!("last-event-id: {last}\r\n")).until("\"at\":100}").await;
    let all = [seen, names(&again.read)].concat();
    assert_eq!(all, (1..=100).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_was_away_for_longer_than_the_ring_gets_the_rest_from_the_store() {
    let inspector = Inspector::builder().in_memory().ring(16, usize::MAX).build().unwrap();
    let served = Served::new(inspector, true).await;
    (1..=500).for_each(|at| served.inspector.emit("tick", json!({ "at": at })));
    served.inspector.settle().await;
    let wire = served.ask("/events?last_event_id=0", "").until("\"at\":500}").await;
    assert_eq!(names(&wire.read), (1..=500).collect::<Vec<u64>>());
    assert!(!wire.read.contains("\"Gap\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_shutdown_ends_the_streams_and_so_the_host() {
    let served = served().await;
    let wire = served.ask("/events", "").until("retry: 2000").await;
    served.inspector.shutdown().await;
    let wire = tokio::time::timeout(Duration::from_secs(5), wire.until_end()).await.expect("the stream ends");
    assert!(wire.read.ends_with("0\r\n\r\n"), "it ends well: {}", wire.read);
    tokio::time::timeout(Duration::from_secs(5), served.server).await.expect("the host ends").unwrap();
}
