//! Files that an older version wrote.

use super::*;

#[test]
fn the_sessions_that_a_session_started_are_found_in_a_file_of_the_version_before() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        let child = Session { parent_session_id: Some(id("root")), ..session("child", 2) };
        let sessions = vec![session("root", 1), child];
        store.write(&WriteBatch { sessions, ..Default::default() }).unwrap();
        store
            .writer
            .lock()
            .connection
            .execute_batch(
                "DROP INDEX sessions_by_parent; ALTER TABLE sessions DROP COLUMN parent;
                 PRAGMA user_version = 6;",
            )
            .unwrap();
    }
    let query = SessionQuery { limit: 9, parent: Some(id("root")), ..Default::default() };
    for _ in 0..2 {
        let found = open(dir.path()).sessions(&query).unwrap();
        assert_eq!(found.iter().map(|session| session.id.as_str()).collect::<Vec<_>>(), ["child"]);
    }
}
