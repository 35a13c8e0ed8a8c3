//! The spans of a trace, merged from the lines of its blocks.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Row, params};

use super::failure::Result;
use super::lines;
use crate::model::{SpanId, SpanSummary, TraceId};
use crate::store::ChunkSpan;
use crate::store::chunk::replaces;

/// A trace's number and its id.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceRow {
    pub(super) number: i64,
    pub(super) id: TraceId,
}

/// Adds the spans of a trace to `all`, each as its last line says.
pub(super) fn of_trace(connection: &Connection, trace: TraceRow, all: &mut Vec<SpanSummary>) -> Result<()> {
    let spans: i64 = connection
        .prepare_cached("SELECT spans FROM traces WHERE trace = ?1")?
        .query_row([trace.number], |row| row.get(0))?;
    // Thousands of summaries are some megabytes: they are put where they stay at once.
    let expected = usize::try_from(spans).unwrap_or(0);
    all.reserve(expected);
    let mut at: HashMap<SpanId, usize> = HashMap::with_capacity(expected);
    let mut statement =
        connection.prepare_cached("SELECT lines FROM blocks WHERE trace = ?1 ORDER BY block")?;
    let mut rows = statement.query([trace.number])?;
    while let Some(row) = rows.next()? {
        lines::decode_each(trace.id, blob(row, 0)?, |line| match at.entry(line.summary.span_id) {
            Entry::Vacant(entry) => {
                entry.insert(all.len());
                all.push(line.summary);
            }
            Entry::Occupied(entry) => {
                let known = &mut all[*entry.get()];
                if replaces(known, &line.summary) {
                    *known = line.summary;
                }
            }
        })?;
    }
    Ok(())
}

/// One span of a trace as its last line says, and the block with that line.
pub(super) fn find(
    connection: &Connection,
    trace: TraceRow,
    span: SpanId,
) -> Result<Option<(i64, ChunkSpan)>> {
    // Ids stand in the bytes as they are; most blocks need not be read.
    let mut statement = connection.prepare_cached(
        "SELECT block, lines FROM blocks WHERE trace = ?1 AND instr(lines, ?2) > 0 ORDER BY block",
    )?;
    let mut rows = statement.query(params![trace.number, span.as_bytes()])?;
    let mut found: Option<(i64, ChunkSpan)> = None;
    while let Some(row) = rows.next()? {
        let block = row.get(0)?;
        lines::decode_each(trace.id, blob(row, 1)?, |line| {
            let counts = found.as_ref().is_none_or(|(_, known)| replaces(&known.summary, &line.summary));
            if line.summary.span_id == span && counts {
                found = Some((block, line));
            }
        })?;
    }
    Ok(found)
}

/// The bytes in a column, where they lie.
pub(super) fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8]> {
    Ok(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?)
}

/// How many blocks and which spans a trace has: known to the writer without reading it again, as long as nobody else
/// adds to the trace.
#[derive(Debug, Default)]
pub(super) struct SeenSpans {
    traces: HashMap<i64, Seen>,
    ids: usize,
}

#[derive(Debug, Default)]
struct Seen {
    last_block: i64,
    ids: HashSet<SpanId>,
}

/// So many span ids are remembered, at some 16 bytes each; beyond it all are forgotten and read again when needed.
const MAX_SEEN: usize = 100_000;

impl SeenSpans {
    /// How many of the `added` lines are about spans that `trace` did not have. `last_block` is its newest block before
    /// they came (0: none), `block` the one they are in.
    pub(super) fn count_new(
        &mut self,
        connection: &Connection,
        trace: TraceRow,
        last_block: i64,
        block: i64,
        added: &[ChunkSpan],
    ) -> Result<i64> {
        if self.ids > MAX_SEEN {
            *self = Self::default();
        }
        let seen = self.traces.entry(trace.number).or_default();
        self.ids -= seen.ids.len();
        if seen.last_block != last_block {
            seen.ids = ids(connection, trace, last_block)?;
        }
        let before = seen.ids.len();
        seen.ids.extend(added.iter().map(|line| line.summary.span_id));
        seen.last_block = block;
        self.ids += seen.ids.len();
        Ok(i64::try_from(seen.ids.len() - before).unwrap_or(0))
    }
}

fn ids(connection: &Connection, trace: TraceRow, up_to: i64) -> Result<HashSet<SpanId>> {
    let mut statement =
        connection.prepare_cached("SELECT lines FROM blocks WHERE trace = ?1 AND block <= ?2")?;
    let mut rows = statement.query(params![trace.number, up_to])?;
    let mut ids = HashSet::new();
    while let Some(row) = rows.next()? {
        lines::decode_each(trace.id, blob(row, 0)?, |line| {
            ids.insert(line.summary.span_id);
        })?;
    }
    Ok(ids)
}
