//! Searching with an index that is behind, damaged, or of another version.

use proptest::prelude::*;

use super::*;
use crate::store::contract::search::{found, number, plain_scan, put, query, text_span};

const LONG: Duration = Duration::from_secs(60);

/// A store that keeps what is as old as the clock.
fn open(dir: &Path) -> SqliteStore {
    super::open(dir).with_retention(Retention { age: Duration::MAX, bytes: u64::MAX })
}

fn keep(store: &SqliteStore) {
    while store.maintain(LONG).unwrap() {}
}

fn unindexed(store: &SqliteStore) -> u64 {
    store.stats().unwrap().unindexed.unwrap()
}

fn count(store: &SqliteStore, sql: &str) -> i64 {
    schema::number(&store.writer.lock().connection, sql).unwrap()
}

const ROWS: &str = "SELECT count(*) FROM search_text_docsize";

/// Sessions with a common and a rare word each.
fn fill(store: &SqliteStore, sessions: u8) {
    for of in 1..=sessions {
        let at = i64::from(of) * 100;
        let spans: Vec<Span> = (0..40_u64)
            .map(|number| {
                let text = format!("common words and rare{of}x{number}");
                text_span(of, u64::from(of) * 100 + number, at + i64::try_from(number).unwrap(), &text)
            })
            .collect();
        put(store, &spans);
        let mut ended = session(&format!("s{of}"), 1);
        ended.status = SessionStatus::Completed;
        // Too fresh to be packed by itself.
        ended.updated_at = now();
        store.write(&WriteBatch { sessions: vec![ended], ..Default::default() }).unwrap();
    }
}

#[test]
fn the_same_is_found_before_while_and_after_it_is_indexed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let all = |store: &SqliteStore| {
        assert_eq!(found(store, "rare3x7"), [307]);
        assert_eq!(found(store, "common -rare3").len(), 160);
        assert_eq!(found(store, "rare3x7 rare3x8"), [0_u64; 0]);
        assert_eq!(found(store, "words rare1x39"), [139]);
    };
    fill(&store, 3);
    assert_eq!(unindexed(&store), 120);
    keep(&store);
    assert_eq!(unindexed(&store), 0);
    fill(&store, 5);
    assert!(unindexed(&store) >= 80);
    all(&store);
    keep(&store);
    assert_eq!(unindexed(&store), 0);
    all(&store);
    for of in 1..=5 {
        assert!(store.compact(&id(&format!("s{of}"))).unwrap());
    }
    assert!(unindexed(&store) > 0, "packed blocks are indexed anew");
    all(&store);
    keep(&store);
    assert_eq!(
        (unindexed(&store), count(&store, "SELECT count(*) FROM search_documents WHERE parts < 0")),
        (0, 0)
    );
    all(&store);
    // 40 lines a session, 16 a part.
    assert_eq!(count(&store, ROWS), 15);
}

#[test]
fn what_is_removed_leaves_nothing_in_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 3);
    keep(&store);
    let ids = (1..=3).map(|of| id(&format!("s{of}"))).collect();
    store.write(&WriteBatch { removed_sessions: ids, ..Default::default() }).unwrap();
    assert_eq!(found(&store, "common"), [0_u64; 0]);
    keep(&store);
    assert_eq!((count(&store, ROWS), count(&store, "SELECT count(*) FROM search_documents")), (0, 0));
}

#[test]
fn retention_takes_the_index_along() {
    let dir = tempfile::tempdir().unwrap();
    let store = super::open(dir.path())
        .with_retention(Retention { age: Duration::from_secs(10), ..Default::default() });
    fill(&store, 3);
    keep(&store);
    assert_eq!(count(&store, ROWS), 9);
    while store.upkeep(LONG, now().plus(Duration::from_secs(60))).unwrap() {}
    assert_eq!(count(&store, "SELECT count(*) FROM sessions"), 0);
    assert_eq!((count(&store, ROWS), count(&store, "SELECT count(*) FROM search_documents")), (0, 0));
}

#[test]
fn a_damaged_index_is_noticed_searched_around_and_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    fill(&store, 3);
    keep(&store);
    for (damage, opened_again) in [
        ("UPDATE search_text_data SET block = x'00ff00ff00ff00ff'", false),
        ("DELETE FROM search_text_data", false),
        ("DELETE FROM search_text_data", true),
        ("UPDATE search_text_data SET block = zeroblob(length(block)) WHERE id > 100", true),
    ] {
        store.writer.lock().connection.execute_batch(damage).unwrap();
        if opened_again {
            drop(store);
            store = open(dir.path());
            assert_eq!(store.notices(), Vec::<String>::new(), "the rest is as it was");
        }
        assert_eq!(found(&store, "rare2x7"), [207], "{damage}");
        keep(&store);
        assert_eq!((unindexed(&store), count(&store, ROWS)), (0, 9), "{damage}");
        assert_eq!(found(&store, "rare2x7"), [207], "{damage}");
    }
}

#[test]
fn the_index_can_be_built_again_and_is_when_it_is_of_another_version() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 3);
    keep(&store);
    store.rebuild_search_index().unwrap();
    assert_eq!(found(&store, "rare2x7"), [207]);
    assert!(store.maintain(Duration::ZERO).unwrap());
    assert!(unindexed(&store) > 0);
    assert_eq!(found(&store, "rare2x7"), [207]);
    keep(&store);
    assert_eq!((unindexed(&store), count(&store, ROWS)), (0, 9));
    assert_eq!(found(&store, "rare2x7"), [207]);
}

#[test]
fn a_file_of_the_version_before_becomes_searchable() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        fill(&store, 3);
        let log = custom(store.reserve_event_ids(10).unwrap().0, Some("s1"));
        store.write(&WriteBatch { events: vec![log], ..Default::default() }).unwrap();
        store.writer.lock().connection.execute_batch(
            "DROP TABLE search_documents; DROP TRIGGER block_bytes_removed; DROP TRIGGER session_events_removed;
             DROP INDEX blocks_by_block; DROP INDEX session_events_by_id; DROP TABLE IF EXISTS search_text;
             DELETE FROM counters WHERE name = 'search_layout'; DROP TABLE taken_events;
             DROP INDEX sessions_by_parent; ALTER TABLE sessions DROP COLUMN parent; PRAGMA user_version = 3;",
        ).unwrap();
    }
    let store = open(dir.path());
    for _ in 0..2 {
        assert_eq!(found(&store, "rare3x7"), [307]);
        assert_eq!(found(&store, "common").len(), 120);
        assert_eq!(found(&store, "ticked").len(), 1);
        keep(&store);
        assert_eq!(unindexed(&store), 0);
    }
}

#[test]
fn a_block_that_is_packed_while_it_is_looked_for_is_found_where_it_went() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 12);
    keep(&store);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for of in 1..=12 {
                store.compact(&id(&format!("s{of}"))).unwrap();
                keep(&store);
            }
        });
        for _ in 0..40 {
            assert_eq!(found(&store, "common").len(), 480);
            assert_eq!(found(&store, "/rare5x3$/"), [503]);
        }
    });
}

fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[ab]{1,3}",
        2 => "[abc]{5,8}",
        1 => "[模型好]{1,4}",
        1 => "[аБв]{1,7}",
        1 => "[0-9]{1,7}",
        1 => Just("🚀".to_owned()),
        1 => Just("a.b".to_owned()),
        1 => Just("\u{212a}\u{130}".to_owned()),
    ];
    let words = prop::collection::vec(word, 0..6).prop_map(|words| words.join(" "));
    prop_oneof![
        4 => words.clone(),
        1 => words.clone().prop_map(|text| serde_json::json!({ "k": [text, 17], "a.b": null }).to_string()),
        1 => words.prop_map(|text| format!("x{text}-{text}\n")),
    ]
}

fn queries() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        6 => "[ab]{1,3}",
        2 => "[abc]{4,9}",
        1 => "[模型好]{1,3}",
        1 => "[абв]{1,7}",
        1 => "[0-9]{1,3}",
        1 => "\"[ab]{1,2} [ab]{1,2}\"",
        1 => "/[ab]{1,2}b?/",
        1 => "[ki]{1,2}",
        1 => Just("🚀".to_owned()),
        1 => Just("kind:llm".to_owned()),
        1 => Just("status:running".to_owned()),
        1 => Just("status:error".to_owned()),
        1 => Just("duration:>3s".to_owned()),
        1 => "input\\.value:[ab]{1,2}",
        1 => "\"k\":[ab]",
        1 => Just("session:s2".to_owned()),
    ];
    let one = (any::<bool>(), any::<bool>(), one)
        .prop_map(|(a, b, text)| if a && b { format!("-{text}") } else { text });
    prop::collection::vec(one, 1..4).prop_map(|all| all.join(" "))
}

fn lines() -> impl Strategy<Value = Vec<Span>> {
    let line = (1_u8..4, 1_u64..12, 0_i64..8, texts(), prop::option::of(1_i64..6), any::<(bool, bool)>());
    let line = line.prop_map(|(of, number, at, text, length, (llm, error))| {
        let mut span = text_span(of, number, at, &text);
        span.end_time = length.map(|length| Timestamp::from_nanos((at + length) * 1_000_000_000));
        span.kind = if llm { crate::model::SpanKind::Llm } else { crate::model::SpanKind::Tool };
        span.status.code = if error { crate::model::StatusCode::Error } else { crate::model::StatusCode::Ok };
        span
    });
    prop::collection::vec(line, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn an_indexed_a_partly_indexed_and_no_store_find_what_a_plain_scan_finds(
        lines in lines(),
        texts in prop::collection::vec(queries(), 1..12),
        indexed in 0_usize..60,
        packed in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let disk = open(dir.path());
        let memory = crate::store::MemoryStore::default();
        for (at, part) in lines.chunks(5).enumerate() {
            put(&disk, part);
            put(&memory, part);
            if at * 5 <= indexed {
                keep(&disk);
            }
        }
        if packed {
            let mut ended = session("s1", 1);
            ended.status = SessionStatus::Completed;
            disk.write(&WriteBatch { sessions: vec![ended], ..Default::default() }).unwrap();
            disk.compact(&id("s1")).unwrap();
        }
        for text in &texts {
            let mut query = query(text, 5);
            let mut expected = plain_scan(&lines, &SearchQuery { limit: 1_000, ..query.clone() });
            prop_assert_eq!(found(&memory, text), expected.clone(), "memory: {}", text);
            // In pages, so that places count too.
            let mut seen = Vec::new();
            loop {
                let page = disk.search(&query).unwrap();
                seen.extend(page.hits.iter().map(number));
                let Some(next) = page.next else { break };
                query.after = Some(next);
            }
            prop_assert_eq!(&seen, &expected, "disk: {}", text);
            keep(&disk);
            expected.truncate(5);
            query.after = None;
            let page = disk.search(&query).unwrap();
            prop_assert_eq!(page.hits.iter().map(number).collect::<Vec<_>>(), expected, "indexed: {}", text);
        }
    }
}
