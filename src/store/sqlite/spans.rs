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

/// Which spans a trace has, and which of them run: known to the writer without reading it again, as long as nobody else
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
    /// Those of them that have begun and not ended.
    open: HashSet<SpanId>,
}

/// What a chunk changes in the numbers of its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Added {
    /// Spans that were not known.
    pub(super) new: i64,
    /// Spans of the trace that run now.
    pub(super) open: i64,
}

/// So many span ids are remembered, at some 16 bytes each; beyond it all are forgotten and read again when needed.
const MAX_SEEN: usize = 100_000;

impl SeenSpans {
    /// What the `added` lines change. `last_block` is the trace's newest block before they came (0: none), `block` the
    /// one they are in.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        trace: TraceRow,
        last_block: i64,
        block: i64,
        added: &[ChunkSpan],
    ) -> Result<Added> {
        if self.ids > MAX_SEEN {
            *self = Self::default();
        }
        let seen = self.traces.entry(trace.number).or_default();
        self.ids -= seen.ids.len();
        if seen.last_block != last_block {
            *seen = Seen::read(connection, trace, last_block)?;
        }
        let before = seen.ids.len();
        for line in added {
            seen.line(&line.summary);
        }
        seen.last_block = block;
        self.ids += seen.ids.len();
        let count = |number: usize| i64::try_from(number).unwrap_or(0);
        Ok(Added { new: count(seen.ids.len() - before), open: count(seen.open.len()) })
    }
}

impl Seen {
    fn read(connection: &Connection, trace: TraceRow, up_to: i64) -> Result<Self> {
        let mut statement = connection
            .prepare_cached("SELECT lines FROM blocks WHERE trace = ?1 AND block <= ?2 ORDER BY block")?;
        let mut rows = statement.query(params![trace.number, up_to])?;
        let mut seen = Self::default();
        while let Some(row) = rows.next()? {
            lines::decode_each(trace.id, blob(row, 0)?, |line| seen.line(&line.summary))?;
        }
        Ok(seen)
    }

    /// By the rule of `replaces`: what ended does not run again.
    fn line(&mut self, span: &SpanSummary) {
        let new = self.ids.insert(span.span_id);
        if !is_open(span) {
            self.open.remove(&span.span_id);
        } else if new {
            self.open.insert(span.span_id);
        }
    }
}

/// Whether a span has begun, and nobody has said that it ended or never will.
pub(super) fn is_open(span: &SpanSummary) -> bool {
    span.end_time.is_none() && !span.abandoned
}
