//! Work that can wait: packing, retention, giving space back.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Result;
use super::read::session_id;
use super::spans::{self, TraceRow};
use super::write::{
    Counter, REMOVED, REMOVED_AT_ONCE, Writing, blocks_of, remove_session, remove_trace, renew,
};
use super::{SqliteStore, schema, sessions};
use crate::model::{SessionId, Timestamp};

/// How long a session is kept by default after something was last heard of it.
pub const DEFAULT_RETENTION_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many bytes the file may take by default: a million agent spans and more.
pub const DEFAULT_RETENTION_BYTES: u64 = 1 << 30;

/// How long history is kept. Whatever bound is reached first counts; sessions that run are not removed for their age,
/// and for space only their oldest spans, when nothing else is left. Pinned sessions are left alone by both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Ended sessions of which nothing was heard for longer are removed.
    pub age: Duration,
    /// The oldest ended sessions are removed while the file holds more bytes.
    pub bytes: u64,
}

impl Retention {
    /// Both bounds.
    #[must_use]
    pub const fn new(age: Duration, bytes: u64) -> Self {
        Self { age, bytes }
    }
}

impl Default for Retention {
    /// [`DEFAULT_RETENTION_AGE`] and [`DEFAULT_RETENTION_BYTES`].
    fn default() -> Self {
        Self { age: DEFAULT_RETENTION_AGE, bytes: DEFAULT_RETENTION_BYTES }
    }
}

/// A session that has ended is packed by default when nothing was heard of it for so long: late spans have come by then.
pub const DEFAULT_PACK_AFTER: Duration = Duration::from_secs(30);

/// How many traces are looked at for one to pack, in about a millisecond.
const LOOKED_AT_ONCE: u32 = 256;

/// A log larger than this is one that cannot be read back. It is cut to a quarter of it whenever it can.
const LOG_BYTES: u64 = 128 << 20;

/// How many free pages are kept for what comes next, and how many are given back at once (1 MiB).
const FREE_PAGES: i64 = 128;

impl SqliteStore {
    /// See [`Store::maintain`](crate::store::Store::maintain).
    pub(super) fn upkeep(&self, budget: Duration, now: Timestamp) -> Result<bool> {
        self.writer.lock().open()?;
        self.log_bytes.store(self.place.log_bytes(), Ordering::Relaxed);
        let deadline = Instant::now() + budget;
        loop {
            // A little of each, so that none waits for all of another. What was removed leaves the index first, because
            // the index counts as used space too.
            let mut done = self.clean_index()?;
            done |= self.remove_some(now)?;
            done |= self.pack_some(now, deadline)?;
            done |= self.keep_index()?;
            if !done && !self.give_space_back()? && !self.erase_some()? {
                return Ok(false);
            }
            if Instant::now() >= deadline {
                return Ok(true);
            }
        }
    }

    /// Packs a session that has ended: each span keeps its last line only, in large and well compressed blocks. Says
    /// whether anything was changed.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written; what was packed until then stays packed.
    #[cfg(test)]
    pub(crate) fn compact(&self, session: &SessionId) -> std::result::Result<bool, crate::store::StoreError> {
        let ended = self.read(|connection| {
            Ok(sessions::get(connection, session)?.is_some_and(|s| s.status.is_ended()))
        })?;
        Ok(ended && self.pack(session, None)?)
    }

    /// Looks at some of the traces that are not packed, after those that were looked at last: a hundred thousand of them may
    /// wait for their time. Says whether it packed something or has not seen all.
    fn pack_some(&self, now: Timestamp, deadline: Instant) -> Result<bool> {
        let before = now.minus(self.pack_after).as_nanos();
        let after = self.packing_after.load(Ordering::Relaxed);
        let (looked_at, last, next) = self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT trace, session_id, status > ?1 AND updated_at < ?2 FROM traces INDEXED BY traces_unpacked
                     LEFT JOIN sessions ON sessions.id = session_id
                 WHERE packed = 0 AND trace > ?3 ORDER BY trace LIMIT ?4",
            )?;
            let mut rows =
                statement.query([sessions::LAST_OPEN_STATUS, before, after, i64::from(LOOKED_AT_ONCE)])?;
            let (mut looked_at, mut last) = (0, 0);
            while let Some(row) = rows.next()? {
                looked_at += 1;
                last = row.get(0)?;
                if row.get::<_, Option<bool>>(2)? == Some(true) {
                    return Ok((looked_at, last, Some(session_id(&row.get::<_, String>(1)?)?)));
                }
            }
            Ok((looked_at, last, None))
        })?;
        let at_the_end = next.is_none() && looked_at < LOOKED_AT_ONCE;
        // What is found is looked at again: it may not be packed whole before the deadline.
        let seen = if next.is_some() { last - 1 } else { last };
        self.packing_after.store(if at_the_end { 0 } else { seen }, Ordering::Relaxed);
        if let Some(session) = next {
            // A session in which nothing is left to pack is marked, so that it is not found again.
            self.pack(&session, Some(deadline))?;
        }
        Ok(!at_the_end)
    }

    fn remove_some(&self, now: Timestamp) -> Result<bool> {
        let cutoff = now.minus(self.retention.age).as_nanos();
        let bytes = self.bound()?;
        // Looked at by a reader first, so that the writer is not held up when there is nothing to do.
        if self.readers.read(|connection| victim(connection, cutoff, bytes))?.is_none() {
            return Ok(false);
        }
        self.change(|writing| {
            let mut left = REMOVED_AT_ONCE;
            while left > 0 {
                let Some(victim) = victim(writing.connection, cutoff, bytes)? else { break };
                left -= writing.remove(&victim, left)?.max(1);
            }
            Ok(true)
        })
    }

    /// That the log grows, which is only read back into the database while nobody reads what was there before.
    pub(super) fn log_notice(&self) -> Option<String> {
        let bytes = self.log_bytes.load(Ordering::Relaxed);
        (bytes > LOG_BYTES).then(|| {
            format!(
                "{} MiB wait in the log beside the database: another program has been reading it for long",
                bytes >> 20
            )
        })
    }

    fn give_space_back(&self) -> Result<bool> {
        let free = |connection: &Connection| schema::number(connection, "PRAGMA freelist_count");
        if self.readers.read(|connection| free(connection))? < FREE_PAGES {
            return Ok(false);
        }
        let writer = self.writer.lock();
        let before = free(&writer.connection)?;
        let mut vacuum =
            writer.connection.prepare_cached(&format!("PRAGMA incremental_vacuum({FREE_PAGES})"))?;
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
        drop(pages);
        drop(vacuum);
        Ok(free(&writer.connection)? < before)
    }
}

/// What is removed next.
enum Victim {
    /// A session that has ended, with everything.
    Session(SessionId),
    /// A trace that no session was ever named for, or whose session was removed.
    Trace(i64),
    /// The oldest blocks of a session that runs.
    BlocksOf(SessionId),
}

fn victim(connection: &Connection, cutoff: i64, bytes: u64) -> Result<Option<Victim>> {
    let session = |sql: &str, parameters: &[i64]| -> Result<Option<SessionId>> {
        let mut statement = connection.prepare_cached(sql)?;
        let id: Option<String> =
            statement.query_row(rusqlite::params_from_iter(parameters), |row| row.get(0)).optional()?;
        id.as_deref().map(session_id).transpose()
    };
    let trace = |before: i64| -> Result<Option<i64>> {
        let mut statement = connection
            .prepare_cached("SELECT trace FROM traces WHERE session_id IS NULL AND seen_at < ?1 LIMIT 1")?;
        Ok(statement.query_row([before], |row| row.get(0)).optional()?)
    };
    // What was removed already, as far as anybody can tell.
    if let Some(trace) = trace(REMOVED + 1)? {
        return Ok(Some(Victim::Trace(trace)));
    }
    let too_old = session(
        "SELECT id FROM sessions INDEXED BY sessions_by_start
         WHERE started_at < ?1 AND status > ?2 AND updated_at < ?1 AND pinned = 0 ORDER BY started_at LIMIT 1",
        &[cutoff, sessions::LAST_OPEN_STATUS],
    )?;
    if let Some(id) = too_old {
        return Ok(Some(Victim::Session(id)));
    }
    if let Some(trace) = trace(cutoff)? {
        return Ok(Some(Victim::Trace(trace)));
    }
    if used_bytes(connection)? <= bytes {
        return Ok(None);
    }
    let oldest = session(
        "SELECT id FROM sessions INDEXED BY sessions_by_start WHERE status > ?1 AND pinned = 0 ORDER BY started_at LIMIT 1",
        &[sessions::LAST_OPEN_STATUS],
    )?;
    if let Some(id) = oldest {
        return Ok(Some(Victim::Session(id)));
    }
    if let Some(trace) = trace(i64::MAX)? {
        return Ok(Some(Victim::Trace(trace)));
    }
    let running = session(
        "SELECT sessions.id FROM sessions INDEXED BY sessions_by_start CROSS JOIN traces ON session_id = sessions.id
         WHERE pinned = 0 AND EXISTS (SELECT 1 FROM blocks WHERE blocks.trace = traces.trace) ORDER BY started_at LIMIT 1",
        &[],
    )?;
    Ok(running.map(Victim::BlocksOf))
}

/// Bytes of the file that hold something; the rest is given back in time.
pub(super) fn used_bytes(connection: &Connection) -> Result<u64> {
    let [pages, free, size] = ["PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"]
        .map(|pragma| schema::number(connection, pragma));
    Ok(((pages? - free?) * size?).cast_unsigned())
}

impl Writing<'_> {
    /// Removes a victim, or about `most` of its blocks. Gives how many blocks it removed.
    fn remove(&mut self, victim: &Victim, most: i64) -> Result<i64> {
        let session = match victim {
            Victim::Session(session) => return remove_session(self.connection, session),
            Victim::Trace(trace) => return remove_trace(self.connection, *trace, most),
            Victim::BlocksOf(session) => session,
        };
        let blocks = blocks_of(self.connection, session)?;
        let last: i64 = self
            .connection
            .prepare_cached(
                "SELECT coalesce(max(block), 0) FROM (SELECT DISTINCT block FROM traces JOIN blocks USING (trace)
                     WHERE session_id = ?1 ORDER BY block LIMIT ?2)",
            )?
            .query_row(params![session.as_str(), most], |row| row.get(0))?;
        for oldest in [
            "DELETE FROM block_bytes WHERE block IN
                 (SELECT block FROM traces JOIN blocks USING (trace) WHERE session_id = ?1 AND block <= ?2)",
            "DELETE FROM blocks WHERE trace IN (SELECT trace FROM traces WHERE session_id = ?1) AND block <= ?2",
        ] {
            self.connection.prepare_cached(oldest)?.execute(params![session.as_str(), last])?;
        }
        for trace in super::read::trace_rows(self.connection, session)? {
            recount(self.connection, trace)?;
        }
        *self.seen = spans::SeenSpans::default();
        renew(self.connection, session.as_str(), self.now)?;
        Ok(blocks.min(most))
    }
}

/// Counts the spans of a trace again after some of its blocks were removed.
fn recount(connection: &Connection, trace: TraceRow) -> Result<()> {
    let left = super::read::summaries(connection, &[trace])?.len();
    let now = i64::try_from(left).unwrap_or(0);
    let before: i64 = connection
        .prepare_cached("SELECT spans FROM traces WHERE trace = ?1")?
        .query_row([trace.number], |row| row.get(0))?;
    connection
        .prepare_cached("UPDATE traces SET spans = ?1 WHERE trace = ?2")?
        .execute([now, trace.number])?;
    Counter::Spans.add(connection, now - before)
}
