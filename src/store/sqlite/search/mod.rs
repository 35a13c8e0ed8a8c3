//! Searching the file.
//!
//! The index says which parts of which documents may match; these are opened from the newest to the oldest and looked at line
//! by line, together with everything that is not in the index yet. Each step is a read of its own and short, so that a
//! search holds up neither the writer nor the file's side file.

mod documents;
mod index;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use self::documents::{Document, Documents};
pub(super) use self::index::{Index, add_document, begin_first, give_up};
use super::SqliteStore;
use super::failure::{Failure, Result, corrupt};
use super::read::session_id;
use super::spans::{TraceRow, blob};
use super::{events, lines};
use crate::model::{
    SearchMatch, SearchPlace, SearchedThing, SessionId, SpanId, SpanSummary, Timestamp, TraceId,
};
use crate::store::chunk::replaces;
use crate::store::search::{Matching, Of, Subject, Sweep, event_time, is_searched};
use crate::store::{Block, ChunkSpan, FoundThing, SearchHit, SearchPage, SearchQuery, StoreError};

/// How long one step of a search reads, about.
const STEP: Duration = Duration::from_millis(20);

/// So many lines of a block are one part of it in the index: fewer make the index larger, more make it say less.
const PART_LINES: usize = 16;

/// A block has at most so many parts; the last one holds the rest. A packed block has 16.
///
/// It is odd because the numbers of the rows are its multiples and a little more: SQLite looks deleted rows up by the
/// lowest bits of their numbers, and would go through all of them for each row that it merges. It is small because the
/// index stores differences between these numbers.
const MAX_PARTS: i64 = 17;

impl SqliteStore {
    /// See [`Store::search`](crate::store::Store::search).
    pub(super) fn find(&self, query: &SearchQuery) -> std::result::Result<SearchPage, StoreError> {
        let mut documents =
            match self.readers.read(|connection| Documents::list(connection, query, &self.index)) {
                Err(failure) if self.index.is_damaged_by(&failure) => {
                    self.readers.read(|connection| Documents::list(connection, query, &self.index))?
                }
                listed => listed?,
            };
        let mut search = Search { query, matching: Matching::new(&query.query), sweep: Sweep::new(query) };
        loop {
            let step = self.readers.read(|connection| {
                documents.look_again(connection)?;
                search.step(connection, &mut documents)
            })?;
            match step {
                Step::More => {}
                Step::Done => return Ok(search.sweep.finish()),
                Step::Late(newest) => return Ok(search.sweep.cut(newest)),
            }
        }
    }
}

enum Step {
    More,
    Done,
    Late(Timestamp),
}

struct Search<'q> {
    query: &'q SearchQuery,
    matching: Matching<'q>,
    sweep: Sweep<'q>,
}

/// Who a line belongs to.
struct Owner {
    session: Option<SessionId>,
    engine: Option<String>,
}

/// A line of a block that may be a hit.
struct Candidate {
    trace: TraceRow,
    owner: usize,
    line: ChunkSpan,
    packed: bool,
}

impl Search<'_> {
    fn step(&mut self, connection: &Connection, documents: &mut Documents) -> Result<Step> {
        let end = Instant::now() + STEP;
        while let Some(document) = documents.next(connection)? {
            if self.sweep.is_full(document.newest) {
                return Ok(Step::Done);
            }
            if self.sweep.is_late(document.newest) {
                return Ok(Step::Late(document.newest));
            }
            if document.number < 0 {
                self.events(connection, &document)?;
            } else {
                self.block(connection, &document, documents)?;
            }
            if Instant::now() >= end {
                return Ok(Step::More);
            }
        }
        Ok(Step::Done)
    }

    fn block(&mut self, connection: &Connection, document: &Document, documents: &Documents) -> Result<()> {
        let (mut candidates, owners, plain_bytes) = self.candidates(connection, document)?;
        candidates.retain(|(at, _)| documents.includes(document, part_of(*at)));
        candidates.retain(|(_, one)| {
            let owner = &owners[one.owner];
            self.matching.admits(&subject(owner, &one.line.summary))
        });
        if candidates.is_empty() {
            return Ok(());
        }
        let plain = if self.matching.reads_content() {
            let bytes: Option<Vec<u8>> = connection
                .prepare_cached("SELECT bytes FROM block_bytes WHERE block = ?1")?
                .query_row([document.number], |row| row.get(0))
                .optional()?;
            // Its bytes go with it, in the same transaction.
            let Some(bytes) = bytes else { return Ok(()) };
            Block::decompress(&bytes, plain_bytes)?
        } else {
            Vec::new()
        };
        for (_, candidate) in candidates {
            let Some(matches) = self.matches(&candidate, &plain)? else { continue };
            if wins(connection, &candidate, document.number)? {
                let summary = candidate.line.summary;
                let session_id = owners[candidate.owner].session.clone();
                let hit =
                    SearchHit { session_id, found: FoundThing::Span(Box::new(summary.clone())), matches };
                self.sweep.add(place_of(&summary), hit);
            }
        }
        Ok(())
    }

    fn matches(&mut self, candidate: &Candidate, plain: &[u8]) -> Result<Option<Vec<SearchMatch>>> {
        let line = &candidate.line;
        let of = Of::Span(&line.summary);
        if !self.matching.reads_content() {
            return Ok(self.matching.find(&of, &[]));
        }
        let from = line.offset as usize;
        let text = plain
            .get(from..from.saturating_add(line.length as usize))
            .ok_or_else(|| corrupt("a span's line lies outside its block"))?;
        Ok(self.matching.find(&of, text))
    }

    /// The lines of a block that may still be on the page, in their order, each with its place among all.
    #[expect(clippy::type_complexity, reason = "taken apart at once")]
    fn candidates(
        &self,
        connection: &Connection,
        document: &Document,
    ) -> Result<(Vec<(usize, Candidate)>, Vec<Owner>, u64)> {
        let (mut all, mut owners, mut plain_bytes) = (Vec::new(), Vec::new(), 0_i64);
        let mut statement = connection
            .prepare_cached("SELECT trace, plain_bytes, packed, lines FROM blocks WHERE block = ?1")?;
        let mut rows = statement.query([document.number])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            plain_bytes = row.get(1)?;
            let packed: bool = row.get(2)?;
            let (id, owner) = owner_of(connection, number)?;
            let trace = TraceRow { number, id };
            let lines = lines::decode(id, blob(row, 3)?)?;
            let last = if packed { HashMap::new() } else { last_lines(&lines) };
            for (at, line) in lines.into_iter().enumerate() {
                let superseded = last.get(&line.summary.span_id).is_some_and(|last| *last != at);
                all.push((superseded, Candidate { trace, owner: owners.len(), line, packed }));
            }
            owners.push(owner);
        }
        all.sort_by_key(|(_, candidate)| candidate.line.offset);
        let wanted = |candidate: &Candidate| {
            let here = &self.query.session_id;
            (here.is_none() || owners[candidate.owner].session == *here)
                && self.sweep.wants(&place_of(&candidate.line.summary))
        };
        let all = all.into_iter().enumerate().filter(|(_, (superseded, one))| !superseded && wanted(one));
        let all = all.map(|(at, (_, candidate))| (at, candidate)).collect();
        Ok((all, owners, plain_bytes.cast_unsigned()))
    }

    fn events(&mut self, connection: &Connection, document: &Document) -> Result<()> {
        if !self.query.query.may_be_event() {
            return Ok(());
        }
        let mut statement =
            connection.prepare_cached("SELECT bytes FROM session_events WHERE first_id = ?1")?;
        let Some(bytes): Option<Vec<u8>> =
            statement.query_row([-document.number], |row| row.get(0)).optional()?
        else {
            return Ok(());
        };
        for frame in events::decode(&bytes)? {
            let here = &self.query.session_id;
            if !is_searched(&frame.event_type) || (here.is_some() && frame.session_id != *here) {
                continue;
            }
            let Some(at) = event_time(frame.json()) else { continue };
            let place = SearchPlace { at, of: SearchedThing::Event(frame.id) };
            if !self.sweep.wants(&place) {
                continue;
            }
            let engine = frame.session_id.as_ref().map(|id| engine_of(connection, id)).transpose()?.flatten();
            let of = Of::Event { event_type: &frame.event_type };
            let subject = Subject { session: frame.session_id.as_ref(), engine: engine.as_deref(), of };
            if self.matching.admits(&subject)
                && let Some(matches) = self.matching.find(&of, frame.json())
            {
                let found = FoundThing::Event { id: frame.id, json: frame.json_bytes() };
                self.sweep.add(place, SearchHit { session_id: frame.session_id.clone(), found, matches });
            }
        }
        Ok(())
    }
}

fn subject<'a>(owner: &'a Owner, summary: &'a SpanSummary) -> Subject<'a> {
    Subject { session: owner.session.as_ref(), engine: owner.engine.as_deref(), of: Of::Span(summary) }
}

fn place_of(span: &SpanSummary) -> SearchPlace {
    SearchPlace { at: span.start_time, of: SearchedThing::Span(span.trace_id, span.span_id) }
}

/// The part of a block that its line number `at` is in.
fn part_of(at: usize) -> i64 {
    i64::try_from(at / PART_LINES).map_or(MAX_PARTS - 1, |part| part.min(MAX_PARTS - 1))
}

/// For each span the number of the line that counts among these.
fn last_lines(lines: &[ChunkSpan]) -> HashMap<SpanId, usize> {
    let mut last: HashMap<SpanId, usize> = HashMap::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let known = last.entry(line.summary.span_id).or_insert(at);
        if replaces(&lines[*known].summary, &line.summary) {
            *known = at;
        }
    }
    last
}

/// Whether no other block has a line about the same span that counts more.
fn wins(connection: &Connection, candidate: &Candidate, block: i64) -> Result<bool> {
    let (line, trace) = (&candidate.line, candidate.trace);
    let ended = line.summary.end_time.is_some();
    // An earlier line counts more only when it says that the span ended and this one does not.
    let from = if ended || candidate.packed { block } else { 0 };
    let mut statement = connection.prepare_cached(
        "SELECT block, lines FROM blocks WHERE trace = ?1 AND block > ?2 AND block <> ?3 AND instr(lines, ?4) > 0",
    )?;
    let mut rows = statement.query(params![trace.number, from, block, line.summary.span_id.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let later = row.get::<_, i64>(0)? > block;
        let mut loses = false;
        lines::decode_each(trace.id, blob(row, 1)?, |other| {
            if other.summary.span_id == line.summary.span_id {
                let (before, after) =
                    if later { (&line.summary, &other.summary) } else { (&other.summary, &line.summary) };
                loses |= replaces(before, after) == later;
            }
        })?;
        if loses {
            return Ok(false);
        }
    }
    Ok(true)
}

fn owner_of(connection: &Connection, trace: i64) -> Result<(TraceId, Owner)> {
    let found: Option<([u8; 16], Option<String>, Option<String>)> = connection
        .prepare_cached(
            "SELECT traces.id, session_id, engine FROM traces LEFT JOIN sessions ON sessions.id = session_id WHERE trace = ?1",
        )?
        .query_row([trace], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (id, session, engine) = found.ok_or_else(|| corrupt("a block is of no trace"))?;
    let id = TraceId::from_bytes(id).ok_or_else(|| corrupt("a trace's id is zero"))?;
    let session = session.as_deref().map(session_id).transpose()?;
    Ok((id, Owner { session, engine }))
}

fn engine_of(connection: &Connection, session: &SessionId) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT engine FROM sessions WHERE id = ?1")?
        .query_row([session.as_str()], |row| row.get(0))
        .optional()?)
}

impl Index {
    /// Whether a failure comes from a damaged index; it is built again then.
    fn is_damaged_by(&self, failure: &Failure) -> bool {
        let damaged = matches!(failure, Failure::Sql(rusqlite::Error::SqliteFailure(cause, _))
            if cause.code == rusqlite::ErrorCode::DatabaseCorrupt);
        if damaged {
            self.damaged.store(true, Ordering::Relaxed);
        }
        damaged
    }
}
