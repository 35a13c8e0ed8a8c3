//! Writing batches.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Result;
use super::read::session_id;
use super::spans::{SeenSpans, TraceRow};
use super::{erase, events, lines, pack, search, sessions};
use crate::model::{SessionId, Timestamp, TraceId};
use crate::store::{Block, Chunk, ChunkSpan, WriteBatch};

/// What a batch is written with.
pub(super) struct Writing<'a> {
    pub(super) connection: &'a Connection,
    pub(super) seen: &'a mut SeenSpans,
    pub(super) instance: i64,
    pub(super) now: Timestamp,
}

impl Writing<'_> {
    pub(super) fn batch(&mut self, batch: &WriteBatch) -> Result<()> {
        for session in &batch.deleted_sessions {
            remove_session(self.connection, session)?;
            events::remove_session(self.connection, session)?;
        }
        if !batch.deleted_sessions.is_empty() {
            erase::note(self.connection)?;
        }
        let mut last: HashMap<&SessionId, usize> = HashMap::new();
        for (at, session) in batch.sessions.iter().enumerate() {
            last.insert(&session.id, at);
        }
        for (at, session) in batch.sessions.iter().enumerate() {
            // Of several states of one session in a batch only the last is stored.
            if last.get(&session.id) == Some(&at) {
                sessions::put(self.connection, session, self.instance, self.now)?;
            }
        }
        for (trace, session) in &batch.traces {
            self.map_trace(*trace, session)?;
        }
        let mut added_spans = 0;
        for chunk in &batch.chunks {
            added_spans += self.chunk(chunk)?;
        }
        if added_spans > 0 {
            Counter::Spans.add(self.connection, added_spans)?;
        }
        for (session, pinned) in &batch.pins {
            sessions::pin(self.connection, session, *pinned)?;
        }
        for session in &batch.removed_sessions {
            events::move_provisional(self.connection, session)?;
            remove_session(self.connection, session)?;
        }
        for (session, event) in &batch.taken {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO taken_events (event, session_id) VALUES (?1, ?2)")?
                .execute(params![event.as_bytes(), session.as_str()])?;
        }
        events::write(self.connection, &batch.events, self.instance)
    }

    fn map_trace(&self, id: TraceId, session: &SessionId) -> Result<()> {
        let known: Option<(i64, Option<String>)> = self
            .connection
            .prepare_cached("SELECT trace, session_id FROM traces WHERE id = ?1")?
            .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((trace, before)) = known else {
            self.insert_trace(id, Some(session))?;
            return Ok(());
        };
        if before.as_deref() == Some(session.as_str()) {
            return Ok(());
        }
        if let Some(before) = &before {
            pack::split(self.connection, trace, &session_id(before)?)?;
        }
        self.connection
            .prepare_cached("UPDATE traces SET session_id = ?1 WHERE trace = ?2")?
            .execute(params![session.as_str(), trace])?;
        if last_block(self.connection, trace)? > 0 {
            for changed in [before.as_deref(), Some(session.as_str())].into_iter().flatten() {
                renew(self.connection, changed, self.now)?;
            }
        }
        Ok(())
    }

    fn insert_trace(&self, id: TraceId, session: Option<&SessionId>) -> Result<TraceRow> {
        self.connection
            .prepare_cached("INSERT INTO traces (id, session_id, seen_at) VALUES (?1, ?2, ?3)")?
            .execute(params![id.as_bytes(), session.map(SessionId::as_str), self.now.as_nanos()])?;
        Ok(TraceRow { number: self.connection.last_insert_rowid(), id })
    }

    /// Adds a chunk, and says how many spans it has that were not known.
    fn chunk(&mut self, chunk: &Chunk) -> Result<i64> {
        let known: Option<i64> = self
            .connection
            .prepare_cached("SELECT trace FROM traces WHERE id = ?1")?
            .query_row([chunk.trace_id.as_bytes()], |row| row.get(0))
            .optional()?;
        let trace = match known {
            Some(number) => TraceRow { number, id: chunk.trace_id },
            None => self.insert_trace(chunk.trace_id, None)?,
        };
        let before = last_block(self.connection, trace.number)?;
        let block = insert_block(self.connection, &chunk.block, &[(trace, &chunk.spans)], false)?;
        let added = self.seen.add(self.connection, trace, before, block, &chunk.spans)?;
        self.connection
            .prepare_cached("UPDATE traces SET spans = spans + ?1, open = ?2, packed = 0 WHERE trace = ?3")?
            .execute([added.new, added.open, trace.number])?;
        Ok(added.new)
    }
}

/// Adds a block with the lines of one or several traces at the end of them.
pub(super) fn insert_block(
    connection: &Connection,
    block: &Block,
    parts: &[(TraceRow, impl AsRef<[ChunkSpan]>)],
    packed: bool,
) -> Result<i64> {
    connection.prepare_cached("INSERT INTO block_bytes (bytes) VALUES (?1)")?.execute([&block.bytes[..]])?;
    let id = connection.last_insert_rowid();
    let mut insert = connection.prepare_cached(
        "INSERT INTO blocks (trace, block, compressed_bytes, plain_bytes, crc32, packed, lines)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (trace, spans) in parts {
        insert.execute(params![
            trace.number,
            id,
            i64::try_from(block.bytes.len()).unwrap_or(i64::MAX),
            i64::try_from(block.plain_bytes).unwrap_or(i64::MAX),
            block.crc32,
            packed,
            lines::encode(spans.as_ref()),
        ])?;
    }
    let spans = parts.iter().flat_map(|(_, spans)| spans.as_ref());
    search::add_document(connection, id, spans.map(|line| line.summary.start_time))?;
    Ok(id)
}

/// Removes a block that has lines of these traces.
pub(super) fn remove_block(
    connection: &Connection,
    block: i64,
    traces: impl Iterator<Item = i64>,
) -> Result<()> {
    connection.prepare_cached("DELETE FROM block_bytes WHERE block = ?1")?.execute([block])?;
    let mut remove = connection.prepare_cached("DELETE FROM blocks WHERE trace = ?1 AND block = ?2")?;
    for trace in traces {
        remove.execute([trace, block])?;
    }
    Ok(())
}

/// The newest block of a trace, or 0.
pub(super) fn last_block(connection: &Connection, trace: i64) -> Result<i64> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(block), 0) FROM blocks WHERE trace = ?1")?
        .query_row([trace], |row| row.get(0))?)
}

/// Gives a session another generation: its blocks are no longer those listed before with more at the end.
pub(super) fn renew(connection: &Connection, session: &str, now: Timestamp) -> Result<()> {
    connection
        .prepare_cached("UPDATE sessions SET generation = max(generation + 1, ?1) WHERE id = ?2")?
        .execute(params![now.as_nanos(), session])?;
    Ok(())
}

/// How many blocks one transaction removes at most, so that a write does not wait long for it.
pub(super) const REMOVED_AT_ONCE: i64 = 512;

/// Removes a session with all that is its own, at once as far as anybody can tell: of a large one the traces lose their
/// names, and their blocks go piece by piece when the writer has time. Gives how many blocks were removed now.
pub(super) fn remove_session(connection: &Connection, session: &SessionId) -> Result<i64> {
    for table in [
        "DELETE FROM sessions WHERE id = ?1",
        "DELETE FROM session_tags WHERE session_id = ?1",
        "DELETE FROM session_events WHERE session_id = ?1",
        "DELETE FROM taken_events WHERE session_id = ?1",
    ] {
        connection.prepare_cached(table)?.execute([session.as_str()])?;
    }
    let blocks = blocks_of(connection, session)?;
    if blocks > REMOVED_AT_ONCE {
        connection
            .prepare_cached(
                "UPDATE traces SET session_id = NULL, id = randomblob(16), seen_at = ?1, packed = 1, open = 0
                 WHERE session_id = ?2",
            )?
            .execute(params![REMOVED, session.as_str()])?;
        return Ok(0);
    }
    let traces: Vec<i64> = connection
        .prepare_cached("SELECT trace FROM traces WHERE session_id = ?1")?
        .query_map([session.as_str()], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    for trace in traces {
        remove_trace(connection, trace, i64::MAX)?;
    }
    Ok(blocks)
}

/// When a trace without a session was seen last, if that session was removed and its blocks are still to go.
pub(super) const REMOVED: i64 = 0;

/// How many blocks a session has.
pub(super) fn blocks_of(connection: &Connection, session: &SessionId) -> Result<i64> {
    Ok(connection
        .prepare_cached(
            "SELECT count(DISTINCT block) FROM traces JOIN blocks USING (trace) WHERE session_id = ?1",
        )?
        .query_row([session.as_str()], |row| row.get(0))?)
}

/// Removes a trace with its blocks, or the `most` oldest of them. Gives how many it removed.
pub(super) fn remove_trace(connection: &Connection, trace: i64, most: i64) -> Result<i64> {
    let up_to: i64 = connection
        .prepare_cached(
            "SELECT coalesce(max(block), 0) FROM (SELECT block FROM blocks WHERE trace = ?1 ORDER BY block LIMIT ?2)",
        )?
        .query_row([trace, most], |row| row.get(0))?;
    connection
        .prepare_cached(
            "DELETE FROM block_bytes WHERE block IN (SELECT block FROM blocks WHERE trace = ?1 AND block <= ?2)",
        )?
        .execute([trace, up_to])?;
    let removed = connection
        .prepare_cached("DELETE FROM blocks WHERE trace = ?1 AND block <= ?2")?
        .execute([trace, up_to])?;
    if last_block(connection, trace)? == 0 {
        let spans: Option<i64> = connection
            .prepare_cached("DELETE FROM traces WHERE trace = ?1 RETURNING spans")?
            .query_row([trace], |row| row.get(0))
            .optional()?;
        Counter::Spans.add(connection, -spans.unwrap_or(0))?;
    }
    Ok(i64::try_from(removed).unwrap_or(i64::MAX))
}

/// Numbers that would take long to count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counter {
    Spans,
    Events,
    EventBytes,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Events => "events",
            Self::EventBytes => "event_bytes",
        }
    }

    pub(super) fn add(self, connection: &Connection, number: i64) -> Result<()> {
        connection
            .prepare_cached("UPDATE counters SET value = value + ?1 WHERE name = ?2")?
            .execute(params![number, self.name()])?;
        Ok(())
    }

    pub(super) fn get(self, connection: &Connection) -> Result<i64> {
        Ok(connection
            .prepare_cached("SELECT value FROM counters WHERE name = ?1")?
            .query_row([self.name()], |row| row.get(0))?)
    }
}
