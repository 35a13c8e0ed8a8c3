//! Which blocks of a session are worth packing, and which of their lines count.

use std::collections::{BTreeMap, HashMap};

use rusqlite::Connection;

use crate::model::{SessionId, SpanId};
use crate::store::ChunkSpan;
use crate::store::sqlite::failure::Result;
use crate::store::sqlite::lines;
use crate::store::sqlite::read::trace_rows;
use crate::store::sqlite::spans::{TraceRow, blob};

/// A packed block with fewer plain bytes is packed again together with what came later.
const SMALL_BYTES: u64 = 64 << 10;

/// What is packed at a time, in some 20 ms, and replaced in one transaction.
const RUN_LINES: usize = 512;
const RUN_BYTES: u64 = 2 << 20;

/// A block to be packed.
pub(super) struct Loose {
    pub(super) block: i64,
    pub(super) plain_bytes: u64,
    /// The traces that it holds lines of, and the places of those lines that count.
    pub(super) parts: Vec<(TraceRow, Vec<usize>)>,
}

pub(super) struct Plan {
    /// Blocks that are replaced together.
    pub(super) runs: Vec<Vec<Loose>>,
    /// When it has changed, so may have what counts.
    pub(super) state: State,
}

/// A session's generation and its newest block: different whenever a block was added or taken away, or a trace has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    generation: i64,
    newest: i64,
}

pub(super) fn state(connection: &Connection, session: &SessionId) -> Result<State> {
    Ok(connection
        .prepare_cached(
            "SELECT coalesce((SELECT generation FROM sessions WHERE id = ?1), 0), coalesce(max(block), 0)
             FROM traces JOIN blocks USING (trace) WHERE session_id = ?1",
        )?
        .query_row([session.as_str()], |row| Ok(State { generation: row.get(0)?, newest: row.get(1)? }))?)
}

/// A row of a block, without what is in it.
struct Part {
    trace: TraceRow,
    packed: bool,
    plain_bytes: u64,
}

pub(super) fn of(connection: &Connection, session: &SessionId) -> Result<Plan> {
    let mut blocks: BTreeMap<i64, Vec<Part>> = BTreeMap::new();
    let mut counting = HashMap::new();
    for trace in trace_rows(connection, session)? {
        let mut all_packed = true;
        let mut statement =
            connection.prepare_cached("SELECT block, packed, plain_bytes FROM blocks WHERE trace = ?1")?;
        let mut rows = statement.query([trace.number])?;
        while let Some(row) = rows.next()? {
            let part =
                Part { trace, packed: row.get(1)?, plain_bytes: row.get::<_, i64>(2)?.cast_unsigned() };
            all_packed &= part.packed;
            blocks.entry(row.get(0)?).or_default().push(part);
        }
        if !all_packed {
            counting.insert(trace.number, counting_lines(connection, trace)?);
        }
    }
    let new = |parts: &Vec<Part>| parts.iter().any(|part| !part.packed);
    let anything = blocks.values().any(new);
    let worth = |block: i64, parts: &Vec<Part>| {
        let superseded = || {
            let lines = parts.iter().filter_map(|part| counting.get(&part.trace.number)?.get(&block));
            lines.into_iter().any(|lines| lines.keep.len() < lines.of)
        };
        let small = || parts.iter().any(|part| part.plain_bytes < SMALL_BYTES);
        new(parts) || (anything && (superseded() || small()))
    };
    blocks.retain(|block, parts| worth(*block, parts));
    let mut loose = Vec::new();
    for (block, parts) in blocks {
        let plain_bytes = parts.first().map_or(0, |part| part.plain_bytes);
        let mut of_traces = Vec::new();
        for part in parts {
            let keep = match counting.get_mut(&part.trace.number) {
                Some(lines) => lines.remove(&block).map(|lines| lines.keep).unwrap_or_default(),
                // All its lines were found to count when it was packed, and nothing has come since.
                None => (0..count(connection, part.trace, block)?).collect(),
            };
            of_traces.push((part.trace, keep));
        }
        loose.push(Loose { block, plain_bytes, parts: of_traces });
    }
    Ok(Plan { runs: runs(loose), state: state(connection, session)? })
}

/// Those of the lines of a trace in one block that count.
pub(super) fn counting(
    connection: &Connection,
    trace: TraceRow,
    block: i64,
    lines: Vec<ChunkSpan>,
) -> Result<Vec<ChunkSpan>> {
    let keep = counting_lines(connection, trace)?.remove(&block).map(|lines| lines.keep).unwrap_or_default();
    let mut keep = keep.into_iter().peekable();
    let lines = lines.into_iter().enumerate().filter(|(at, _)| keep.next_if_eq(at).is_some());
    Ok(lines.map(|(_, line)| line).collect())
}

/// Of the lines of a trace in one block, the places of those that count, and how many there are.
struct Lines {
    keep: Vec<usize>,
    of: usize,
}

/// The last lines about the spans of a trace, by block.
fn counting_lines(connection: &Connection, trace: TraceRow) -> Result<HashMap<i64, Lines>> {
    let mut statement =
        connection.prepare_cached("SELECT block, lines FROM blocks WHERE trace = ?1 ORDER BY block")?;
    let mut rows = statement.query([trace.number])?;
    // Only what decides is kept of a line: a trace may have a million.
    let mut last: HashMap<SpanId, (i64, usize, bool)> = HashMap::new();
    let mut blocks: HashMap<i64, Lines> = HashMap::new();
    while let Some(row) = rows.next()? {
        let block = row.get(0)?;
        let mut of = 0;
        lines::decode_each(trace.id, blob(row, 1)?, |line| {
            let ended = line.summary.end_time.is_some();
            let known = last.get(&line.summary.span_id);
            // The rule of `replaces`.
            if ended || known.is_none_or(|(_, _, known_ended)| !known_ended) {
                last.insert(line.summary.span_id, (block, of, ended));
            }
            of += 1;
        })?;
        blocks.insert(block, Lines { keep: Vec::new(), of });
    }
    for (block, at, _) in last.into_values() {
        if let Some(lines) = blocks.get_mut(&block) {
            lines.keep.push(at);
        }
    }
    for lines in blocks.values_mut() {
        lines.keep.sort_unstable();
    }
    Ok(blocks)
}

fn count(connection: &Connection, trace: TraceRow, block: i64) -> Result<usize> {
    Ok(super::lines_of(connection, trace, block)?.len())
}

fn runs(blocks: Vec<Loose>) -> Vec<Vec<Loose>> {
    let mut runs: Vec<Vec<Loose>> = Vec::new();
    let (mut lines, mut bytes) = (0, 0);
    for block in blocks {
        let of_block: usize = block.parts.iter().map(|(_, keep)| keep.len()).sum();
        lines += of_block;
        bytes += block.plain_bytes;
        match runs.last_mut() {
            Some(run) if lines <= RUN_LINES && bytes <= RUN_BYTES => run.push(block),
            _ => {
                (lines, bytes) = (of_block, block.plain_bytes);
                runs.push(vec![block]);
            }
        }
    }
    runs
}
