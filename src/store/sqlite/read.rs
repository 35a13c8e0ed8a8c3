//! Reading traces and their spans.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use super::failure::{Result, corrupt};
use super::spans::{self, TraceRow};
use crate::model::{EventKey, SessionId, Span, SpanId, SpanSummary, TraceId};
use crate::store::{Block, BlockId, BlockIndex, ChunkSpan, TraceIndex};

/// Whether a posted event was stored.
pub(super) fn has_taken(connection: &Connection, event: EventKey) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM taken_events WHERE event = ?1)")?
        .query_row([event.as_bytes()], |row| row.get(0))?)
}

pub(super) fn session_of_trace(connection: &Connection, trace: TraceId) -> Result<Option<SessionId>> {
    let id: Option<Option<String>> = connection
        .prepare_cached("SELECT session_id FROM traces WHERE id = ?1")?
        .query_row([trace.as_bytes()], |row| row.get(0))
        .optional()?;
    id.flatten().map(|id| session_id(&id)).transpose()
}

pub(super) fn session_id(text: &str) -> Result<SessionId> {
    SessionId::parse(text).map_err(|_| corrupt("a stored session has an unfit id"))
}

pub(super) fn trace_id(bytes: [u8; 16]) -> Result<TraceId> {
    TraceId::from_bytes(bytes).ok_or_else(|| corrupt("a trace's id is zero"))
}

/// The traces of a session, oldest first.
pub(super) fn trace_rows(connection: &Connection, session: &SessionId) -> Result<Vec<TraceRow>> {
    let mut statement =
        connection.prepare_cached("SELECT trace, id FROM traces WHERE session_id = ?1 ORDER BY trace")?;
    let mut rows = statement.query([session.as_str()])?;
    let mut traces = Vec::new();
    while let Some(row) = rows.next()? {
        traces.push(TraceRow { number: row.get(0)?, id: trace_id(row.get(1)?)? });
    }
    Ok(traces)
}

pub(super) fn trace_row(connection: &Connection, id: TraceId) -> Result<Option<TraceRow>> {
    let number = connection
        .prepare_cached("SELECT trace FROM traces WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(number.map(|number| TraceRow { number, id }))
}

pub(super) fn summaries(connection: &Connection, traces: &[TraceRow]) -> Result<Vec<SpanSummary>> {
    let mut summaries = Vec::new();
    for trace in traces {
        spans::of_trace(connection, *trace, &mut summaries)?;
    }
    Ok(summaries)
}

/// A span's line with the block that it is in, read while the database was looked at and unpacked afterwards.
pub(super) struct StoredSpan {
    line: ChunkSpan,
    bytes: Vec<u8>,
    plain_bytes: u64,
}

pub(super) fn find_spans(
    connection: &Connection,
    session: &SessionId,
    span: SpanId,
) -> Result<Vec<StoredSpan>> {
    let mut found = Vec::new();
    for trace in trace_rows(connection, session)? {
        let Some((block, line)) = spans::find(connection, trace, span)? else { continue };
        let (bytes, plain_bytes): (Vec<u8>, i64) = connection
            .prepare_cached(
                "SELECT bytes, plain_bytes FROM blocks JOIN block_bytes USING (block) WHERE trace = ?1 AND block = ?2",
            )?
            .query_row(params![trace.number, block], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.push(StoredSpan { line, bytes, plain_bytes: plain_bytes.cast_unsigned() });
    }
    Ok(found)
}

impl StoredSpan {
    pub(super) fn unpack(&self) -> Result<Span> {
        let plain = Block::decompress(&self.bytes, self.plain_bytes)?;
        let line = &self.line;
        let from = line.offset as usize;
        let mut span: Span = plain
            .get(from..from.saturating_add(line.length as usize))
            .and_then(|line| serde_json::from_slice(line).ok())
            .ok_or_else(|| corrupt("a span's line cannot be read"))?;
        // Known only after its line was written.
        span.abandoned |= line.summary.abandoned;
        Ok(span)
    }
}

pub(super) fn trace_index(connection: &Connection, session: &SessionId) -> Result<Option<TraceIndex>> {
    let generation: Option<i64> = connection
        .prepare_cached("SELECT generation FROM sessions WHERE id = ?1")?
        .query_row([session.as_str()], |row| row.get(0))
        .optional()?;
    let Some(generation) = generation else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT block, compressed_bytes, plain_bytes, crc32 FROM traces JOIN blocks USING (trace)
         WHERE session_id = ?1 ORDER BY block",
    )?;
    let blocks = statement.query_map([session.as_str()], |row| {
        Ok(BlockIndex {
            id: BlockId(row.get(0)?),
            compressed_bytes: row.get::<_, i64>(1)?.cast_unsigned(),
            plain_bytes: row.get::<_, i64>(2)?.cast_unsigned(),
            crc32: row.get(3)?,
        })
    })?;
    let mut blocks: Vec<BlockIndex> = blocks.collect::<std::result::Result<_, _>>()?;
    // A packed block has one row for each of its traces.
    blocks.dedup_by_key(|block| block.id);
    Ok(Some(TraceIndex { generation: generation.cast_unsigned(), blocks }))
}

pub(super) fn block(connection: &Connection, block: BlockId) -> Result<Option<Bytes>> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM block_bytes WHERE block = ?1")?
        .query_row([block.0], |row| row.get(0))
        .optional()?;
    Ok(bytes.map(Bytes::from))
}
