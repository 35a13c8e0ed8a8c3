//! Which documents a search opens, from the newest to the oldest.

use std::collections::{BinaryHeap, HashSet};

use rusqlite::{Connection, params};

use super::MAX_PARTS;
use super::index::Index;
use crate::model::{SessionId, Timestamp};
use crate::store::SearchQuery;
use crate::store::search::Need;
use crate::store::sqlite::failure::Result;

/// Up to so many documents are looked up one by one; more are filtered while all are gone through in order of time.
const FEW: usize = 1_000;

/// How many rows are gone through at a time.
const PAGE: usize = 256;

/// When the index names more parts than this, it says too little to be worth the memory.
const MAX_FOUND: usize = 500_000;

/// When more documents are not in the index, all are read.
const MAX_UNINDEXED: usize = 20_000;

/// The most words that the index is asked for; more would not say much more.
const MAX_NEEDS: usize = 16;

/// A document to be opened.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Document {
    /// The newest moment at which something of it can be a hit.
    pub(super) newest: Timestamp,
    pub(super) number: i64,
    /// Whether the index knows it, so that only the parts count that it named.
    indexed: bool,
}

/// The documents that may hold hits.
#[derive(Debug)]
pub(super) struct Documents {
    newest: i64,
    oldest: i64,
    /// The parts that the index named, in order; `None` without its help.
    found: Option<Vec<i64>>,
    /// Not in the index when the search began.
    unindexed: HashSet<i64>,
    /// Only these, when a session is asked for.
    of_session: Option<HashSet<i64>>,
    /// The lowest and highest number when the search began: others came meanwhile, and hold what others held before.
    known: (i64, i64),
    seen: (i64, i64),
    /// Where going through all documents has come to; `None` when it is at its end or not needed.
    at: Option<(i64, i64)>,
    ready: BinaryHeap<Document>,
}

struct Row {
    number: i64,
    oldest: i64,
    newest: i64,
    parts: i64,
}

impl Documents {
    pub(super) fn list(connection: &Connection, query: &SearchQuery, index: &Index) -> Result<Self> {
        let known: (i64, i64) = connection
            .prepare_cached(
                "SELECT coalesce(min(document), 0), coalesce(max(document), 0) FROM search_documents",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut documents = Self {
            newest: query.newest().as_nanos(),
            oldest: query.oldest().as_nanos(),
            found: None,
            unindexed: HashSet::new(),
            of_session: query.session_id.as_ref().map(|id| of_session(connection, id)).transpose()?,
            known,
            seen: known,
            at: Some((i64::MAX, i64::MAX)),
            ready: BinaryHeap::new(),
        };
        let needs = query.query.needs();
        if !needs.is_empty() && index.is_usable(connection)? {
            documents.ask_index(connection, &needs)?;
        }
        documents.look_up_few(connection)?;
        Ok(documents)
    }

    fn ask_index(&mut self, connection: &Connection, needs: &[Need]) -> Result<()> {
        let mut unindexed =
            connection.prepare_cached("SELECT document FROM search_documents WHERE parts = 0 LIMIT ?1")?;
        let rows = unindexed.query_map([MAX_UNINDEXED as i64 + 1], |row| row.get(0))?;
        self.unindexed = rows.collect::<std::result::Result<_, _>>()?;
        if self.unindexed.len() > MAX_UNINDEXED {
            self.unindexed.clear();
            return Ok(());
        }
        let mut found = Vec::new();
        let mut statement =
            connection.prepare_cached("SELECT rowid FROM search_text WHERE search_text MATCH ?1 LIMIT ?2")?;
        let mut rows = statement.query(params![expression(needs), MAX_FOUND as i64 + 1])?;
        while let Some(row) = rows.next()? {
            found.push(row.get(0)?);
        }
        if found.len() <= MAX_FOUND {
            found.sort_unstable();
            self.found = Some(found);
        }
        Ok(())
    }

    /// When there are few documents, they are looked up at once.
    fn look_up_few(&mut self, connection: &Connection) -> Result<()> {
        let mut numbers: Vec<i64> = match (&self.found, &self.of_session) {
            (Some(found), of_session) => {
                let mut numbers: Vec<i64> = found.iter().map(|part| part.div_euclid(MAX_PARTS)).collect();
                numbers.extend(&self.unindexed);
                if let Some(of_session) = of_session {
                    numbers.retain(|number| of_session.contains(number));
                }
                numbers
            }
            (None, Some(of_session)) => of_session.iter().copied().collect(),
            (None, None) => return Ok(()),
        };
        numbers.sort_unstable();
        numbers.dedup();
        // Those of one session are few among all.
        if numbers.len() > FEW && self.of_session.is_none() {
            return Ok(());
        }
        self.at = None;
        let mut statement = connection.prepare_cached(
            "SELECT document, oldest, newest, parts FROM search_documents WHERE document = ?1",
        )?;
        for number in numbers {
            let mut rows = statement.query([number])?;
            if let Some(row) = rows.next()? {
                self.consider(&read(row)?);
            }
        }
        Ok(())
    }

    /// Takes in what was added since: a block that was packed lies in a new one.
    pub(super) fn look_again(&mut self, connection: &Connection) -> Result<()> {
        let mut statement = connection.prepare_cached(
            "SELECT document, oldest, newest, parts FROM search_documents WHERE document > ?1
             UNION ALL SELECT document, oldest, newest, parts FROM search_documents WHERE document < ?2",
        )?;
        let mut rows = statement.query([self.seen.1, self.seen.0])?;
        let mut added = Vec::new();
        while let Some(row) = rows.next()? {
            added.push(read(row)?);
        }
        for row in added {
            self.seen = (self.seen.0.min(row.number), self.seen.1.max(row.number));
            // The others are still to be gone through.
            if self.at.is_none_or(|at| (row.newest, row.number) >= at) {
                self.consider_new(&row);
            }
        }
        Ok(())
    }

    fn consider_new(&mut self, row: &Row) {
        if row.parts >= 0 && row.oldest <= self.newest && row.newest >= self.oldest {
            let newest = Timestamp::from_nanos(row.newest.min(self.newest));
            self.ready.push(Document { newest, number: row.number, indexed: false });
        }
    }

    fn consider(&mut self, row: &Row) {
        if row.parts < 0 || row.oldest > self.newest || row.newest < self.oldest {
            return;
        }
        if row.number < self.known.0 || row.number > self.known.1 {
            return self.consider_new(row);
        }
        let indexed = self.found.is_some() && row.parts > 0 && !self.unindexed.contains(&row.number);
        let document = Document {
            newest: Timestamp::from_nanos(row.newest.min(self.newest)),
            number: row.number,
            indexed,
        };
        let named = !indexed || self.parts_of(row.number).next().is_some();
        let wanted = self.of_session.as_ref().is_none_or(|all| all.contains(&row.number));
        if named && wanted {
            self.ready.push(document);
        }
    }

    fn parts_of(&self, document: i64) -> impl Iterator<Item = i64> {
        let found = self.found.as_deref().unwrap_or_default();
        let first = document.saturating_mul(MAX_PARTS);
        let from = found.partition_point(|part| *part < first);
        found[from..].iter().map(move |part| part - first).take_while(|part| *part < MAX_PARTS)
    }

    /// Whether a part of a document may hold hits.
    pub(super) fn includes(&self, document: &Document, part: i64) -> bool {
        !document.indexed
            || self
                .found
                .as_ref()
                .is_none_or(|found| found.binary_search(&(document.number * MAX_PARTS + part)).is_ok())
    }

    /// The next document.
    pub(super) fn next(&mut self, connection: &Connection) -> Result<Option<Document>> {
        // What comes from elsewhere may be older than what is still to be gone through.
        while let Some(at) = self.at
            && self.ready.peek().is_none_or(|next| next.newest.as_nanos() < at.0.min(self.newest))
        {
            self.go_on(connection, at)?;
        }
        Ok(self.ready.pop())
    }

    fn go_on(&mut self, connection: &Connection, at: (i64, i64)) -> Result<()> {
        let mut statement = connection.prepare_cached(
            "SELECT document, oldest, newest, parts FROM search_documents INDEXED BY search_documents_by_time
             WHERE (newest, document) < (?1, ?2) AND newest >= ?3 ORDER BY newest DESC, document DESC LIMIT ?4",
        )?;
        let mut rows = statement.query(params![at.0, at.1, self.oldest, PAGE as i64])?;
        let mut page = Vec::with_capacity(PAGE);
        while let Some(row) = rows.next()? {
            page.push(read(row)?);
        }
        self.at = page.last().filter(|_| page.len() == PAGE).map(|last| (last.newest, last.number));
        for row in &page {
            self.consider(row);
        }
        Ok(())
    }
}

fn read(row: &rusqlite::Row<'_>) -> Result<Row> {
    Ok(Row { number: row.get(0)?, oldest: row.get(1)?, newest: row.get(2)?, parts: row.get(3)? })
}

fn of_session(connection: &Connection, session: &SessionId) -> Result<HashSet<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT block FROM traces JOIN blocks USING (trace) WHERE session_id = ?1
         UNION ALL SELECT -first_id FROM session_events WHERE session_id IN (?1, '')",
    )?;
    let rows = statement.query_map([session.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// What the index is asked. Tokens hold no quotes.
fn expression(needs: &[Need]) -> String {
    // The longest say the most.
    let mut needs: Vec<&Need> = needs.iter().collect();
    needs.sort_by_key(|need| match need {
        Need::Token(text) => (0, std::cmp::Reverse(text.len())),
        Need::Beginning(text) => (1, std::cmp::Reverse(text.len())),
    });
    let words = needs.into_iter().take(MAX_NEEDS).map(|need| match need {
        Need::Token(text) => format!("\"{text}\""),
        Need::Beginning(text) => format!("\"{text}\"*"),
    });
    words.collect::<Vec<_>>().join(" AND ")
}
