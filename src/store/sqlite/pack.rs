//! Packing ended sessions: fewer lines, in larger blocks, better compressed.
//!
//! A packed block may hold lines of several traces of its session, because sessions of many short traces would
//! otherwise stay as large as they are. Such a block has one row per trace. When one of its traces moves to another
//! session, the block is split again.

mod plan;

use std::collections::BTreeMap;
use std::time::Instant;

use flate2::Compression;
use rusqlite::{Connection, OptionalExtension, params};

use self::plan::{Loose, Plan};
use super::failure::{Result, corrupt};
use super::spans::{TraceRow, blob};
use super::write::{insert_block, remove_block, renew};
use super::{SqliteStore, lines};
use crate::model::{SessionId, Span};
use crate::store::{Block, ChunkSpan};

/// A packed block holds at most so many lines and about so many plain bytes: deflate looks back 32 KiB, so that larger
/// blocks gain little, while a reader of one span unpacks its whole block.
const BLOCK_LINES: usize = 256;
const BLOCK_BYTES: usize = 256 << 10;

/// Two thirds of the bytes of level 1 at four times its time; it is done once, for weeks.
const LEVEL: Compression = Compression::new(6);

/// A block to be, with its lines by trace.
struct Packed {
    block: Block,
    parts: Vec<(TraceRow, Vec<ChunkSpan>)>,
}

impl SqliteStore {
    /// Packs an ended session in transactions of bounded size. It stops early, and goes on at the next call, when
    /// something is added meanwhile or the deadline has passed. Says whether anything was changed.
    pub(super) fn pack(&self, session: &SessionId, deadline: Option<Instant>) -> Result<bool> {
        let Plan { runs, mut state } = self.readers.read(|connection| plan::of(connection, session))?;
        for (at, run) in runs.iter().enumerate() {
            if at > 0 && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(true);
            }
            let packed = self.readers.read(|connection| repack(connection, run))?;
            let replaced = self.change(|writing| {
                if plan::state(writing.connection, session)? != state {
                    return Ok(None);
                }
                for loose in run {
                    remove_block(
                        writing.connection,
                        loose.block,
                        loose.parts.iter().map(|(trace, _)| trace.number),
                    )?;
                }
                for packed in &packed {
                    insert_block(writing.connection, &packed.block, &packed.parts, true)?;
                }
                renew(writing.connection, session.as_str(), writing.now)?;
                plan::state(writing.connection, session).map(Some)
            })?;
            match replaced {
                Some(now) => state = now,
                None => return Ok(true),
            }
        }
        self.change(|writing| {
            if plan::state(writing.connection, session)? == state {
                writing
                    .connection
                    .prepare_cached("UPDATE traces SET packed = 1 WHERE session_id = ?1 AND packed = 0")?
                    .execute([session.as_str()])?;
            }
            Ok(!runs.is_empty())
        })
    }
}

/// The lines that count of a run of blocks, packed.
fn repack(connection: &Connection, run: &[Loose]) -> Result<Vec<Packed>> {
    let mut packer = Packer::default();
    for loose in run {
        let Some(plain) = unpack(connection, loose.block, loose.plain_bytes)? else {
            // Gone with its session meanwhile; then nothing will be replaced either.
            continue;
        };
        for (trace, keep) in &loose.parts {
            let mut counts = keep.iter().copied().peekable();
            for (at, line) in lines_of(connection, *trace, loose.block)?.into_iter().enumerate() {
                if counts.next_if_eq(&at).is_some() {
                    packer.push(*trace, line, &plain)?;
                }
            }
        }
    }
    packer.flush();
    Ok(packer.packed)
}

fn lines_of(connection: &Connection, trace: TraceRow, block: i64) -> Result<Vec<ChunkSpan>> {
    let mut statement =
        connection.prepare_cached("SELECT lines FROM blocks WHERE trace = ?1 AND block = ?2")?;
    let mut rows = statement.query([trace.number, block])?;
    match rows.next()? {
        Some(row) => lines::decode(trace.id, blob(row, 0)?),
        None => Ok(Vec::new()),
    }
}

fn unpack(connection: &Connection, block: i64, plain_bytes: u64) -> Result<Option<Vec<u8>>> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM block_bytes WHERE block = ?1")?
        .query_row([block], |row| row.get(0))
        .optional()?;
    Ok(bytes.map(|bytes| Block::decompress(&bytes, plain_bytes)).transpose()?)
}

/// Gives a trace that leaves its session blocks of its own again, and those that it shared them with too.
pub(super) fn split(connection: &Connection, leaving: i64, session: &SessionId) -> Result<()> {
    let shared: Vec<(i64, i64)> = connection
        .prepare_cached(
            "SELECT DISTINCT mine.block, mine.plain_bytes FROM blocks AS mine
                 CROSS JOIN traces ON session_id = ?2 AND traces.trace <> ?1
                 CROSS JOIN blocks AS theirs ON theirs.trace = traces.trace AND theirs.block = mine.block
             WHERE mine.trace = ?1 AND mine.packed",
        )?
        .query_map(params![leaving, session.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    for (block, plain_bytes) in shared {
        let plain = unpack(connection, block, plain_bytes.cast_unsigned())?.unwrap_or_default();
        let mut parts = Vec::new();
        for trace in super::read::trace_rows(connection, session)? {
            let lines = lines_of(connection, trace, block)?;
            if !lines.is_empty() {
                // They come after what was added meanwhile, so that only those which count may go on.
                parts.push((trace, plan::counting(connection, trace, block, lines)?));
            }
        }
        remove_block(connection, block, parts.iter().map(|(trace, _)| trace.number))?;
        for (trace, lines) in parts {
            let mut packer = Packer::default();
            for line in lines {
                packer.push(trace, line, &plain)?;
            }
            packer.flush();
            for packed in packer.packed {
                insert_block(connection, &packed.block, &packed.parts, true)?;
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Packer {
    packed: Vec<Packed>,
    plain: Vec<u8>,
    count: usize,
    parts: BTreeMap<i64, (TraceRow, Vec<ChunkSpan>)>,
}

impl Packer {
    /// Adds a line that lies in `plain`.
    fn push(&mut self, trace: TraceRow, mut line: ChunkSpan, plain: &[u8]) -> Result<()> {
        let from = line.offset as usize;
        let text = plain
            .get(from..from.saturating_add(line.length as usize))
            .ok_or_else(|| corrupt("a span's line lies outside its block"))?;
        if self.count == BLOCK_LINES || (self.plain.len() + text.len() > BLOCK_BYTES && self.count > 0) {
            self.flush();
        }
        let narrow = |wide: usize| u32::try_from(wide).unwrap_or(u32::MAX);
        let offset = self.plain.len();
        match abandoned(&line, text) {
            Some(rewritten) => self.plain.extend_from_slice(&rewritten),
            None => self.plain.extend_from_slice(text),
        }
        (line.offset, line.length) = (narrow(offset), narrow(self.plain.len() - offset));
        self.plain.push(b'\n');
        self.count += 1;
        self.parts.entry(trace.number).or_insert_with(|| (trace, Vec::new())).1.push(line);
        Ok(())
    }

    fn flush(&mut self) {
        if self.count > 0 {
            let parts = std::mem::take(&mut self.parts).into_values().collect();
            self.packed.push(Packed { block: Block::compress_at(LEVEL, &self.plain), parts });
            self.plain.clear();
            self.count = 0;
        }
    }
}

/// The line of a span that was abandoned after it was written.
fn abandoned(line: &ChunkSpan, text: &[u8]) -> Option<Vec<u8>> {
    if !line.summary.abandoned {
        return None;
    }
    let mut span: Span = serde_json::from_slice(text).ok()?;
    span.abandoned = true;
    serde_json::to_vec(&span).ok()
}
