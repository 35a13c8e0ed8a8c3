//! What every store does alike. Each store runs the whole suite.

use std::sync::Arc;

use super::*;
use crate::model::{Event, EventKind, SessionStatus};

mod lists;
mod plain;
pub(super) mod search;
mod search_events;
pub(super) mod traces;

/// A store with what it needs to live; dropped together.
pub(super) struct Fresh {
    pub(super) store: Box<dyn Store>,
    _keep: Box<dyn std::any::Any>,
}

fn memory() -> Fresh {
    Fresh { store: Box::new(MemoryStore::default()), _keep: Box::new(()) }
}

fn plain() -> Fresh {
    Fresh { store: Box::new(plain::Plain::default()), _keep: Box::new(()) }
}

#[cfg(feature = "sqlite")]
fn sqlite() -> Fresh {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), crate::model::InstanceId::generate()).unwrap();
    Fresh { store: Box::new(store), _keep: Box::new(dir) }
}

/// Writes one test per behaviour and store. What stands behind the semicolon asks for more than the trait can do by itself.
macro_rules! contract {
    ($($behaviour:ident)* $(; $($ours:ident)*)?) => {
        mod memory {
            $(#[test] fn $behaviour() { super::$behaviour(&*$crate::store::contract::memory().store); })*
            $($(#[test] fn $ours() { super::$ours(&*$crate::store::contract::memory().store); })*)?
        }
        mod what_the_trait_does {
            $(#[test] fn $behaviour() { super::$behaviour(&*$crate::store::contract::plain().store); })*
        }
        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[test] fn $behaviour() { super::$behaviour(&*$crate::store::contract::sqlite().store); })*
            $($(#[test] fn $ours() { super::$ours(&*$crate::store::contract::sqlite().store); })*)?
        }
    };
}
use contract;

contract! {
    blocks_of_event_ids_do_not_overlap_and_stay_below_the_limit_of_javascript
    a_store_says_how_full_it_is
    the_replay_gives_events_after_an_id_in_order
    the_events_of_a_session_are_found_among_others
    what_outlives_the_replay_is_kept_with_its_session
    an_empty_batch_is_written_at_once
}

pub(super) fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

pub(super) fn trace(number: u8) -> TraceId {
    TraceId::from_bytes([number; 16]).unwrap()
}

pub(super) fn session(text: &str, at: i64) -> Session {
    Session::new(id(text), "otlp", format!("Session {text}"), Timestamp::from_nanos(at))
}

pub(super) fn span(of: TraceId, number: u64, end: Option<i64>) -> Span {
    let mut span = Span::new(
        of,
        SpanId::from_bytes(number.to_be_bytes()).unwrap(),
        format!("span {number}"),
        Timestamp::EPOCH,
    );
    span.end_time = end.map(Timestamp::from_nanos);
    span
}

pub(super) fn chunks(spans: &[Span]) -> Vec<Chunk> {
    let mut builder = ChunkBuilder::new(spans[0].trace_id);
    for (at, span) in spans.iter().enumerate() {
        builder.push(span, span.summary(EventId(at as u64 + 1))).unwrap();
    }
    builder.finish()
}

pub(super) fn chunk(spans: &[Span]) -> Chunk {
    let mut chunks = chunks(spans);
    assert_eq!(chunks.len(), 1, "few enough for one chunk");
    chunks.remove(0)
}

pub(super) fn frame(number: u64, of: Option<&str>, kind: EventKind) -> Arc<EventFrame> {
    let session_id = of.map(id);
    Arc::new(EventFrame::new(&Event { id: EventId(number), timestamp: Timestamp::EPOCH, session_id, kind }))
}

pub(super) fn custom(number: u64, of: Option<&str>) -> Arc<EventFrame> {
    frame(number, of, EventKind::Custom { name: "ticked".into(), data: number.into() })
}

fn finished(number: u64, of: &str) -> Arc<EventFrame> {
    let span = span(trace(1), number, Some(1)).summary(EventId(number));
    frame(number, Some(of), EventKind::SpanFinished { span: Box::new(span) })
}

pub(super) fn ids(events: &[EventFrame]) -> Vec<u64> {
    events.iter().map(|event| event.id.0).collect()
}

fn blocks_of_event_ids_do_not_overlap_and_stay_below_the_limit_of_javascript(store: &dyn Store) {
    let mut above = EventId(0);
    for count in [1, 100, 1] {
        let first = store.reserve_event_ids(count).unwrap();
        assert!(first > above && first.0 + count < EventId::LIMIT);
        above = EventId(first.0 + count - 1);
    }
    for too_many in [EventId::LIMIT, u64::MAX] {
        assert!(matches!(store.reserve_event_ids(too_many), Err(StoreError::Unavailable(_))));
    }
    let left = EventId::LIMIT - above.0 - 1;
    assert_eq!(store.reserve_event_ids(left).unwrap(), above.next());
    assert!(store.reserve_event_ids(1).is_err());
}

fn a_store_says_how_full_it_is(store: &dyn Store) {
    let empty = store.stats().unwrap();
    assert_eq!((empty.sessions, empty.spans, empty.events), (0, 0, 0));
    let of = trace(1);
    store
        .write(&WriteBatch {
            sessions: vec![session("a", 1)],
            traces: vec![(of, id("a"))],
            chunks: vec![chunk(&[span(of, 1, None), span(of, 2, Some(5))]), chunk(&[span(of, 1, Some(9))])],
            events: vec![finished(1, "a"), finished(2, "a")],
            ..Default::default()
        })
        .unwrap();
    store
        .write(&WriteBatch {
            chunks: vec![chunk(&[span(of, 2, Some(6)), span(of, 3, None)])],
            ..Default::default()
        })
        .unwrap();
    let full = store.stats().unwrap();
    assert_eq!((full.sessions, full.spans, full.events), (1, 3, 2));
    assert!(full.bytes > empty.bytes);
    store.write(&WriteBatch { removed_sessions: vec![id("a")], ..Default::default() }).unwrap();
    assert_eq!((store.stats().unwrap().sessions, store.stats().unwrap().spans), (0, 0));
}

fn the_replay_gives_events_after_an_id_in_order(store: &dyn Store) {
    let first = store.reserve_event_ids(100).unwrap().0;
    for batch in [0..10, 10..11, 11..40] {
        let events = batch.map(|at| custom(first + at, (at % 2 == 0).then_some("a"))).collect();
        store.write(&WriteBatch { events, ..Default::default() }).unwrap();
    }
    let all: Vec<u64> = (first..first + 40).collect();
    let read = |after: u64, limit: usize| {
        let query = EventQuery { after: EventId(after), limit, session_id: None };
        store.events(&query).unwrap()
    };
    assert_eq!(ids(&read(0, 1000)), all);
    assert_eq!(ids(&read(first + 3, 4)), all[4..8]);
    assert_eq!(ids(&read(first + 9, 3)), all[10..13]);
    assert!(read(first + 39, 10).is_empty());
    assert_eq!(read(0, 0).len(), 0);
    assert!(store.replay_floor().unwrap() < EventId(first));
    let again = &read(first - 1, 1)[0];
    let written = custom(first, Some("a"));
    assert_eq!(
        (again.sse(), &again.session_id, &again.event_type),
        (written.sse(), &written.session_id, &written.event_type)
    );
}

fn the_events_of_a_session_are_found_among_others(store: &dyn Store) {
    let first = store.reserve_event_ids(100).unwrap().0;
    let events =
        (0..40).map(|at| if at % 3 == 0 { finished(first + at, "a") } else { custom(first + at, Some("b")) });
    store.write(&WriteBatch { events: events.collect(), ..Default::default() }).unwrap();
    store.write(&WriteBatch { events: vec![custom(first + 50, Some("a"))], ..Default::default() }).unwrap();
    let query = EventQuery { after: EventId(first + 20), limit: 1000, session_id: Some(id("a")) };
    let expected: Vec<u64> = [21, 24, 27, 30, 33, 36, 39, 50].map(|at| first + at).to_vec();
    assert_eq!(ids(&store.events(&query).unwrap()), expected);
    assert_eq!(ids(&store.events(&EventQuery { limit: 2, ..query.clone() }).unwrap()), expected[..2]);
    let nobody = EventQuery { session_id: Some(id("nobody")), ..query };
    assert!(store.events(&nobody).unwrap().is_empty());
}

fn what_outlives_the_replay_is_kept_with_its_session(store: &dyn Store) {
    let mut next = store.reserve_event_ids(10 * REPLAY_EVENTS).unwrap().0;
    let first = next;
    store
        .write(&WriteBatch {
            sessions: vec![session("a", 1)],
            events: vec![custom(first, Some("a")), custom(first + 1, Some("not-stored"))],
            ..Default::default()
        })
        .unwrap();
    next += 1;
    while next < first + REPLAY_EVENTS + 2_000 {
        let events: Vec<_> = (next + 1..=next + 1_000).map(|number| finished(number, "b")).collect();
        store.write(&WriteBatch { events, ..Default::default() }).unwrap();
        next += 1_000;
    }
    let floor = store.replay_floor().unwrap();
    assert!(floor > EventId(first) && floor.0 + REPLAY_EVENTS_AT_LEAST <= next);
    let replay = store.events(&EventQuery { after: floor, limit: usize::MAX, session_id: None }).unwrap();
    assert_eq!(ids(&replay), (floor.0 + 1..=next).collect::<Vec<_>>());
    let query = EventQuery { after: EventId(0), limit: 10, session_id: Some(id("a")) };
    assert_eq!(ids(&store.events(&query).unwrap()), [first]);
    // Nothing would ever remove the events of a session that is not here.
    let elsewhere = EventQuery { session_id: Some(id("not-stored")), ..query.clone() };
    assert!(store.events(&elsewhere).unwrap().is_empty());
    store.write(&WriteBatch { removed_sessions: vec![id("a")], ..Default::default() }).unwrap();
    assert!(store.events(&query).unwrap().is_empty());
}

fn an_empty_batch_is_written_at_once(store: &dyn Store) {
    store.write(&WriteBatch::default()).unwrap();
    assert!(!store.maintain(Duration::ZERO).unwrap());
    let query = SessionQuery { limit: 10, statuses: vec![SessionStatus::Running], ..Default::default() };
    assert!(store.sessions(&query).unwrap().is_empty());
}
