use std::fs;
use std::io::Read;
use std::path::Path;

use super::*;
use crate::model::{EventId, Session, Span, SpanId, Timestamp, TraceId};
use crate::store::chunk::{GZIP_HEADER, gzip_tail};
use crate::store::{ChunkBuilder, MemoryStore, WriteBatch};

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn trace(number: u8) -> TraceId {
    TraceId::from_bytes([number; 16]).unwrap()
}

/// Writes spans of a trace of `session`, as one block.
fn write(store: &dyn Store, session: &str, of: TraceId, spans: std::ops::Range<u64>) {
    let mut builder = ChunkBuilder::new(of);
    for number in spans {
        let span_id = SpanId::from_bytes((number + 1).to_be_bytes()).unwrap();
        let mut span = Span::new(of, span_id, format!("span {number}"), Timestamp::EPOCH);
        span.end_time = Some(Timestamp::from_nanos(1));
        span.attributes.set("text", format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(20));
        builder.push(&span, span.summary(EventId(number + 1))).unwrap();
    }
    let session = Session::new(id(session), "otlp", "a session", Timestamp::EPOCH);
    let traces = vec![(of, session.id.clone())];
    let batch =
        WriteBatch { sessions: vec![session], traces, chunks: builder.finish(), ..WriteBatch::default() };
    store.write(&batch).unwrap();
}

/// The bytes that a trace is served as.
fn served(store: &dyn Store, session: &str) -> Vec<u8> {
    let index = store.trace_index(&id(session)).unwrap().unwrap();
    let (mut bytes, mut crc, mut plain) = (GZIP_HEADER.to_vec(), crc32fast::Hasher::new(), 0);
    for block in index.blocks {
        bytes.extend_from_slice(&store.block(block.id).unwrap().unwrap());
        crc.combine(&crc32fast::Hasher::new_with_initial_len(block.crc32, block.plain_bytes));
        plain += block.plain_bytes;
    }
    bytes.extend_from_slice(&gzip_tail(crc.finalize(), plain));
    bytes
}

fn history<'a>(store: &'a dyn Store, identity: &'a str, lasting: bool) -> History<'a> {
    History { store, identity, lasting }
}

fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    flate2::bufread::GzDecoder::new(&fs::read(path).unwrap()[..]).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_file_grows_and_is_written_anew_as_its_session_is() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::default());
    let (files, history) = (TraceFiles::new(dir.path()), history(&store, "one", true));
    let path = dir.path().join("s.jsonl.gz");
    for round in 0..4_u8 {
        write(&store, "s", trace(1), u64::from(round) * 5..u64::from(round) * 5 + 5);
        files.follow(&id("s"), &history).unwrap();
        assert_eq!(fs::read(&path).unwrap(), served(&store, "s"));
    }
    // A trace with blocks joins: its blocks stand before some of those that were there.
    write(&store, "other", trace(2), 0..5);
    files.follow(&id("other"), &history).unwrap();
    write(&store, "s", trace(1), 90..95);
    files.follow(&id("s"), &history).unwrap();
    let batch = WriteBatch {
        traces: vec![(trace(2), id("s"))],
        removed_sessions: vec![id("other")],
        ..WriteBatch::default()
    };
    store.write(&batch).unwrap();
    files.follow(&id("s"), &history).unwrap();
    files.forget(&id("other"), &history).unwrap();
    assert_eq!(fs::read(&path).unwrap(), served(&store, "s"));
    assert!(!dir.path().join("other.jsonl.gz").exists());
    // Once more after it was closed.
    let again = TraceFiles::new(dir.path());
    drop(files);
    write(&store, "s", trace(1), 95..99);
    again.follow(&id("s"), &history).unwrap();
    assert_eq!(fs::read(&path).unwrap(), served(&store, "s"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "one file, and the directory of the indexes");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_packed_session_is_written_anew_and_looked_at_only_while_it_has_a_file() {
    use crate::model::{InstanceId, SessionStatus};
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = crate::store::SqliteStore::open(data.path(), InstanceId::generate()).unwrap();
    let (identity, lasting) = name_of_history(&store, InstanceId::generate());
    let (files, history) = (TraceFiles::new(dir.path()), history(&store, &identity, lasting));
    assert!(lasting);
    for _ in 0..3 {
        // The same spans again: only the last lines count when it is packed.
        write(&store, "s", trace(1), 0..40);
    }
    files.follow(&id("s"), &history).unwrap();
    let before = fs::read(dir.path().join("s.jsonl.gz")).unwrap();
    assert_eq!(before, served(&store, "s"));
    let mut session = store.session(&id("s")).unwrap().unwrap();
    session.status = SessionStatus::Completed;
    store.write(&WriteBatch { sessions: vec![session], ..WriteBatch::default() }).unwrap();
    assert!(store.compact(&id("s")).unwrap());
    files.refresh(&id("s"), &history).unwrap();
    let after = fs::read(dir.path().join("s.jsonl.gz")).unwrap();
    assert_eq!(after, served(&store, "s"));
    assert!(after.len() < before.len() / 2, "{} of {}", after.len(), before.len());
    fs::remove_file(dir.path().join("s.jsonl.gz")).unwrap();
    fs::remove_file(index_dir(dir.path()).join("s.index")).unwrap();
    files.refresh(&id("s"), &history).unwrap();
    assert!(!dir.path().join("s.jsonl.gz").exists());
}

#[test]
fn what_a_store_in_memory_forgets_for_want_of_room_stays_in_the_file() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::new(60_000));
    let (files, history) = (TraceFiles::new(dir.path()), history(&store, "one", false));
    for round in 0..60 {
        write(&store, "s", trace(1), round * 10..round * 10 + 10);
        files.follow(&id("s"), &history).unwrap();
    }
    assert!(store.trace_index(&id("s")).unwrap().unwrap().blocks.len() < 60);
    let lines = gunzip(&dir.path().join("s.jsonl.gz"));
    assert_eq!(lines.lines().count(), 600);
}

#[test]
fn ids_that_differ_in_capitals_and_names_that_are_taken_get_files_of_their_own() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::default());
    let (files, history) = (TraceFiles::new(dir.path()), history(&store, "one", false));
    fs::write(dir.path().join("taken.jsonl.gz"), "somebody's").unwrap();
    for (number, session) in ["run", "Run", "RUN", "con", "taken"].into_iter().enumerate() {
        let number = u8::try_from(number).unwrap() + 1;
        write(&store, session, trace(number), 0..3);
        files.follow(&id(session), &history).unwrap();
        write(&store, session, trace(number), 3..6);
        files.follow(&id(session), &history).unwrap();
    }
    for (file, session) in [
        ("run.jsonl.gz", "run"),
        ("Run.chunk_1.jsonl.gz", "Run"),
        ("RUN.chunk_2.jsonl.gz", "RUN"),
        ("+con.jsonl.gz", "con"),
        ("taken.chunk_1.jsonl.gz", "taken"),
    ] {
        assert_eq!(fs::read(dir.path().join(file)).unwrap(), served(&store, session), "{file}");
        assert_eq!(Index::owner(dir.path(), &FileName::found(file).unwrap()).unwrap().session, id(session));
    }
    assert_eq!(fs::read(dir.path().join("taken.jsonl.gz")).unwrap(), b"somebody's");
    files.forget(&id("Run"), &history).unwrap();
    assert!(!dir.path().join("Run.chunk_1.jsonl.gz").exists() && dir.path().join("run.jsonl.gz").exists());
}

#[test]
fn only_one_process_writes_a_file_and_the_other_goes_on_when_it_is_free() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::default());
    let history = history(&store, "shared", true);
    let (one, two) = (TraceFiles::new(dir.path()), TraceFiles::new(dir.path()));
    write(&store, "s", trace(1), 0..3);
    one.follow(&id("s"), &history).unwrap();
    write(&store, "s", trace(1), 3..6);
    assert!(matches!(two.follow(&id("s"), &history), Err(SinkError::Refused(_))));
    one.close();
    two.follow(&id("s"), &history).unwrap();
    assert_eq!(fs::read(dir.path().join("s.jsonl.gz")).unwrap(), served(&store, "s"));
}

#[test]
fn a_file_that_was_torn_is_mended_when_its_writer_is_dead_and_caught_up_from_the_store() {
    let store = MemoryStore::default();
    write(&store, "s", trace(1), 0..30);
    write(&store, "s", trace(1), 30..60);
    for cut in [0, 5, 11, 40, 1, 300] {
        for owner in ["same", "dead"] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("s.jsonl.gz");
            let files = TraceFiles::new(dir.path());
            files.follow(&id("s"), &history(&store, owner, true)).unwrap();
            drop(files);
            let whole = fs::read(&path).unwrap();
            fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let files = TraceFiles::new(dir.path());
            let now = history(&store, "same", true);
            files.tend(&now).unwrap();
            let kept = gunzip(&path);
            assert!(kept.lines().count() >= 30, "{cut} {owner}");
            assert_eq!(files.counters()[2].1, u64::from(cut > 0));
            if owner == "same" {
                write(&store, "s", trace(1), 60..61);
                files.follow(&id("s"), &now).unwrap();
                assert_eq!(fs::read(&path).unwrap(), served(&store, "s"), "{cut}");
            }
        }
    }
}

#[test]
fn a_file_that_somebody_replaced_or_removed_is_not_written_into() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::default());
    let (files, history) = (TraceFiles::new(dir.path()), history(&store, "one", true));
    let path = dir.path().join("s.jsonl.gz");
    write(&store, "s", trace(1), 0..3);
    files.follow(&id("s"), &history).unwrap();
    fs::remove_file(&path).unwrap();
    write(&store, "s", trace(1), 3..6);
    files.follow(&id("s"), &history).unwrap();
    assert_eq!(fs::read(&path).unwrap(), served(&store, "s"));
    fs::remove_file(&path).unwrap();
    fs::write(&path, "no gzip at all, put here by a person").unwrap();
    write(&store, "s", trace(1), 6..9);
    files.follow(&id("s"), &history).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"no gzip at all, put here by a person");
    assert_eq!(fs::read(dir.path().join("s.chunk_1.jsonl.gz")).unwrap(), served(&store, "s"));
}

#[test]
fn the_files_written_longest_ago_go_first_and_what_runs_stays() {
    use crate::model::SessionStatus;
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::default());
    let history = history(&store, "one", false);
    let files = TraceFiles::new(dir.path()).max_bytes(2_500);
    fs::write(dir.path().join("foreign.jsonl.gz"), vec![0; 10_000]).unwrap();
    for number in 1..=6_u8 {
        let name = format!("s{number}");
        write(&store, &name, trace(number), 0..10);
        files.follow(&id(&name), &history).unwrap();
        let mut session = store.session(&id(&name)).unwrap().unwrap();
        session.status = if number == 1 { SessionStatus::Running } else { SessionStatus::Completed };
        store.write(&WriteBatch { sessions: vec![session], ..WriteBatch::default() }).unwrap();
        let file =
            fs::File::options().append(true).open(dir.path().join(format!("{name}.jsonl.gz"))).unwrap();
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(100 - u64::from(number));
        file.set_modified(long_ago).unwrap();
    }
    files.tend(&history).unwrap();
    let there = |number: u8| dir.path().join(format!("s{number}.jsonl.gz")).exists();
    assert!(there(1), "it runs");
    assert!(!there(2) && there(6), "the oldest went");
    let bytes: u64 = (1..=6)
        .filter(|number| there(*number))
        .map(|number| fs::metadata(dir.path().join(format!("s{number}.jsonl.gz"))).unwrap().len())
        .sum();
    assert!(bytes <= 2_500, "{bytes}");
    assert!(dir.path().join("foreign.jsonl.gz").exists());
    let old = TraceFiles::new(dir.path()).max_age(std::time::Duration::from_secs(50));
    drop(files);
    old.tend(&history).unwrap();
    assert!(there(1) && !there(6));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::default());
    let below = dir.path().join("traces");
    write(&store, "s", trace(1), 0..3);
    TraceFiles::new(&below).follow(&id("s"), &history(&store, "one", false)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&below), mode(&below.join("s.jsonl.gz"))), (0o700, 0o600));
    assert_eq!((mode(&index_dir(&below)), mode(&index_dir(&below).join("s.index"))), (0o700, 0o600));
}
