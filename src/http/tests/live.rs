use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::request::Builder;
use tokio_stream::StreamExt;
use tower::ServiceExt;

use super::support::{Site, gap_frame, local};
use crate::http::SLOW_READER_CUT;
use crate::http::live::{CATCHING_UP, WAITING_TO_CATCH_UP};

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

#[tokio::test(start_paused = true)]
async fn only_so_many_catch_up_from_the_store_at_once_and_the_others_are_told_what_they_missed() {
    let site = Site::new();
    let all = site.publish(1..=100);
    site.store.events.lock().extend(all);
    // As if so many readers were in the middle of it.
    let turns = u32::try_from(CATCHING_UP).unwrap();
    let catching_up = std::sync::Arc::clone(&site.state.limits.catching_up);
    let others = catching_up.acquire_many_owned(turns).await.unwrap();
    let mut late = Stream::open(&site, after(3)).await;
    let seen = late.messages(1 + 8).await;
    assert_eq!((seen[0].0, seen[0].1.as_str(), seen[1].0), (92, "Gap", 93));
    drop(others);
    let mut stream = Stream::open(&site, after(3)).await;
    assert_eq!(stream.ids(97).await, (4..=100).collect::<Vec<_>>());
    assert_eq!(site.state.limits.catching_up.available_permits(), CATCHING_UP);
    assert_eq!(site.state.limits.waiting_to_catch_up.available_permits(), WAITING_TO_CATCH_UP);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_has_fallen_behind_is_told_at_once_instead_of_waiting_to_catch_up() {
    let site = Site::new();
    let all = site.publish(1..=100);
    site.store.events.lock().extend(all);
    let limits = &site.state.limits;
    let places = u32::try_from(WAITING_TO_CATCH_UP).unwrap();
    let others = std::sync::Arc::clone(&limits.waiting_to_catch_up).acquire_many_owned(places).await.unwrap();
    let began = tokio::time::Instant::now();
    let mut late = Stream::open(&site, after(3)).await;
    let seen = late.messages(1 + 8).await;
    assert_eq!((seen[0].0, seen[0].1.as_str(), seen[1].0), (92, "Gap", 93));
    assert_eq!(began.elapsed(), Duration::ZERO);
    drop(others);
    let mut stream = Stream::open(&site, after(3)).await;
    assert_eq!(stream.ids(97).await, (4..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_of_one_session_needs_no_store_when_the_ring_dropped_what_was_told_of_others() {
    let site = Site::new();
    let mut stream = Stream::open(&site, local("/events?session_id=s1")).await;
    assert_eq!(stream.chunk().await, "retry: 2000\nid: 0\n\n");
    // The ring holds eight, and the store nothing.
    site.publish((2..=200).step_by(2));
    site.publish([201]);
    assert_eq!(stream.ids(1).await, [201]);
    assert_eq!(site.state.limits.missed.load(Ordering::Relaxed), 0);
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
        assert!(chunk.len() <= 16 << 10 && chunk.ends_with("\n\n"));
        messages += chunk.matches("data: ").count();
        chunks += 1;
    }
    assert!(messages == 2010 && chunks < 40, "{chunks} chunks");
}

#[tokio::test]
async fn every_stream_ends_when_the_inspector_shuts_down() {
    let site = Site::new();
    let mut stream = Stream::open(&site, local("/events")).await;
    stream.chunk().await;
    site.bus.close();
    assert!(stream.0.next().await.is_none());
    assert!(
        Stream::open(&site, local("/events")).await.chunk().await.starts_with("retry"),
        "it is told its place"
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_is_cut_off_and_goes_on_where_it_was() {
    let site = Site::new();
    let mut stalled = Stream::open(&site, local("/events")).await;
    let mut reading = Stream::open(&site, local("/events")).await;
    let mut idle = Stream::open(&site, local("/events?types=Log")).await;
    for stream in [&mut stalled, &mut reading, &mut idle] {
        stream.chunk().await;
    }
    site.publish([1]);
    assert_eq!(stalled.ids(1).await, [1]);
    // From here on nobody asks for the next part of it.
    for id in 2..=5 {
        site.publish([id]);
        let kept_alive = tokio::spawn(async move { (idle.chunk().await, idle).1 });
        assert_eq!(reading.ids(if id == 2 { 2 } else { 1 }).await.last(), Some(&id));
        tokio::time::sleep(SLOW_READER_CUT / 2).await;
        idle = kept_alive.await.unwrap();
    }
    assert_eq!((site.bus.readers(), site.state.limits.readers.cut()), (2, 1));
    assert!(stalled.0.next().await.is_none(), "its stream has ended");
    assert_eq!(Stream::open(&site, after(1)).await.ids(4).await, [2, 3, 4, 5]);
}

#[tokio::test]
async fn an_id_of_a_process_that_lives_beside_this_one_is_not_of_this_stream() {
    let site = Site::new();
    site.publish(1..=20);
    site.store.foreign.store(7, Ordering::Relaxed);
    let mut stream = Stream::open(&site, after(7)).await;
    assert!(stream.chunk().await.starts_with(": the last event id is not of this stream"));
    site.publish([21]);
    assert_eq!(stream.ids(1).await, [21]);
}

#[tokio::test]
async fn what_the_store_could_not_take_at_the_time_is_a_gap_among_what_it_could() {
    let site = Site::new();
    let all = site.publish(1..=30);
    let mut kept: Vec<_> = all.into_iter().filter(|one| !(6..=10).contains(&one.id.0)).collect();
    kept.insert(5, gap_frame(6, 10));
    *site.store.events.lock() = kept;
    let mut stream = Stream::open(&site, after(7)).await;
    let gap = stream.messages(1).await;
    assert_eq!(gap, [(10, "Gap".into())]);
    assert_eq!(site.state.limits.missed.load(Ordering::Relaxed), 3, "what it had already is not missed");
    assert_eq!(stream.ids(20).await, (11..=30).collect::<Vec<_>>());
    let mut stream = Stream::open(&site, after(2)).await;
    let ids: Vec<u64> = [3, 4, 5, 10].into_iter().chain(11..=30).collect();
    assert_eq!(stream.ids(ids.len()).await, ids);
}
