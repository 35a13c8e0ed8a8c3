//! The spans of a trace, merged from the lines of its blocks.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::failure::Result;
use super::lines;
use crate::model::{SpanId, TraceId};
use crate::store::ChunkSpan;
use crate::store::chunk::replaces;

/// A trace's number and its id.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceRow {
    pub(super) number: i64,
    pub(super) id: TraceId,
}

/// A line and the block it is in.
#[derive(Debug)]
pub(super) struct PlacedLine {
    pub(super) block: i64,
    pub(super) line: ChunkSpan,
}

/// The spans of a trace, each as its last line says, in the order in which they first appeared.
pub(super) fn of_trace(connection: &Connection, trace: TraceRow) -> Result<Vec<PlacedLine>> {
    let mut statement =
        connection.prepare_cached("SELECT block, lines FROM blocks WHERE trace = ?1 ORDER BY block")?;
    let mut rows = statement.query([trace.number])?;
    let mut spans: Vec<PlacedLine> = Vec::new();
    let mut at: HashMap<SpanId, usize> = HashMap::new();
    while let Some(row) = rows.next()? {
        let block = row.get(0)?;
        for line in lines::decode(trace.id, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)? {
            let next = spans.len();
            let known = *at.entry(line.summary.span_id).or_insert(next);
            match spans.get_mut(known) {
                None => spans.push(PlacedLine { block, line }),
                Some(span) if replaces(&span.line.summary, &line.summary) => {
                    *span = PlacedLine { block, line }
                }
                Some(_) => {}
            }
        }
    }
    Ok(spans)
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
    ids: std::collections::HashSet<SpanId>,
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

fn ids(connection: &Connection, trace: TraceRow, up_to: i64) -> Result<std::collections::HashSet<SpanId>> {
    let mut statement =
        connection.prepare_cached("SELECT lines FROM blocks WHERE trace = ?1 AND block <= ?2")?;
    let mut rows = statement.query(params![trace.number, up_to])?;
    let mut ids = std::collections::HashSet::new();
    while let Some(row) = rows.next()? {
        let lines = lines::decode(trace.id, row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        ids.extend(lines.into_iter().map(|line| line.summary.span_id));
    }
    Ok(ids)
}
