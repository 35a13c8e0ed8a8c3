//! Events: blocks for the replay, and those that are kept with their session.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::{Failure, Result, corrupt};
use super::spans::blob;
use super::write::Counter;
use super::{read, search};
use crate::model::{EventFrame, EventId, EventQuery, SessionId, TraceId};
use crate::store::search::{event_time, is_searched};
use crate::store::{Block, REPLAY_EVENTS, REPLAY_EVENTS_AT_LEAST, early, outlives_replay};

/// How many bytes the compressed events of the replay may take.
const REPLAY_BYTES: i64 = 8 << 20;

/// A block of events ends when it has so many, or so many bytes of them: a page of the replay reads whole blocks, and should not
/// unpack the tens of thousands of events that one large request made.
const BLOCK_EVENTS: usize = 512;
const BLOCK_BYTES: usize = 256 << 10;

/// Writes the events of a batch.
///
/// A block never spans ids that this process did not give out: those may be another process's. So blocks do not
/// overlap, and their order is the order of the ids.
pub(super) fn write(connection: &Connection, events: &[Arc<EventFrame>], instance: i64) -> Result<()> {
    for run in events.chunk_by(|before, after| before.id.next() == after.id) {
        let mut left = run;
        while !left.is_empty() {
            let (block, rest) = left.split_at(events_of_block(left));
            write_block(connection, block, instance)?;
            left = rest;
        }
    }
    prune(connection)
}

/// How many of the first events make a block; one at least.
fn events_of_block(events: &[Arc<EventFrame>]) -> usize {
    let mut bytes = 0;
    let fit = events.iter().take(BLOCK_EVENTS).take_while(|event| {
        bytes += event.size();
        bytes <= BLOCK_BYTES
    });
    fit.count().max(1)
}

fn write_block(connection: &Connection, run: &[Arc<EventFrame>], instance: i64) -> Result<()> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
    let (first_id, last_id) = (number(first.id), number(last.id));
    let bytes = encode(run.iter().map(AsRef::as_ref));
    let count = i64::try_from(run.len()).unwrap_or(0);
    let size = i64::try_from(bytes.len()).unwrap_or(0);
    // A batch that is written again after an error may have been written all the same.
    forget(connection, first_id)?;
    connection
        .prepare_cached("INSERT INTO event_blocks (first_id, last_id, instance, events, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![first_id, last_id, instance, count, bytes])?;
    Counter::Events.add(connection, count)?;
    Counter::EventBytes.add(connection, size)?;
    let mut of_sessions: BTreeMap<&SessionId, Vec<&EventFrame>> = BTreeMap::new();
    let mut of_nobody: Vec<&EventFrame> = Vec::new();
    for event in run {
        if event.session_id.is_none() && is_searched(&event.event_type) {
            of_nobody.push(event);
        }
        if let Some(session) = &event.session_id {
            let kept = of_sessions.entry(session).or_default();
            if outlives_replay(&event.event_type) {
                kept.push(event);
            }
        }
    }
    for (session, kept) in of_sessions {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO event_block_sessions (first_id, session_hash) VALUES (?1, ?2)",
            )?
            .execute(params![first_id, hash(session)])?;
        if is_stored(connection, session)? {
            keep(connection, session.as_str(), &kept)?;
        } else {
            of_nobody.extend(kept.into_iter().filter(|event| is_searched(&event.event_type)));
        }
    }
    of_nobody.sort_unstable_by_key(|event| event.id);
    keep(connection, NOBODY, &of_nobody)
}

/// Stands for the session of events that are of none that is stored. They are kept for the search as long as the replay has
/// them.
const NOBODY: &str = "";

fn keep(connection: &Connection, session: &str, kept: &[&EventFrame]) -> Result<()> {
    let (Some(first), Some(last)) = (kept.first(), kept.last()) else { return Ok(()) };
    let first_id = number(first.id);
    connection
        .prepare_cached("INSERT OR REPLACE INTO session_events (session_id, first_id, last_id, bytes) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![session, first_id, number(last.id), encode(kept.iter().copied())])?;
    let searched = kept.iter().filter(|event| is_searched(&event.event_type));
    search::add_document(connection, -first_id, searched.filter_map(|event| event_time(event.json())))
}

/// Has the session to which the trace of a provisional one moved keep what that one kept.
pub(super) fn move_provisional(connection: &Connection, provisional: &SessionId) -> Result<()> {
    if let Some(trace) = provisional.as_trace() {
        connection
            .prepare_cached(
                "UPDATE session_events SET session_id = traces.session_id FROM traces
                 WHERE traces.id = ?1 AND traces.session_id IS NOT NULL AND session_events.session_id = ?2",
            )?
            .execute(params![trace.as_bytes(), provisional.as_str()])?;
    }
    Ok(())
}

/// Whether a session has a row here. Events of one that only a registry of the host's knows would never be removed with
/// it; the replay has them for a while.
fn is_stored(connection: &Connection, session: &SessionId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM sessions WHERE id = ?1")?
        .query_row([session.as_str()], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Takes the block that begins with this id out of the replay.
fn forget(connection: &Connection, first_id: i64) -> Result<()> {
    let old: Option<(i64, i64, i64)> = connection
        .prepare_cached(
            "DELETE FROM event_blocks WHERE first_id = ?1 RETURNING events, length(bytes), last_id",
        )?
        .query_row([first_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if let Some((events, bytes, last_id)) = old {
        connection
            .prepare_cached(
                "DELETE FROM session_events WHERE session_id = ?1 AND first_id BETWEEN ?2 AND ?3",
            )?
            .execute(params![NOBODY, first_id, last_id])?;
        Counter::Events.add(connection, -events)?;
        Counter::EventBytes.add(connection, -bytes)?;
        connection
            .prepare_cached("DELETE FROM event_block_sessions WHERE first_id = ?1")?
            .execute([first_id])?;
    }
    Ok(())
}

/// Takes what is told of a session out of the replay, which goes on without it.
pub(super) fn remove_session(connection: &Connection, session: &SessionId) -> Result<()> {
    let hash = hash(session);
    let blocks: Vec<(i64, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT first_id, bytes FROM event_block_sessions JOIN event_blocks USING (first_id) WHERE session_hash = ?1",
        )?
        .query_map([hash], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    for (first_id, bytes) in blocks {
        let events = decode(&bytes)?;
        let left: Vec<_> = events.iter().filter(|event| event.session_id.as_ref() != Some(session)).collect();
        let count = |events: usize| i64::try_from(events).unwrap_or(0);
        let written = encode(left.iter().copied());
        Counter::Events.add(connection, count(left.len()) - count(events.len()))?;
        Counter::EventBytes.add(connection, count(written.len()) - count(bytes.len()))?;
        connection
            .prepare_cached("UPDATE event_blocks SET events = ?1, bytes = ?2 WHERE first_id = ?3")?
            .execute(params![count(left.len()), written, first_id])?;
        // Another session may have the same hash, and then it is looked through once more in vain.
        let shared =
            left.iter().any(|event| event.session_id.as_ref().is_some_and(|id| self::hash(id) == hash));
        if !shared {
            connection
                .prepare_cached("DELETE FROM event_block_sessions WHERE first_id = ?1 AND session_hash = ?2")?
                .execute([first_id, hash])?;
        }
    }
    Ok(())
}

fn prune(connection: &Connection) -> Result<()> {
    loop {
        let events = Counter::Events.get(connection)?;
        let bytes = Counter::EventBytes.get(connection)?;
        if events <= number(EventId(REPLAY_EVENTS)) && bytes <= REPLAY_BYTES {
            return Ok(());
        }
        let oldest: Option<(i64, i64, i64, i64)> = connection
            .prepare_cached(
                "SELECT first_id, last_id, instance, events FROM event_blocks ORDER BY first_id LIMIT 1",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((first_id, last_id, instance, in_block)) = oldest else { return Ok(()) };
        if events - in_block < number(EventId(REPLAY_EVENTS_AT_LEAST)) {
            return Ok(());
        }
        forget(connection, first_id)?;
        connection
            .prepare_cached("UPDATE instances SET pruned_to = max(pruned_to, ?1) WHERE instance = ?2")?
            .execute([last_id, instance])?;
    }
}

/// The events of the replay: of this instance and of those that had ended when it began. What a living sibling did is
/// not among them, because its ids come in between.
pub(super) fn replay(connection: &Connection, query: &EventQuery, instance: i64) -> Result<Vec<EventFrame>> {
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM event_blocks
         WHERE first_id >= coalesce((SELECT max(first_id) FROM event_blocks WHERE first_id <= ?1), 0) AND last_id > ?1
             AND (instance = ?2 OR instance IN (SELECT instance FROM instances WHERE ended_before < ?2))
         ORDER BY first_id",
    )?;
    let rows = statement.query(params![number(query.after), instance])?;
    collect(rows, query, |_| true)
}

/// All stored events of a session, whoever wrote them.
pub(super) fn of_session(
    connection: &Connection,
    session: &SessionId,
    query: &EventQuery,
) -> Result<Vec<EventFrame>> {
    let after = number(query.after);
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM session_events WHERE session_id = ?1 AND last_id > ?2 ORDER BY first_id",
    )?;
    let is_own = |frame: &EventFrame| frame.session_id.as_ref() == Some(session);
    let kept = collect(statement.query(params![session.as_str(), after])?, query, |frame| {
        is_own(frame) || early::moves(frame)
    })?;
    let mut recent = connection.prepare_cached(
        "SELECT event_blocks.bytes FROM event_block_sessions JOIN event_blocks USING (first_id)
         WHERE session_hash = ?1 AND last_id > ?2 ORDER BY first_id",
    )?;
    let recent = collect(recent.query(params![hash(session), after])?, query, is_own)?;
    let traces: HashSet<TraceId> =
        read::trace_rows(connection, session)?.into_iter().map(|trace| trace.id).collect();
    let nobodys =
        collect(statement.query(params![NOBODY, after])?, query, |frame| early::is_of(frame, &traces))?;
    let both: BTreeMap<EventId, EventFrame> =
        kept.into_iter().chain(recent).chain(nobodys).map(|frame| (frame.id, frame)).collect();
    Ok(both.into_values().take(query.limit).collect())
}

fn collect(
    mut rows: rusqlite::Rows<'_>,
    query: &EventQuery,
    wanted: impl Fn(&EventFrame) -> bool,
) -> Result<Vec<EventFrame>> {
    let mut found: Vec<EventFrame> = Vec::new();
    while let Some(row) = rows.next()? {
        for frame in decode(blob(row, 0)?)? {
            let after = found.last().map_or(query.after, |last| last.id);
            if found.len() == query.limit {
                return Ok(found);
            }
            if frame.id > after && wanted(&frame) {
                found.push(frame);
            }
        }
    }
    Ok(found)
}

pub(super) fn replay_floor(connection: &Connection, instance: i64) -> Result<EventId> {
    let floor: i64 = connection
        .prepare_cached(
            "SELECT coalesce(max(pruned_to), 0) FROM instances WHERE instance = ?1 OR ended_before < ?1",
        )?
        .query_row([instance], |row| row.get(0))?;
    Ok(EventId(u64::try_from(floor).unwrap_or(0)))
}

/// Whether the instance that reserved this id is this one, or had ended when it began.
pub(super) fn replays_after(connection: &Connection, id: EventId, instance: i64) -> Result<bool> {
    let by_another: bool = connection
        .prepare_cached(
            "SELECT coalesce((SELECT instance <> ?2 AND instance NOT IN (SELECT instance FROM instances WHERE ended_before < ?2)
                 FROM reservations WHERE first_id <= ?1 ORDER BY first_id DESC LIMIT 1), 0)",
        )?
        .query_row(params![number(id), instance], |row| row.get(0))?;
    Ok(!by_another)
}

/// Every block of events can be read, and holds what its row says.
pub(super) fn check(connection: &Connection) -> Result<()> {
    let mut statement = connection.prepare("SELECT first_id, last_id, events, bytes FROM event_blocks")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let events = decode(blob(row, 3)?)?;
        let within = row.get::<_, i64>(0)?..=row.get::<_, i64>(1)?;
        let fit = events.iter().all(|event| within.contains(&number(event.id)));
        if !fit || i64::try_from(events.len()).ok() != Some(row.get(2)?) {
            return Err(broken());
        }
    }
    let mut statement = connection.prepare("SELECT bytes FROM session_events")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        decode(blob(row, 0)?)?;
    }
    Ok(())
}

/// Ids are below 2^53.
fn number(id: EventId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

/// Enough to find the few blocks that may hold a session's events.
fn hash(session: &SessionId) -> i64 {
    i64::from(crc32fast::hash(session.as_str().as_bytes()))
}

/// Events as a compressed block: the length of the plain bytes, then the block. In the plain bytes each event is its id,
/// its session, its type and its JSON.
fn encode<'a>(events: impl Iterator<Item = &'a EventFrame>) -> Vec<u8> {
    let mut plain = Vec::new();
    for event in events {
        plain.extend_from_slice(&event.id.0.to_le_bytes());
        let session = event.session_id.as_ref().map_or("", SessionId::as_str);
        for part in [session.as_bytes(), event.event_type.as_bytes(), event.json()] {
            plain.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            plain.extend_from_slice(part);
        }
    }
    let block = Block::compress(&plain);
    let mut bytes = Vec::with_capacity(8 + block.bytes.len());
    bytes.extend_from_slice(&block.plain_bytes.to_le_bytes());
    bytes.extend_from_slice(&block.bytes);
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<EventFrame>> {
    let (length, block) = bytes.split_first_chunk().ok_or_else(broken)?;
    let plain = Block::decompress(block, u64::from_le_bytes(*length))?;
    let mut left = plain.as_slice();
    let mut events = Vec::new();
    while !left.is_empty() {
        let (id, rest) = left.split_first_chunk().ok_or_else(broken)?;
        left = rest;
        let mut part = || -> Result<&[u8]> {
            let (length, rest) = left.split_first_chunk().ok_or_else(broken)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
            let (part, rest) = rest.split_at_checked(length).ok_or_else(broken)?;
            left = rest;
            Ok(part)
        };
        let (session, event_type, json) = (text(part()?)?, text(part()?)?, part()?);
        let session = match session {
            "" => None,
            id => Some(SessionId::parse(id).map_err(|_| broken())?),
        };
        events.push(EventFrame::from_json(
            EventId(u64::from_le_bytes(*id)),
            session,
            event_type.to_owned(),
            json,
        ));
    }
    Ok(events)
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| broken())
}

fn broken() -> Failure {
    corrupt("a block of events cannot be read")
}
