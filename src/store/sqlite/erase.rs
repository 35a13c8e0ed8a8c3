//! Taking out of the files what a person removed, down to the bytes.
//!
//! A row that is deleted is gone for everybody who asks, and is overwritten where that costs nothing (`secure_delete = FAST`).
//! Its bytes may still be in the index of the search, in whose parts a word stays until they are merged; in pages that are
//! free, and in gaps of others, from which rows were moved; and in the log beside the database, until it is read back and
//! cut. A removal leaves a note, and upkeep sees to these when it has nothing else to do. It does so after a restart too.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::connection::PATIENCE;
use super::failure::Result;
use super::{SqliteStore, schema};

/// A file of at most so many bytes is written anew, which leaves no gap; commits wait for it, about a second. Of a larger one
/// the free pages are given back, and compressed lines may be left in gaps of others until these are written again.
pub(super) const REWRITTEN_UP_TO: u64 = 256 << 20;

/// How often it is written anew at most, however often something is removed.
const REWRITTEN_EVERY: Duration = Duration::from_secs(30);

/// How many pages of a larger file are given back to the system in one transaction.
const PAGES_AT_ONCE: i64 = 128;

/// Notes that something was removed whose bytes are to go.
pub(super) fn note(connection: &Connection) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO counters VALUES ('erase', 1) ON CONFLICT (name) DO UPDATE SET value = abs(value) + 1",
        )?
        .execute([])?;
    Ok(())
}

/// When the file was last written anew.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rewritten {
    at: Option<Instant>,
    /// After which removal.
    after: i64,
}

/// The number of the last removal, while its bytes may still be there; 0 otherwise.
fn noted(connection: &Connection) -> Result<i64> {
    schema::number(
        connection,
        "SELECT coalesce(max(value), 0) FROM counters WHERE name = 'erase' AND value > 0",
    )
}

impl SqliteStore {
    /// Goes one step on, if something was removed. Says whether there is more to do now; while somebody reads what was there
    /// before, there is not.
    pub(super) fn erase_some(&self) -> Result<bool> {
        let before = self.readers.read(|connection| noted(connection))?;
        if before == 0 {
            return Ok(false);
        }
        if self.merge_whole_index()? {
            return Ok(true);
        }
        let mut writer = self.writer.lock();
        if self.place.bytes() <= self.rewritten_up_to {
            let Rewritten { at, after } = writer.rewritten;
            if after != before {
                if at.is_some_and(|at| at.elapsed() < REWRITTEN_EVERY) {
                    return Ok(false);
                }
                // Also one that fails, for want of room, is not tried again at once.
                writer.rewritten.at = Some(Instant::now());
                rewrite(&writer.connection)?;
                writer.rewritten.after = before;
            }
        } else if give_back(&writer.connection)? {
            return Ok(true);
        }
        let connection = &writer.connection;
        // Nobody is waited for: commits would wait too.
        connection.busy_timeout(Duration::ZERO)?;
        let held = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        connection.busy_timeout(PATIENCE)?;
        if held? == 0 {
            // Unless something else was removed meanwhile, also by another process.
            connection.execute(
                "UPDATE counters SET value = -value WHERE name = 'erase' AND value = ?1",
                [before],
            )?;
        }
        Ok(false)
    }
}

/// Writes the file anew. What is put together meanwhile is as large as the file, so it is not in memory.
fn rewrite(connection: &Connection) -> Result<()> {
    connection.execute_batch("PRAGMA temp_store = FILE")?;
    let rewritten = connection.execute_batch("VACUUM");
    connection.execute_batch("PRAGMA temp_store = MEMORY")?;
    Ok(rewritten?)
}

/// Gives some of the free pages back to the system. Says whether there were any.
fn give_back(connection: &Connection) -> Result<bool> {
    if schema::number(connection, "PRAGMA freelist_count")? == 0 {
        return Ok(false);
    }
    let mut vacuum = connection.prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(true)
}
