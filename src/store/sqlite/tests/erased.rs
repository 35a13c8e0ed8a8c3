//! What a person removed is in no byte of the files.

use std::fs;
use std::sync::Arc;

use super::*;
use crate::model::{Event, EventFrame, EventId, EventKind, Session, Span, Timestamp};

/// Enough for every list and index to have several pages, so that rows move from one to another.
const SESSIONS: u8 = 120;

/// A word that stands nowhere else: in the title, in a tag, in a span and in an event.
fn word(number: u8) -> String {
    format!("qx{number:03}{:010x}", u64::from(number) * 0x9E37_79B9)
}

/// What does not compress, and so is the same in no two blocks.
fn noise(number: u8, at: u8) -> String {
    let mut random = fastrand::Rng::with_seed(u64::from(number) << 8 | u64::from(at));
    // More than a page holds.
    (0..3000).map(|_| random.alphanumeric()).collect()
}

fn batch(number: u8) -> WriteBatch {
    let (word, name) = (word(number), format!("s{number}"));
    let mut of: Session = session(&name, i64::from(number));
    of.title = format!("about {word}");
    of.tags = vec![format!("tag-{word}")];
    of.agent = Some(format!("agent-{word}"));
    of.status = SessionStatus::Completed;
    // Not too old to be kept.
    of.updated_at = now();
    let spans: Vec<Span> = (1..=8_u8)
        .map(|at| {
            let mut span = span(trace(number), at.into(), Some(i64::from(at) + 5));
            span.name = format!("call {word} {at}");
            span.attributes.set("mcp.llm.prompt_json", format!("{word} {}", noise(number, at)));
            span
        })
        .collect();
    let events = (0..4).map(|at| {
        let kind = EventKind::Custom { name: "note".into(), data: serde_json::json!({ "said": word }) };
        let (id, session_id) = (EventId(u64::from(number) * 10 + at), Some(id(&name)));
        Arc::new(EventFrame::new(&Event { id, timestamp: Timestamp::EPOCH, session_id, kind }))
    });
    WriteBatch {
        sessions: vec![of],
        traces: vec![(trace(number), id(&name))],
        chunks: vec![chunk(&spans)],
        events: events.collect(),
        ..Default::default()
    }
}

/// Whether any file has these bytes.
fn is_in(dir: &Path, wanted: &[u8]) -> Option<String> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).find_map(
        |path| {
            let found = memchr::memmem::find(&fs::read(&path).unwrap(), wanted)?;
            Some(format!("{} at {found}", path.display()))
        },
    )
}

/// The middle of each compressed block of a session: what it says is not to be read in it, but what it said could be.
fn blocks(store: &SqliteStore, session: &SessionId) -> Vec<Vec<u8>> {
    let index = store.trace_index(session).unwrap().unwrap();
    let bytes = index.blocks.iter().map(|block| store.block(block.id).unwrap().unwrap());
    bytes.map(|bytes| bytes[bytes.len() / 2..][..24].to_vec()).collect()
}

#[test]
fn what_was_removed_is_in_no_byte_of_any_file_and_everything_else_still_is() {
    for small in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path()).with_pack_after(Duration::ZERO);
        if !small {
            store.rewritten_up_to = 0;
        }
        erases(&store, dir.path());
    }
}

fn erases(store: &SqliteStore, dir: &Path) {
    let removed: Vec<u8> = (1..=SESSIONS).filter(|number| number % 7 == 3).collect();
    for number in 1..=SESSIONS {
        store.write(&batch(number)).unwrap();
        if number % 10 == 0 {
            // Indexed and packed in between: blocks of before, and parts of the index, are left behind.
            while store.maintain(Duration::from_millis(1)).unwrap() {}
        }
    }
    let mut traces = Vec::new();
    for number in &removed {
        assert!(is_in(dir, word(*number).as_bytes()).is_some(), "{number}");
        traces.extend(blocks(store, &id(&format!("s{number}"))));
    }
    assert!(traces.iter().all(|bytes| is_in(dir, bytes).is_some()));
    let names = removed.iter().map(|number| id(&format!("s{number}"))).collect();
    store.write(&WriteBatch { deleted_sessions: names, ..Default::default() }).unwrap();
    while store.maintain(Duration::from_secs(60)).unwrap() {}
    for number in &removed {
        assert_eq!(is_in(dir, word(*number).as_bytes()), None, "{number}");
    }
    for bytes in &traces {
        assert_eq!(is_in(dir, bytes), None);
    }
    store.check().unwrap();
    assert_eq!(store.stats().unwrap().sessions, u64::from(SESSIONS) - removed.len() as u64);
}
