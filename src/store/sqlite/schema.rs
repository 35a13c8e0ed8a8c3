//! The tables, and how older files become newer ones.

use rusqlite::{Connection, TransactionBehavior};

use super::failure::{Failure, Result};
use crate::model::Timestamp;
use crate::store::{StoreError, first_event_id};

/// `AgIn`: tells the file from other SQLite databases.
const APPLICATION_ID: i64 = 0x4167_496e;

/// Each step leads from the version of its place to the next one. Steps are only ever added.
const MIGRATIONS: [&str; 7] = [VERSION_1, VERSION_2, KEPT_AND_OPEN, SEARCH, LISTED, TAKEN, PARENTS];

/// - A trace's lines lie in `blocks`: what is known of them (`lines`, see the module of that name) apart from the
///   compressed bytes, so that a tree is read without touching a single prompt.
/// - Rows of `sessions` hold the whole session as JSON besides the columns that are filtered and sorted by.
/// - `event_blocks` are for the replay and are pruned; `session_events` live as long as their session.
const VERSION_1: &str = "
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counters VALUES ('next_event_id', 1), ('spans', 0), ('events', 0), ('event_bytes', 0);

    CREATE TABLE instances (
        instance INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        -- The newest instance when this one had ended: those after it may replay its events.
        ended_before INTEGER,
        -- The last of its events that was pruned.
        pruned_to INTEGER NOT NULL DEFAULT 0
    );

    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        started_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        status INTEGER NOT NULL,
        engine TEXT NOT NULL,
        agent TEXT,
        instance INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        searched_text TEXT NOT NULL,
        json TEXT NOT NULL
    );
    CREATE INDEX sessions_by_start ON sessions (started_at);
    CREATE INDEX sessions_by_status ON sessions (status, started_at);
    CREATE INDEX sessions_by_engine ON sessions (engine, status, started_at);
    CREATE INDEX sessions_by_agent ON sessions (agent, started_at) WHERE agent IS NOT NULL;

    CREATE TABLE session_tags (
        session_id TEXT NOT NULL,
        tag TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        PRIMARY KEY (session_id, tag)
    ) WITHOUT ROWID;
    CREATE INDEX sessions_by_tag ON session_tags (tag, started_at);

    CREATE TABLE traces (
        trace INTEGER PRIMARY KEY AUTOINCREMENT,
        id BLOB NOT NULL UNIQUE,
        session_id TEXT,
        seen_at INTEGER NOT NULL,
        spans INTEGER NOT NULL DEFAULT 0,
        -- Whether all its blocks are as small as they will get.
        packed INTEGER NOT NULL DEFAULT 1
    );
    CREATE INDEX traces_by_session ON traces (session_id);
    CREATE INDEX traces_unpacked ON traces (trace) WHERE packed = 0;

    CREATE TABLE blocks (
        trace INTEGER NOT NULL,
        block INTEGER NOT NULL,
        compressed_bytes INTEGER NOT NULL,
        plain_bytes INTEGER NOT NULL,
        crc32 INTEGER NOT NULL,
        packed INTEGER NOT NULL,
        lines BLOB NOT NULL,
        PRIMARY KEY (trace, block)
    ) WITHOUT ROWID;
    -- Ids are not used again: a reader may still ask for a block that is gone.
    CREATE TABLE block_bytes (block INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL);

    CREATE TABLE event_blocks (
        first_id INTEGER PRIMARY KEY,
        last_id INTEGER NOT NULL,
        instance INTEGER NOT NULL,
        events INTEGER NOT NULL,
        bytes BLOB NOT NULL
    );
    CREATE TABLE event_block_sessions (
        first_id INTEGER NOT NULL,
        session_hash INTEGER NOT NULL,
        PRIMARY KEY (first_id, session_hash)
    ) WITHOUT ROWID;
    CREATE INDEX event_blocks_by_session ON event_block_sessions (session_hash);

    CREATE TABLE session_events (
        session_id TEXT NOT NULL,
        first_id INTEGER NOT NULL,
        last_id INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (session_id, first_id)
    ) WITHOUT ROWID;
";

/// Which instance reserved the event ids from `first_id` up to the next row's: a reader that was connected to one process
/// may come back to another.
const VERSION_2: &str = "
    CREATE TABLE reservations (first_id INTEGER PRIMARY KEY, instance INTEGER NOT NULL);
";

/// - Whether a person wants a session kept. Not in its JSON, which the pipeline writes again and again: only who pins it
///   changes this.
/// - How many spans of a trace have begun and not ended, so that those of a process that died are found without reading
///   any other trace.
const KEPT_AND_OPEN: &str = "
    ALTER TABLE sessions ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX sessions_pinned ON sessions (started_at) WHERE pinned = 1;
    ALTER TABLE traces ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX traces_open ON traces (trace) WHERE open > 0;
";

/// What a search needs: when something of each document is, and the index.
///
/// - A document is a block of span lines, or with a negative number a row of `session_events` (its `first_id`).
/// - `parts` is 0 while a document is not in the index, the number of its rows there when it is, and negative when the
///   document is gone and the rows are still to be removed. Rows of older files are not known to be of any time; indexing
///   them finds out.
/// - The triggers keep `search_documents` true whoever removes a block.
const SEARCH: &str = "
    CREATE TABLE search_documents (
        document INTEGER PRIMARY KEY,
        oldest INTEGER NOT NULL,
        newest INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        parts INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX search_documents_by_time ON search_documents (newest, document, oldest, parts);
    CREATE INDEX search_documents_unindexed ON search_documents (document, lines) WHERE parts = 0;
    CREATE INDEX search_documents_removed ON search_documents (document, parts) WHERE parts < 0;
    CREATE INDEX blocks_by_block ON blocks (block);
    CREATE INDEX session_events_by_id ON session_events (first_id);
    INSERT INTO counters VALUES ('search_layout', 0);

    CREATE TRIGGER block_bytes_removed AFTER DELETE ON block_bytes BEGIN
        DELETE FROM search_documents WHERE document = OLD.block AND parts = 0;
        UPDATE search_documents SET parts = -parts WHERE document = OLD.block AND parts > 0;
    END;
    CREATE TRIGGER session_events_removed AFTER DELETE ON session_events BEGIN
        DELETE FROM search_documents WHERE document = -OLD.first_id AND parts = 0;
        UPDATE search_documents SET parts = -parts WHERE document = -OLD.first_id AND parts > 0;
    END;

    INSERT INTO search_documents (document, oldest, newest, lines)
        SELECT block, -9223372036854775807, 9223372036854775807, 1 FROM block_bytes;
    INSERT OR IGNORE INTO search_documents (document, oldest, newest, lines)
        SELECT -first_id, -9223372036854775807, 9223372036854775807, 1 FROM session_events;
";

/// Lists in the order of the indexes alone, however many sessions began at one moment.
const LISTED: &str = "
    DROP INDEX sessions_by_start;
    DROP INDEX sessions_by_status;
    DROP INDEX sessions_by_engine;
    DROP INDEX sessions_by_agent;
    DROP INDEX sessions_pinned;
    CREATE INDEX sessions_by_start ON sessions (started_at, id);
    CREATE INDEX sessions_by_status ON sessions (status, started_at, id);
    CREATE INDEX sessions_by_engine ON sessions (engine, status, started_at, id);
    CREATE INDEX sessions_by_agent ON sessions (agent, started_at, id) WHERE agent IS NOT NULL;
    CREATE INDEX sessions_pinned ON sessions (started_at, id) WHERE pinned = 1;
";

/// Which posted events must not be taken again.
const TAKEN: &str = "
    CREATE TABLE taken_events (event BLOB PRIMARY KEY, session_id TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX taken_events_by_session ON taken_events (session_id);
";

/// Which sessions a session started.
const PARENTS: &str = "
    ALTER TABLE sessions ADD COLUMN parent TEXT;
    UPDATE sessions SET parent = json_extract(json, '$.parent_session_id')
        WHERE instr(json, '\"parent_session_id\"') > 0;
    CREATE INDEX sessions_by_parent ON sessions (parent, started_at, id) WHERE parent IS NOT NULL;
";

/// Brings the file to the newest version.
pub(super) fn migrate(connection: &mut Connection, now: Timestamp) -> Result<()> {
    let version = number(connection, "PRAGMA user_version")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(refused("was written by a newer version of agent-inspector"));
    }
    let from = usize::try_from(version).map_err(|_| refused("is not agent-inspector's"))?;
    if from == 0 && number(connection, "SELECT count(*) FROM sqlite_schema")? > 0 {
        return Err(refused("is not agent-inspector's"));
    }
    if from > 0 && number(connection, "PRAGMA application_id")? != APPLICATION_ID {
        return Err(refused("is not agent-inspector's"));
    }
    for (at, step) in MIGRATIONS.iter().enumerate().skip(from) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", i64::try_from(at + 1).unwrap_or(i64::MAX))?;
        if at == 0 {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            let first = i64::try_from(first_event_id(now).0).unwrap_or(1);
            transaction.execute("UPDATE counters SET value = ?1 WHERE name = 'next_event_id'", [first])?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Looks for damage in what is likely to be read: cheap enough for every start. A small file is looked through whole.
///
/// Says whether the index of the search is damaged: that is no reason to give up the rest.
pub(super) fn probe(connection: &Connection) -> Result<bool> {
    /// About 10 ms.
    const SMALL_PAGES: i64 = 1024;
    let mut index_is_damaged = false;
    if number(connection, "PRAGMA page_count")? <= SMALL_PAGES {
        for verdict in verdicts(connection)? {
            if verdict.contains("search_text") {
                index_is_damaged = true;
            } else if verdict != "ok" {
                return Err(StoreError::Corrupt(verdict).into());
            }
        }
    }
    if number(connection, "PRAGMA user_version")? > 0 {
        for newest in [
            "SELECT count(value) FROM counters",
            "SELECT coalesce(sum(length(json)), 0) FROM (SELECT json FROM sessions ORDER BY started_at DESC LIMIT 50)",
            "SELECT coalesce(sum(length(lines)), 0) FROM (SELECT lines FROM blocks ORDER BY trace DESC LIMIT 50)",
            "SELECT coalesce(sum(length(bytes)), 0) FROM (SELECT bytes || '' AS bytes FROM block_bytes ORDER BY block DESC LIMIT 10)",
            "SELECT coalesce(sum(length(bytes)), 0) FROM (SELECT bytes || '' AS bytes FROM event_blocks ORDER BY first_id DESC LIMIT 10)",
        ] {
            number(connection, newest)?;
        }
    }
    Ok(index_is_damaged)
}

/// What SQLite finds wrong, at most two things; or `ok`.
fn verdicts(connection: &Connection) -> Result<Vec<String>> {
    let found = connection.prepare("PRAGMA quick_check(2)").and_then(|mut check| {
        let rows = check.query_map([], |row| row.get(0))?;
        rows.collect()
    });
    match found {
        // Up to 3.46 it cannot even begin when the index of the search cannot be opened.
        Err(error) if error.to_string().contains("search_text") => Ok(vec![error.to_string()]),
        found => Ok(found?),
    }
}

pub(super) fn number(connection: &Connection, sql: &str) -> Result<i64> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn refused(why: &str) -> Failure {
    StoreError::Unavailable(format!("the database {why}")).into()
}
