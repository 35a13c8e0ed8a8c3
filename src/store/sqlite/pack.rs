//! Packing the traces of ended sessions: fewer lines, in larger blocks, better compressed.

use std::collections::HashMap;

use flate2::Compression;
use rusqlite::{Connection, OptionalExtension, params};

use super::failure::{Result, corrupt};
use super::spans::TraceRow;
use super::upkeep::remove_block;
use super::write::{insert_block, last_block, renew};
use super::{SqliteStore, lines};
use crate::model::{SessionId, Span, SpanId};
use crate::store::chunk::replaces;
use crate::store::{Block, ChunkSpan};

/// A packed block holds at most so many lines and about so many plain bytes: deflate looks back 32 KiB, so that larger
/// blocks gain little, while a reader of one span unpacks its whole block.
const BLOCK_LINES: usize = 256;
const BLOCK_BYTES: usize = 256 << 10;

/// What is replaced in one transaction.
const RUN_LINES: usize = 1024;
const RUN_BYTES: u64 = 4 << 20;

/// Packed once and kept for weeks.
const LEVEL: Compression = Compression::new(6);

/// A block to be packed, and which of its lines count.
struct Loose {
    block: i64,
    plain_bytes: u64,
    lines: Vec<ChunkSpan>,
}

struct Plan {
    blocks: Vec<Loose>,
    /// The newest block when the plan was made. When another one comes, what counts may have changed.
    last_block: i64,
}

impl SqliteStore {
    /// Packs a trace of `session` in transactions of bounded size. It stops early, and goes on at the next call, when
    /// something is added to the trace meanwhile. Says whether anything was changed.
    pub(super) fn pack(&self, trace: TraceRow, session: &SessionId) -> Result<bool> {
        let Plan { blocks, mut last_block } = self.readers.read(|connection| plan(connection, trace))?;
        let runs = runs(blocks);
        for run in &runs {
            let packed = self.readers.read(|connection| repack(connection, trace, run))?;
            match self.replace(trace, session, run, &packed, last_block)? {
                Some(newest) => last_block = newest,
                None => return Ok(true),
            }
        }
        self.change(|writing| {
            let unchanged = super::write::last_block(writing.connection, trace.number)? == last_block;
            writing
                .connection
                .prepare_cached("UPDATE traces SET packed = ?1 WHERE trace = ?2")?
                .execute(params![unchanged, trace.number])?;
            Ok(())
        })?;
        Ok(!runs.is_empty())
    }

    /// Puts the packed blocks in place of the loose ones, unless the trace has changed. Gives the newest block.
    fn replace(
        &self,
        trace: TraceRow,
        session: &SessionId,
        loose: &[Loose],
        packed: &[(Block, Vec<ChunkSpan>)],
        expected: i64,
    ) -> Result<Option<i64>> {
        self.change(|writing| {
            let connection = writing.connection;
            let of: Option<Option<String>> = connection
                .prepare_cached("SELECT session_id FROM traces WHERE trace = ?1")?
                .query_row([trace.number], |row| row.get(0))
                .optional()?;
            let moved = of.flatten().as_deref() != Some(session.as_str());
            if moved || last_block(connection, trace.number)? != expected {
                return Ok(None);
            }
            for old in loose {
                remove_block(connection, trace.number, old.block)?;
            }
            let mut newest = expected;
            for (block, spans) in packed {
                newest = insert_block(connection, trace, block, spans, true)?;
            }
            renew(connection, session.as_str(), writing.now)?;
            Ok(Some(newest.max(last_block(connection, trace.number)?)))
        })
    }
}

/// The blocks that are worth packing: new ones, and those that hold lines which no longer count.
fn plan(connection: &Connection, trace: TraceRow) -> Result<Plan> {
    let mut statement = connection.prepare_cached(
        "SELECT block, packed, plain_bytes, lines FROM blocks WHERE trace = ?1 ORDER BY block",
    )?;
    let mut rows = statement.query([trace.number])?;
    let mut blocks: Vec<(bool, Loose)> = Vec::new();
    let mut counts: HashMap<SpanId, (usize, usize)> = HashMap::new();
    while let Some(row) = rows.next()? {
        let lines = lines::decode(trace.id, row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?)?;
        let plain_bytes = row.get::<_, i64>(2)?.cast_unsigned();
        blocks.push((row.get(1)?, Loose { block: row.get(0)?, plain_bytes, lines }));
        let at_block = blocks.len() - 1;
        for (at, line) in blocks[at_block].1.lines.iter().enumerate() {
            let known = counts.get(&line.summary.span_id);
            let known = known.map(|(block, at)| &blocks[*block].1.lines[*at].summary);
            if known.is_none_or(|known| replaces(known, &line.summary)) {
                counts.insert(line.summary.span_id, (at_block, at));
            }
        }
    }
    let last_block = blocks.last().map_or(0, |(_, loose)| loose.block);
    let mut worth = Vec::new();
    for (at_block, (packed, mut loose)) in blocks.into_iter().enumerate() {
        let before = loose.lines.len();
        let mut at = 0..;
        loose.lines.retain(|line| {
            at.next().is_some_and(|at| counts.get(&line.summary.span_id) == Some(&(at_block, at)))
        });
        if !packed || loose.lines.len() < before {
            worth.push(loose);
        }
    }
    Ok(Plan { blocks: worth, last_block })
}

/// Blocks that are replaced together.
fn runs(blocks: Vec<Loose>) -> Vec<Vec<Loose>> {
    let mut runs: Vec<Vec<Loose>> = Vec::new();
    let (mut lines, mut bytes) = (0, 0);
    for block in blocks {
        lines += block.lines.len();
        bytes += block.plain_bytes;
        match runs.last_mut() {
            Some(run) if lines <= RUN_LINES && bytes <= RUN_BYTES => run.push(block),
            _ => {
                (lines, bytes) = (block.lines.len(), block.plain_bytes);
                runs.push(vec![block]);
            }
        }
    }
    runs
}

fn repack(connection: &Connection, trace: TraceRow, run: &[Loose]) -> Result<Vec<(Block, Vec<ChunkSpan>)>> {
    let mut packed = Packer::default();
    for loose in run {
        let bytes: Option<Vec<u8>> = connection
            .prepare_cached("SELECT bytes FROM block_bytes WHERE block = ?1")?
            .query_row([loose.block], |row| row.get(0))
            .optional()?;
        // Gone with its trace meanwhile; then nothing will be replaced either.
        let Some(bytes) = bytes else { continue };
        let plain = Block::decompress(&bytes, loose.plain_bytes)?;
        for line in &loose.lines {
            let from = line.offset as usize;
            let text = plain.get(from..from.saturating_add(line.length as usize));
            packed.push(line, text.ok_or_else(|| corrupt("a span's line lies outside its block"))?);
        }
    }
    debug_assert!(packed.spans.iter().all(|line| line.summary.trace_id == trace.id));
    packed.flush();
    Ok(packed.blocks)
}

#[derive(Default)]
struct Packer {
    blocks: Vec<(Block, Vec<ChunkSpan>)>,
    plain: Vec<u8>,
    spans: Vec<ChunkSpan>,
}

impl Packer {
    fn push(&mut self, line: &ChunkSpan, text: &[u8]) {
        if self.spans.len() == BLOCK_LINES
            || (self.plain.len() + text.len() > BLOCK_BYTES && !self.spans.is_empty())
        {
            self.flush();
        }
        let offset = self.plain.len();
        match abandoned(line, text) {
            Some(rewritten) => self.plain.extend_from_slice(&rewritten),
            None => self.plain.extend_from_slice(text),
        }
        let narrow = |wide: usize| u32::try_from(wide).unwrap_or(u32::MAX);
        let length = narrow(self.plain.len() - offset);
        self.plain.push(b'\n');
        self.spans.push(ChunkSpan { summary: line.summary.clone(), offset: narrow(offset), length });
    }

    fn flush(&mut self) {
        if !self.spans.is_empty() {
            self.blocks.push((Block::compress_at(LEVEL, &self.plain), std::mem::take(&mut self.spans)));
            self.plain.clear();
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
