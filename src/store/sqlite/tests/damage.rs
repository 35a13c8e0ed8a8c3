use std::fs;
use std::io::{Seek, SeekFrom, Write};

use super::*;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_that_is_no_database_is_moved_aside_and_a_new_one_begun() {
    let dir = tempfile::tempdir().unwrap();
    let before = open(dir.path()).reserve_event_ids(1000).unwrap();
    fs::write(dir.path().join("inspector.db"), vec![b'x'; 20_000]).unwrap();
    let store = open(dir.path());
    assert!(store.notices()[0].contains("inspector.db.broken-"), "{:?}", store.notices());
    let aside = names(dir.path()).into_iter().find(|name| name.starts_with("inspector.db.broken-")).unwrap();
    assert_eq!(fs::read(dir.path().join(aside)).unwrap(), vec![b'x'; 20_000]);
    store.write(&running("a", 1)).unwrap();
    assert!(store.reserve_event_ids(1).unwrap() >= before, "ids go on although the counter was lost");
    drop(store);
    assert!(open(dir.path()).notices().is_empty());
}

#[test]
fn damage_within_the_file_is_noticed_when_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for number in 1..60 {
        store.write(&running(&format!("s{number}"), number)).unwrap();
    }
    drop(store);
    let path = dir.path().join("inspector.db");
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let pages = file.metadata().unwrap().len() / 8192;
    for page in 2..pages {
        file.seek(SeekFrom::Start(page * 8192)).unwrap();
        file.write_all(&[0xff; 64]).unwrap();
    }
    drop(file);
    let store = open(dir.path());
    assert_eq!(store.notices().len(), 1);
    assert_eq!(store.stats().unwrap().sessions, 0);
}

#[test]
fn a_damaged_file_is_not_moved_away_under_another_process() {
    let dir = tempfile::tempdir().unwrap();
    let sibling = open(dir.path());
    let path = dir.path().join("inspector.db");
    // What the sibling has in the side file would hide the damage.
    sibling.writer.lock().connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().write_all(&[b'x'; 100]).unwrap();
    let refused = SqliteStore::open(dir.path(), InstanceId::generate());
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    assert!(names(dir.path()).iter().all(|name| !name.contains("broken")));
}

#[test]
fn a_newer_or_a_foreign_database_is_left_alone() {
    for pragma in ["PRAGMA user_version = 1000", "PRAGMA application_id = 1"] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        store.writer.lock().connection.execute_batch(pragma).unwrap();
        drop(store);
        let refused = SqliteStore::open(dir.path(), InstanceId::generate());
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    let foreign = Connection::open(dir.path().join("inspector.db")).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(SqliteStore::open(dir.path(), InstanceId::generate()), Err(StoreError::Unavailable(_))));
}

#[test]
fn a_place_that_cannot_be_a_directory_is_unavailable() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.clone(), file.join("below")] {
        let refused = SqliteStore::open(&place, InstanceId::generate());
        assert!(matches!(&refused, Err(StoreError::Unavailable(why)) if why.contains("file")), "{refused:?}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("deep").join("place");
    let store = open(&place);
    store.write(&running("a", 1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place), mode(&dir.path().join("deep"))), (0o700, 0o700));
    for name in names(&place) {
        let expected = if name == "instances" { 0o700 } else { 0o600 };
        assert_eq!(mode(&place.join(&name)), expected, "{name}");
    }
}

#[test]
fn a_full_disk_is_unavailable_and_leaves_nothing_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.write(&running("before", 1)).unwrap();
    let limit = |pages: i64| {
        let writer = store.writer.lock();
        writer.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    limit(1);
    let mut batch = running("big", 2);
    let mut noise = 1_u32;
    let spans: Vec<Span> = (1..200)
        .map(|number| {
            let mut span = span(trace(2), number, Some(1));
            let text: String = (0..2000)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    char::from(b' ' + u8::try_from(noise >> 24).unwrap() % 90)
                })
                .collect();
            span.attributes.set("input.value", text);
            span
        })
        .collect();
    batch.chunks = chunks(&spans);
    let full = store.write(&batch);
    assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
    assert_eq!(store.session(&id("big")).unwrap(), None);
    assert_eq!(store.session_of_trace(trace(2)).unwrap(), None);
    assert_eq!((store.stats().unwrap().sessions, store.stats().unwrap().spans), (1, 2));
    limit(1_000_000);
    store.write(&batch).unwrap();
    assert_eq!(store.session_spans(&id("big")).unwrap().len(), 199);
    assert_eq!(store.stats().unwrap().spans, 201);
}

#[test]
fn a_directory_that_is_removed_while_it_is_open_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("place");
    let store = open(&place);
    let before = store.reserve_event_ids(1 << 40).unwrap();
    store.write(&running("before", 1)).unwrap();
    assert!(store.session(&id("before")).unwrap().is_some());
    fs::remove_dir_all(&place).unwrap();
    store.write(&running("after", 2)).unwrap();
    assert_eq!(store.session(&id("before")).unwrap(), None);
    assert_eq!(store.session_spans(&id("after")).unwrap().len(), 2);
    assert!(store.reserve_event_ids(1).unwrap().0 >= before.0 + (1 << 40), "ids are not used twice");
    // It lives, as others see it, and dies with its process.
    assert_eq!(status(&open(&place), "after"), SessionStatus::Running);
    fs::remove_file(place.join("inspector.db")).unwrap();
    store.write(&running("again", 3)).unwrap();
    store.check().unwrap();
    drop(store);
    assert_eq!(status(&open(&place), "again"), SessionStatus::Abandoned);
}

#[test]
fn a_log_that_another_program_holds_back_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.write(&running("a", 1)).unwrap();
    let mut other = Connection::open(dir.path().join("inspector.db")).unwrap();
    let reading = other.transaction().unwrap();
    assert_eq!(schema::number(&reading, "SELECT count(*) FROM sessions").unwrap(), 1);
    for _ in 0..9 {
        let writer = store.writer.lock();
        writer.connection.execute("INSERT INTO block_bytes (bytes) VALUES (zeroblob(20000000))", []).unwrap();
    }
    store.maintain(Duration::ZERO).unwrap();
    assert!(store.notice().unwrap().contains("another program"));
    reading.commit().unwrap();
    let writer = store.writer.lock();
    writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(writer);
    store.maintain(Duration::ZERO).unwrap();
    assert_eq!(store.notice(), None);
}

#[test]
fn a_clock_that_goes_back_removes_nothing_and_makes_nothing_older() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut batch = ended("a", 1);
    batch.sessions[0].updated_at = now();
    store.write(&batch).unwrap();
    let yesterday = now().minus(Duration::from_secs(86_400));
    assert!(!store.upkeep(Duration::from_secs(1), yesterday).unwrap());
    let generation = || store.trace_index(&id("a")).unwrap().unwrap().generation;
    let before = generation();
    write::renew(&store.writer.lock().connection, "a", yesterday).unwrap();
    assert!(generation() > before);
}

#[test]
fn the_default_directory_is_the_programs_own() {
    let dir = default_data_dir().unwrap();
    let program = std::env::current_exe().unwrap();
    assert_eq!(dir.file_name(), program.file_stem());
    assert!(dir.is_absolute() && dir.parent().unwrap().ends_with("agent-inspector"));
}
