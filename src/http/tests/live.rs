use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::request::Builder;
use tokio_stream::StreamExt;
use tower::ServiceExt;

use super::support::{Site, local};

/// What a client of the stream sees.
struct Stream(BodyDataStream);

impl Stream {
    async fn open(site: &Site, request: Builder) -> Self {
        let response = site.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self(response.into_body().into_data_stream())
    }

    async fn chunk(&mut self) -> String {
        // Longer than the keep-alive, so that paused time reaches that first.
        let chunk =
            tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("a chunk in time");
        let chunk = chunk.expect("the stream goes on").unwrap();
        String::from_utf8(chunk.to_vec()).unwrap()
    }

    /// The messages until there are `count`, each as its id and type; data-less blocks are no messages.
    async fn messages(&mut self, count: usize) -> Vec<(u64, String)> {
        let mut messages = Vec::new();
        while messages.len() < count {
            let chunk = self.chunk().await;
            for block in chunk.split_terminator("\n\n") {
                let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
                let id = block.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
                let data: serde_json::Value = serde_json::from_str(data).unwrap();
                assert_eq!(data["id"], id);
                messages.push((id, data["type"].as_str().unwrap().to_owned()));
            }
        }
        messages
    }

    async fn ids(&mut self, count: usize) -> Vec<u64> {
        self.messages(count).await.into_iter().map(|(id, _)| id).collect()
    }
}

fn after(id: u64) -> Builder {
    local("/events").header("last-event-id", id.to_string())
}

#[tokio::test]
async fn a_new_reader_is_told_its_place_at_once_and_sees_what_comes_from_now_on() {
    let site = Site::new();
    site.publish(1..=3);
    let mut stream = Stream::open(&site, local("/events")).await;
    assert_eq!(stream.chunk().await, "retry: 2000\nid: 3\n\n");
    assert_eq!(site.bus.readers(), 1);
    site.publish(4..=6);
    assert_eq!(stream.ids(3).await, [4, 5, 6]);
    drop(stream);
    assert_eq!(site.bus.readers(), 0);
}

#[tokio::test]
async fn a_reader_that_reconnects_misses_nothing_and_sees_nothing_twice() {
    let site = Site::new();
    site.publish(1..=6);
    let mut stream = Stream::open(&site, after(2)).await;
    assert_eq!(stream.ids(4).await, [3, 4, 5, 6]);
    let mut stream = Stream::open(&site, local("/events?last_event_id=5")).await;
    assert_eq!(stream.ids(1).await, [6]);
}

#[tokio::test]
async fn what_the_ring_dropped_comes_from_the_store_and_then_the_ring_goes_on() {
    let site = Site::new();
    // The ring holds eight; the store has all up to 995, so the two overlap.
    let all = site.publish(1..=1000);
    site.store.events.lock().extend(all.into_iter().take(995));
    let mut stream = Stream::open(&site, after(3)).await;
    let expected: Vec<u64> = (4..=1000).collect();
    assert_eq!(stream.ids(expected.len()).await, expected);
    site.publish([1001]);
    assert_eq!(stream.ids(1).await, [1001]);
}

#[tokio::test]
async fn what_neither_has_is_one_gap_whose_id_leads_on() {
    let site = Site::new();
    let all = site.publish(1..=100);
    // The store lost what lies up to 50 by retention, and has not got what lies after 60.
    site.store.events.lock().extend(all.into_iter().filter(|one| (51..=60).contains(&one.id.0)));
    site.store.floor.store(50, Ordering::Relaxed);
    let mut stream = Stream::open(&site, after(10)).await;
    let seen = stream.messages(1 + 10 + 1 + 8).await;
    assert_eq!(seen[0], (50, "Gap".into()));
    assert_eq!(seen[1..11].iter().map(|one| one.0).collect::<Vec<_>>(), (51..=60).collect::<Vec<_>>());
    assert_eq!(seen[11], (92, "Gap".into()));
    assert_eq!(seen[12..].iter().map(|one| one.0).collect::<Vec<_>>(), (93..=100).collect::<Vec<_>>());
    assert_eq!(site.state.limits.missed.load(Ordering::Relaxed), 40 + 32);
}

#[tokio::test]
async fn a_gap_says_what_is_missing() {
    let site = Site::new();
    site.publish(1..=20);
    site.store.broken.store(true, Ordering::Relaxed);
    let mut stream = Stream::open(&site, after(4)).await;
    stream.chunk().await;
    let gap = stream.chunk().await;
    assert!(gap.starts_with("id: 12\n"), "{gap}");
    assert!(gap.contains(r#""type":"Gap","missed_from":5,"missed_to":12,"at_most":8"#), "{gap}");
}

#[tokio::test]
async fn ids_that_were_reserved_and_never_used_are_no_gap() {
    let site = Site::new();
    let bus = std::sync::Arc::new(crate::bus::Bus::new(crate::model::EventId(1000), 8, usize::MAX));
    let site = Site { state: crate::http::AppState { bus: bus.clone(), ..site.state.clone() }, bus, ..site };
    site.store.events.lock().extend((1..=5).map(super::support::frame));
    let mut stream = Stream::open(&site, after(3)).await;
    site.publish([1001, 1002]);
    assert_eq!(stream.ids(4).await, [4, 5, 1001, 1002]);
}

#[tokio::test]
async fn an_unreadable_id_is_said_and_an_unknown_one_is_a_gap() {
    let site = Site::new();
    site.publish(1..=3);
    let mut stream = Stream::open(&site, local("/events").header("last-event-id", "a\tb")).await;
    let opening = stream.chunk().await;
    assert!(
        opening.starts_with(": the last event id was not readable") && opening.contains("\nid: 3\n"),
        "{opening}"
    );
    let mut stream = Stream::open(&site, after(77)).await;
    assert_eq!(stream.messages(1).await, [(3, "Gap".into())]);
}

#[tokio::test]
async fn a_filter_lets_through_what_was_asked_for_under_its_own_id() {
    let site = Site::new();
    let mut stream = Stream::open(&site, local("/events?session_id=s1")).await;
    let mut none = Stream::open(&site, local("/events?types=Log,SpanStarted")).await;
    none.chunk().await;
    site.publish(1..=6);
    assert_eq!(stream.ids(3).await, [1, 3, 5]);
    assert!(tokio::time::timeout(Duration::from_millis(50), none.chunk()).await.is_err());
    let wrong = site.get("/events?types=Log,Nonsense").await;
    assert_eq!(wrong.problem(), (400, "unknown_event_type".into()));
    assert!(wrong.json()["detail"].as_str().unwrap().contains("SpanFinished"));
    assert_eq!(site.get("/events?session_id=a/b").await.problem(), (400, "invalid_session_id".into()));
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_a_comment_that_moves_a_filtered_readers_place() {
    let site = Site::new();
    let mut stream = Stream::open(&site, local("/events?types=Log")).await;
    assert_eq!(stream.chunk().await, "retry: 2000\nid: 0\n\n");
    let begin = tokio::time::Instant::now();
    assert_eq!(stream.chunk().await, ": keep-alive\n\n");
    assert_eq!(begin.elapsed(), Duration::from_secs(15));
    site.publish(1..=6);
    assert_eq!(stream.chunk().await, ": keep-alive\nid: 6\n\n");
    assert_eq!(stream.chunk().await, ": keep-alive\n\n");
}

#[tokio::test]
async fn small_messages_travel_together_and_a_chunk_stays_small() {
    let site = Site::new();
    let all = site.publish(1..=2010);
    site.store.events.lock().extend(all.into_iter().take(2005));
    let mut stream = Stream::open(&site, after(0)).await;
    stream.chunk().await;
    let (mut chunks, mut messages) = (0, 0);
    while messages < 2010 {
        let chunk = stream.chunk().await;
        assert!(chunk.len() <= 32 << 10 && chunk.ends_with("\n\n"));
        messages += chunk.matches("data: ").count();
        chunks += 1;
    }
    assert!(messages == 2010 && chunks < 30, "{chunks} chunks");
}

#[tokio::test]
async fn every_stream_ends_when_the_inspector_shuts_down() {
    let site = Site::new();
    let mut stream = Stream::open(&site, local("/events")).await;
    stream.chunk().await;
    site.shutdown.send_replace(true);
    assert!(stream.0.next().await.is_none());
}
