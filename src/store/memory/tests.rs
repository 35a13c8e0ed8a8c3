use std::time::Duration;

use super::*;
use crate::model::SessionStatus;
use crate::store::contract::{chunk, id, session, span, trace};

/// A session with one block of some 4,000 bytes that do not compress.
fn batch(name: &str, number: u8, status: SessionStatus) -> WriteBatch {
    let mut of_session = session(name, i64::from(number));
    of_session.status = status;
    let mut noise = span(trace(number), 1, None);
    let mut seed = u64::from(number);
    let text: String = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{seed:016x}")
    })
    .take(500)
    .collect();
    noise.attributes.set("input.value", text);
    WriteBatch {
        sessions: vec![of_session],
        traces: vec![(trace(number), id(name))],
        chunks: vec![chunk(&[noise])],
        ..Default::default()
    }
}

fn names(store: &MemoryStore) -> Vec<String> {
    let all = SessionQuery { limit: 100, ..Default::default() };
    store.sessions(&all).unwrap().iter().map(|session| session.id.to_string()).collect()
}

#[test]
fn the_oldest_ended_sessions_make_room_first() {
    let store = MemoryStore::new(40_000);
    store.write(&batch("running", 1, SessionStatus::Running)).unwrap();
    for number in 2..50 {
        store.write(&batch(&format!("ended-{number}"), number, SessionStatus::Completed)).unwrap();
        assert!(store.stats().unwrap().bytes <= 40_000);
    }
    let left = names(&store);
    assert!(left.contains(&"running".to_owned()) && left.contains(&"ended-49".to_owned()), "{left:?}");
    assert!(!left.contains(&"ended-2".to_owned()) && left.len() > 2, "{left:?}");
    assert_eq!(store.session_spans(&id("running")).unwrap().len(), 1);
}

#[test]
fn when_all_run_the_oldest_lines_go_and_the_sessions_stay() {
    let store = MemoryStore::new(40_000);
    for number in 1..20 {
        store.write(&batch(&format!("s{number}"), number, SessionStatus::Running)).unwrap();
    }
    assert!(store.stats().unwrap().bytes <= 40_000);
    assert_eq!(names(&store).len(), 19);
    assert!(store.session_spans(&id("s1")).unwrap().is_empty());
    assert_eq!(store.session_spans(&id("s19")).unwrap().len(), 1);
    assert!(store.trace_index(&id("s1")).unwrap().unwrap().blocks.is_empty());
}

#[test]
fn nothing_is_left_of_what_was_removed() {
    let store = MemoryStore::default();
    for number in 1..4 {
        store.write(&batch("a", number, SessionStatus::Failed)).unwrap();
    }
    store.write(&WriteBatch { removed_sessions: vec![id("a")], ..Default::default() }).unwrap();
    let stats = store.stats().unwrap();
    assert_eq!((stats.bytes, stats.sessions, stats.spans), (0, 0, 0));
}

#[test]
fn ids_are_not_used_again_after_a_restart_in_a_later_second() {
    let now = Timestamp::from(SystemTime::now());
    let before = first_event_id(now);
    let later = first_event_id(now.plus(Duration::from_secs(1)));
    assert_eq!(later.0 - before.0, 1 << 20);
    assert!(first_event_id(Timestamp::from_nanos(i64::MAX)).0 < EventId::LIMIT);
    assert_eq!(first_event_id(Timestamp::EPOCH), EventId(1));
    assert!(MemoryStore::default().reserve_event_ids(1).unwrap() >= before);
}

#[test]
fn pinned_sessions_stay_when_others_make_room() {
    let store = MemoryStore::new(40_000);
    for number in 1..50 {
        let name = format!("s{number}");
        let pins = if number <= 2 { vec![(id(&name), true)] } else { Vec::new() };
        let batch = WriteBatch { pins, ..batch(&name, number, SessionStatus::Completed) };
        store.write(&batch).unwrap();
        assert!(store.stats().unwrap().bytes <= 40_000 && store.notice().is_none());
    }
    let left = names(&store);
    assert!(["s1", "s2", "s49"].iter().all(|name| left.contains(&(*name).to_owned())), "{left:?}");
    assert_eq!(store.session_spans(&id("s1")).unwrap().len(), 1);
    let pins = left.iter().map(|name| (id(name), true)).collect();
    store.write(&WriteBatch { pins, ..Default::default() }).unwrap();
    for number in 50..80 {
        store.write(&batch(&format!("s{number}"), number, SessionStatus::Completed)).unwrap();
    }
    assert!(left.iter().all(|name| names(&store).contains(name)));
    assert!(
        store.stats().unwrap().bytes <= 45_000 && store.notice().is_none_or(|why| why.contains("pinned"))
    );
}
