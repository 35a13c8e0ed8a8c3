use super::*;
use crate::store::contract::traces::served;

const LONG: Duration = Duration::from_secs(60);

/// A session whose 600 spans were each written when they began and when they ended, in chunks of 7 lines.
fn long_session(store: &SqliteStore, name: &str, number: u8) {
    let of = trace(number);
    let lines: Vec<Span> = (1..=600).flat_map(|at| [span(of, at, None), span(of, at, Some(9))]).collect();
    store.write(&WriteBatch { chunks: Vec::new(), ..ended(name, number) }).unwrap();
    let chunks = lines.chunks(7).map(chunk).collect();
    store.write(&WriteBatch { chunks, ..Default::default() }).unwrap();
}

fn spans(store: &SqliteStore, name: &str) -> Vec<SpanSummary> {
    let mut spans = store.session_spans(&id(name)).unwrap();
    spans.sort_by_key(|span| (span.trace_id, span.span_id));
    spans
}

#[test]
fn packing_keeps_each_spans_last_line_in_few_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    long_session(&store, "a", 1);
    let before = (spans(&store, "a"), store.trace_index(&id("a")).unwrap().unwrap());
    assert!(store.compact(&id("a")).unwrap());
    let after = store.trace_index(&id("a")).unwrap().unwrap();
    assert_eq!(spans(&store, "a"), before.0);
    assert!(after.generation != before.1.generation && after.blocks.len() <= 6, "{}", after.blocks.len());
    assert!(after.blocks.iter().all(|block| !before.1.blocks.contains(block)));
    assert!(before.1.blocks.iter().all(|block| store.block(block.id).unwrap().is_none()));
    let lines: Vec<Span> =
        served(&store, "a").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 600);
    assert!(lines.iter().all(|line| line.end_time.is_some()));
    for number in [1, 300, 600] {
        let whole = span(trace(1), number, Some(9));
        assert_eq!(store.spans(&id("a"), whole.span_id).unwrap(), [whole]);
    }
    assert_eq!(store.stats().unwrap().spans, 600);
    assert!(!store.compact(&id("a")).unwrap(), "there is nothing left to pack");
    assert_eq!(store.trace_index(&id("a")).unwrap().unwrap(), after);
}

#[test]
fn what_comes_after_packing_is_added_and_packed_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    long_session(&store, "a", 1);
    store.compact(&id("a")).unwrap();
    let before = store.trace_index(&id("a")).unwrap().unwrap();
    let mut late = span(trace(1), 300, Some(99));
    late.name = "corrected".into();
    store
        .write(&WriteBatch {
            chunks: vec![chunk(&[late.clone(), span(trace(1), 601, None)])],
            ..Default::default()
        })
        .unwrap();
    let grown = store.trace_index(&id("a")).unwrap().unwrap();
    assert_eq!(
        (grown.generation, &grown.blocks[..before.blocks.len()]),
        (before.generation, &before.blocks[..])
    );
    assert!(store.compact(&id("a")).unwrap());
    assert_eq!(store.spans(&id("a"), late.span_id).unwrap(), [late]);
    assert_eq!((spans(&store, "a").len(), served(&store, "a").lines().count()), (601, 601));
    assert_eq!(store.stats().unwrap().spans, 601);
}

/// A session of `count` short traces, packed into blocks that they share.
fn short_traces(store: &SqliteStore, name: &str, count: u8) {
    for number in 1..=count {
        store.write(&ended(name, number)).unwrap();
    }
    assert!(store.compact(&id(name)).unwrap());
}

#[test]
fn short_traces_of_a_session_share_a_block() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    short_traces(&store, "a", 50);
    assert_eq!(store.trace_index(&id("a")).unwrap().unwrap().blocks.len(), 1);
    assert_eq!((spans(&store, "a").len(), served(&store, "a").lines().count()), (100, 100));
    for number in [1, 50] {
        assert_eq!(store.trace_spans(trace(number)).unwrap().len(), 2);
    }
    let same_id = store.spans(&id("a"), span(trace(1), 2, None).span_id).unwrap();
    assert_eq!(same_id, (1..=50).map(|number| span(trace(number), 2, Some(5))).collect::<Vec<_>>());
    // A few more are packed together with the small block.
    store.write(&ended("a", 51)).unwrap();
    assert!(store.compact(&id("a")).unwrap());
    assert_eq!(store.trace_index(&id("a")).unwrap().unwrap().blocks.len(), 1);
    store.write(&WriteBatch { removed_sessions: vec![id("a")], ..Default::default() }).unwrap();
    let left = |table: &str| {
        schema::number(&store.writer.lock().connection, &format!("SELECT count(*) FROM {table}"))
    };
    assert_eq!((left("blocks").unwrap(), left("block_bytes").unwrap(), left("traces").unwrap()), (0, 0, 0));
}

#[test]
fn a_trace_that_leaves_takes_only_its_own_lines_along() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    short_traces(&store, "a", 5);
    let mut batch = ended("b", 9);
    batch.traces.push((trace(3), id("b")));
    store.write(&batch).unwrap();
    assert_eq!(served(&store, "a").lines().count(), 8);
    assert!(!served(&store, "a").contains(&trace(3).to_string()));
    assert_eq!(served(&store, "b").lines().count(), 4);
    assert_eq!((spans(&store, "a").len(), spans(&store, "b").len()), (8, 4));
    for (session, number) in [("a", 1), ("b", 3)] {
        let whole = span(trace(number), 2, Some(5));
        assert!(store.spans(&id(session), whole.span_id).unwrap().contains(&whole));
    }
    assert_eq!(store.stats().unwrap().spans, 12);
}

#[test]
fn a_running_session_is_not_packed_and_neither_is_one_that_has_just_ended() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.write(&running("runs", 1)).unwrap();
    let mut just = ended("just-ended", 2);
    just.sessions[0].updated_at = now();
    store.write(&just).unwrap();
    assert!(!store.compact(&id("runs")).unwrap());
    assert!(!store.maintain(LONG).unwrap());
    assert_eq!(served(&store, "runs").lines().count(), 2);
    assert!(store.upkeep(Duration::ZERO, now().plus(Duration::from_secs(31))).unwrap());
}

#[test]
fn a_span_that_was_abandoned_says_so_in_the_packed_trace() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).write(&running("a", 1)).unwrap();
    let store = open(dir.path());
    assert!(!served(&store, "a").contains(r#""abandoned":true"#));
    assert!(store.compact(&id("a")).unwrap());
    assert_eq!(served(&store, "a").matches(r#""abandoned":true"#).count(), 1);
}

#[test]
fn ended_sessions_go_when_they_are_too_old_and_running_ones_stay() {
    let dir = tempfile::tempdir().unwrap();
    let retention = Retention { age: Duration::from_secs(10), ..Default::default() };
    let store = open(dir.path()).with_retention(retention);
    store.write(&ended("old", 1)).unwrap();
    store.write(&running("old-and-running", 2)).unwrap();
    let mut fresh = ended("fresh", 3);
    fresh.sessions[0].updated_at = now();
    store.write(&fresh).unwrap();
    let orphan = span(trace(4), 1, None);
    store.write(&WriteBatch { chunks: vec![chunk(&[orphan])], ..Default::default() }).unwrap();
    assert!(!store.maintain(LONG).unwrap());
    assert_eq!(store.session(&id("old")).unwrap(), None);
    assert!(store.trace_spans(trace(1)).unwrap().is_empty());
    assert_eq!(status(&store, "old-and-running"), SessionStatus::Running);
    assert_eq!(status(&store, "fresh"), SessionStatus::Completed);
    assert_eq!(store.trace_spans(trace(4)).unwrap().len(), 1);
    store.upkeep(LONG, now().plus(Duration::from_secs(11))).unwrap();
    assert!(store.trace_spans(trace(4)).unwrap().is_empty(), "spans that nobody asked for go too");
    assert_eq!((store.stats().unwrap().sessions, store.stats().unwrap().spans), (1, 2));
}

#[test]
fn the_oldest_sessions_make_room_and_the_file_shrinks() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for number in 1..=60 {
        long_session(&store, &format!("s{number:02}"), number);
    }
    let used = |store: &SqliteStore| {
        let writer = store.writer.lock();
        writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(writer);
        store.stats().unwrap().bytes
    };
    let before = used(&store);
    let bytes = before / 4;
    let store = store.with_retention(Retention { bytes, age: Duration::MAX });
    while store.maintain(Duration::ZERO).unwrap() {}
    let left = store.sessions(&SessionQuery { limit: 100, ..Default::default() }).unwrap();
    let left: Vec<_> = left.iter().map(|session| session.id.to_string()).collect();
    assert!(
        left.contains(&"s60".to_owned()) && !left.contains(&"s01".to_owned()) && left.len() < 60,
        "{left:?}"
    );
    assert!(used(&store) < before * 3 / 4, "{} of {before}", used(&store));
    assert_eq!(store.stats().unwrap().spans, 600 * left.len() as u64);
}

#[test]
fn when_only_running_sessions_are_left_their_oldest_spans_make_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    long_session(&store, "a", 1);
    store.write(&running("a", 1)).unwrap();
    let before = store.trace_index(&id("a")).unwrap().unwrap();
    let store = store.with_retention(Retention { bytes: 1, ..Default::default() });
    while store.maintain(LONG).unwrap() {}
    assert_eq!(status(&store, "a"), SessionStatus::Running);
    let after = store.trace_index(&id("a")).unwrap().unwrap();
    assert!(after.generation != before.generation && after.blocks.is_empty());
    assert_eq!(store.stats().unwrap().spans, 0);
    store
        .write(&WriteBatch { chunks: vec![chunk(&[span(trace(1), 1, None)])], ..Default::default() })
        .unwrap();
    assert_eq!((spans(&store, "a").len(), store.stats().unwrap().spans), (1, 1));
}

#[test]
fn a_large_session_is_gone_at_once_and_its_blocks_follow() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).with_retention(Retention { age: Duration::MAX, ..Default::default() });
    for _ in 0..5 {
        long_session(&store, "large", 1);
    }
    let index = store.trace_index(&id("large")).unwrap().unwrap();
    assert!(index.blocks.len() > 512, "too many for one transaction");
    store.write(&WriteBatch { removed_sessions: vec![id("large")], ..Default::default() }).unwrap();
    assert_eq!(
        (store.session(&id("large")).unwrap(), store.session_of_trace(trace(1)).unwrap()),
        (None, None)
    );
    assert!(store.trace_spans(trace(1)).unwrap().is_empty());
    // The same trace begins anew, and keeps what is new.
    store.write(&ended("large", 1)).unwrap();
    while store.maintain(Duration::ZERO).unwrap() {}
    assert_eq!((spans(&store, "large").len(), store.stats().unwrap().spans), (2, 2));
    assert!(index.blocks.iter().all(|block| store.block(block.id).unwrap().is_none()));
    store.check().unwrap();
}

#[test]
fn pinned_sessions_stay_whatever_the_bounds_and_it_is_said_when_they_alone_are_too_much() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for number in 1..=10 {
        long_session(&store, &format!("s{number:02}"), number);
    }
    let pins = vec![(id("s01"), true), (id("s02"), true), (id("s03"), true)];
    store.write(&WriteBatch { pins, ..Default::default() }).unwrap();
    let left = |store: &SqliteStore| {
        let left = store.sessions(&SessionQuery { limit: 100, ..Default::default() }).unwrap();
        left.iter().map(|session| session.id.to_string()).collect::<Vec<_>>()
    };
    let store = store.with_retention(Retention { bytes: 1 << 19, age: Duration::MAX });
    while store.maintain(Duration::ZERO).unwrap() {}
    let kept = left(&store);
    assert!(
        kept.len() < 10 && ["s01", "s02", "s03"].iter().all(|name| kept.contains(&(*name).to_owned())),
        "{kept:?}"
    );
    // All by age, and with less room than the pinned ones take.
    let store = store.with_retention(Retention { bytes: 20_000, age: Duration::ZERO });
    store.pins_changed();
    while store.maintain(Duration::ZERO).unwrap() {}
    assert_eq!(left(&store), ["s03", "s02", "s01"]);
    assert_eq!(spans(&store, "s01").len(), 600);
    assert!(store.notice().unwrap().contains("pinned sessions alone"));
    let pins = vec![(id("s01"), false), (id("s02"), false), (id("s03"), false)];
    store.write(&WriteBatch { pins, ..Default::default() }).unwrap();
    while store.maintain(Duration::ZERO).unwrap() {}
    assert_eq!((left(&store), store.notice()), (Vec::new(), None));
    store.check().unwrap();
}

#[test]
fn the_events_of_one_large_batch_are_read_page_by_page_without_unpacking_all_of_them_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let first = store.reserve_event_ids(3_000).unwrap();
    let all: Vec<u64> = (first.0..first.0 + 3_000).collect();
    let events: Vec<_> = all.iter().map(|number| custom(*number, Some("s"))).collect();
    store.write(&WriteBatch { events: events.clone(), ..Default::default() }).unwrap();
    // Written again, as after an error that came too late.
    store.write(&WriteBatch { events, ..Default::default() }).unwrap();
    let mut read = Vec::new();
    let mut after = EventId(first.0 - 1);
    loop {
        let page = store.events(&EventQuery { after, limit: 700, session_id: None }).unwrap();
        let Some(last) = page.last() else { break };
        after = last.id;
        read.extend(ids(&page));
    }
    assert_eq!(read, all);
    let file = Connection::open(dir.path().join("inspector.db")).unwrap();
    let most: i64 = file.query_row("SELECT max(events) FROM event_blocks", [], |row| row.get(0)).unwrap();
    assert_eq!(most, 512);
    assert_eq!(store.stats().unwrap().events, 3_000);
}
