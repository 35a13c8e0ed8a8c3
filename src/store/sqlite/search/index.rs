//! The index: how it is filled behind the writer, cleaned, and built again.
//!
//! It is contentless and knows only which words occur in which part of a document, not where: a search looks at the lines
//! themselves. The words come cut and lower-cased from `store::search`, so that SQLite only has to separate them at spaces.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, OptionalExtension, params};

use super::{MAX_PARTS, PART_LINES, part_of};
use crate::model::{Timestamp, TraceId};
use crate::store::search::{Of, beginning_token, event_time, is_searched, line_tokens};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::failure::{Result, corrupt};
use crate::store::sqlite::spans::blob;
use crate::store::sqlite::{events, lines};
use crate::store::{Block, ChunkSpan, StoreError};

/// How the index is laid out. Another number lets every file build it again.
const LAYOUT: i64 = 2;

/// `ascii` takes every other character as part of a word. Pages are merged a few at a time, when there is nothing to index.
const CREATE: &str = "
    CREATE VIRTUAL TABLE search_text USING fts5(
        text, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
    );
";

/// About so many lines are indexed in one transaction, which then takes some milliseconds.
const STEP_LINES: i64 = 512;

/// About how many bytes of lines, compressed, are read for it.
const STEP_BYTES: usize = 1 << 20;

/// How many documents that are gone are taken out of the index in one transaction.
const REMOVED_AT_ONCE: i64 = 64;

/// How many pages of the index are merged in one transaction, about.
const MERGED_AT_ONCE: i64 = 64;

/// What this process knows of the index.
#[derive(Debug, Default)]
pub(in crate::store::sqlite) struct Index {
    /// A search found it damaged.
    pub(super) damaged: AtomicBool,
    /// Nothing was indexed or removed since the last merge that found nothing to do.
    merged: AtomicBool,
}

impl Index {
    /// Whether it can be asked.
    pub(super) fn is_usable(&self, connection: &Connection) -> Result<bool> {
        Ok(!self.damaged.load(Ordering::Relaxed) && layout(connection)? == LAYOUT)
    }
}

/// The layout of a file whose index was not begun.
const NOT_BEGUN: i64 = 0;

/// The layout of a file whose index shall be built again.
const TO_BE_REBUILT: i64 = -1;

/// Begins the index of a file that has none.
pub(in crate::store::sqlite) fn begin_first(connection: &Connection) -> Result<()> {
    if layout(connection)? == NOT_BEGUN { begin(connection) } else { Ok(()) }
}

/// Lets the index be built again.
pub(in crate::store::sqlite) fn give_up(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE counters SET value = ?1 WHERE name = 'search_layout'", [TO_BE_REBUILT])?;
    Ok(())
}

/// An empty index.
fn begin(connection: &Connection) -> Result<()> {
    const DROP: &str = "DROP TABLE IF EXISTS search_text";
    if connection.execute_batch(DROP).is_err() {
        // Up to 3.46 SQLite opens a table before it drops it, and cannot open a damaged one. Row 10 says of which parts the
        // index is made: of none.
        connection.execute_batch(
            "DELETE FROM search_text_data;
             INSERT INTO search_text_data VALUES (1, x''), (10, x'00000000000000');",
        )?;
        connection.execute_batch(DROP)?;
    }
    connection.execute_batch(&format!(
        "{CREATE}
         DELETE FROM search_documents WHERE parts < 0;
         UPDATE search_documents SET parts = 0 WHERE parts > 0;
         UPDATE counters SET value = {LAYOUT} WHERE name = 'search_layout';",
    ))?;
    Ok(())
}

fn layout(connection: &Connection) -> Result<i64> {
    Ok(connection
        .prepare_cached("SELECT value FROM counters WHERE name = 'search_layout'")?
        .query_row([], |row| row.get(0))?)
}

/// Enters a document, to be indexed later.
pub(in crate::store::sqlite) fn add_document(
    connection: &Connection,
    document: i64,
    times: impl Iterator<Item = Timestamp>,
) -> Result<()> {
    let mut span = (i64::MAX, i64::MIN, 0_i64);
    for time in times.map(Timestamp::as_nanos) {
        span = (span.0.min(time), span.1.max(time), span.2 + 1);
    }
    if span.2 > 0 {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO search_documents (document, oldest, newest, lines) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute([document, span.0, span.1, span.2])?;
    }
    Ok(())
}

/// A document as it stands in the index.
struct Indexed {
    document: i64,
    oldest: i64,
    newest: i64,
    lines: i64,
    /// The words of each part.
    parts: Vec<String>,
}

impl SqliteStore {
    /// Builds the index of the search anew, behind the writer, as [`maintain`](crate::store::Store::maintain) finds time.
    /// Until it is done, searches read everything that is not in it yet, and find the same. It is done by itself when the
    /// index is found damaged or is of another version.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn rebuild_search_index(&self) -> std::result::Result<(), StoreError> {
        Ok(self.change(|writing| give_up(writing.connection))?)
    }

    /// Takes what is gone out of the index. Says whether anything was done.
    pub(in crate::store::sqlite) fn clean_index(&self) -> Result<bool> {
        if !self.readers.read(|connection| self.index.is_usable(connection))? {
            return Ok(false);
        }
        let cleaned = self.remove_from_index().and_then(|removed| {
            if removed {
                self.merge_index()?;
            }
            Ok(removed)
        });
        self.unless_damaged(cleaned)
    }

    /// Indexes some of what is not in the index yet, or merges some of it. Says whether anything was done.
    pub(in crate::store::sqlite) fn keep_index(&self) -> Result<bool> {
        if !self.readers.read(|connection| self.index.is_usable(connection))? {
            self.change(|writing| {
                // Another process may have done it meanwhile.
                if self.index.damaged.load(Ordering::Relaxed) || layout(writing.connection)? != LAYOUT {
                    begin(writing.connection)?;
                }
                Ok(())
            })?;
            self.index.damaged.store(false, Ordering::Relaxed);
            return Ok(true);
        }
        let kept = self.index_some().and_then(|indexed| Ok(indexed || self.merge_index()?));
        self.unless_damaged(kept)
    }

    /// A damaged index is built again at the next occasion; that is something to do, and no failure of the store.
    fn unless_damaged(&self, done: Result<bool>) -> Result<bool> {
        match done {
            Err(failure) if self.index.is_damaged_by(&failure) => Ok(true),
            Ok(true) => {
                self.index.merged.store(false, Ordering::Relaxed);
                Ok(true)
            }
            other => other,
        }
    }

    fn remove_from_index(&self) -> Result<bool> {
        let removed = |connection: &Connection| -> Result<Vec<(i64, i64)>> {
            let mut statement = connection
                .prepare_cached("SELECT document, parts FROM search_documents WHERE parts < 0 LIMIT ?1")?;
            let rows = statement.query_map([REMOVED_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        };
        if self.readers.read(|connection| removed(connection))?.is_empty() {
            return Ok(false);
        }
        self.change(|writing| {
            if layout(writing.connection)? != LAYOUT {
                return Ok(true);
            }
            for (document, parts) in removed(writing.connection)? {
                let mut delete =
                    writing.connection.prepare_cached("DELETE FROM search_text WHERE rowid = ?1")?;
                for part in 0..-parts {
                    delete.execute([document * MAX_PARTS + part])?;
                }
                writing
                    .connection
                    .prepare_cached("DELETE FROM search_documents WHERE document = ?1")?
                    .execute([document])?;
            }
            Ok(true)
        })
    }

    fn index_some(&self) -> Result<bool> {
        let read = self.readers.read(|connection| unindexed(connection))?;
        if read.is_empty() {
            return Ok(false);
        }
        let indexed = read.iter().map(Unindexed::index).collect::<Result<Vec<_>>>()?;
        self.change(|writing| {
            if layout(writing.connection)? == LAYOUT {
                indexed.iter().try_for_each(|one| one.write(writing.connection))?;
            }
            Ok(true)
        })
    }

    /// Merges some of the index's pages. Says whether there was anything to merge.
    fn merge_index(&self) -> Result<bool> {
        if self.index.merged.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let merged = self.merge(MERGED_AT_ONCE)?;
        self.index.merged.store(!merged, Ordering::Relaxed);
        Ok(merged)
    }

    /// Goes on with merging all of the index into one part, in which no word is left of documents that are gone. Says whether
    /// there is more to merge.
    pub(in crate::store::sqlite) fn merge_whole_index(&self) -> Result<bool> {
        if !self.readers.read(|connection| self.index.is_usable(connection))? {
            return Ok(false);
        }
        // Of a negative number of pages: all parts, however few they are.
        let merged = self.merge(-MERGED_AT_ONCE);
        match merged {
            Err(failure) if self.index.is_damaged_by(&failure) => Ok(true),
            merged => merged,
        }
    }

    fn merge(&self, pages: i64) -> Result<bool> {
        self.change(|writing| {
            if layout(writing.connection)? != LAYOUT {
                return Ok(false);
            }
            let changes = || -> Result<i64> {
                Ok(writing
                    .connection
                    .prepare_cached("SELECT total_changes()")?
                    .query_row([], |row| row.get(0))?)
            };
            let before = changes()?;
            writing
                .connection
                .prepare_cached("INSERT INTO search_text (search_text, rank) VALUES ('merge', ?1)")?
                .execute([pages])?;
            // The statement itself counts as one change.
            Ok(changes()? - before > 1)
        })
    }
}

/// A document that is not in the index yet, as it was read.
enum Unindexed {
    Block {
        number: i64,
        lines: Vec<ChunkSpan>,
        bytes: Vec<u8>,
        plain_bytes: u64,
    },
    Events {
        number: i64,
        bytes: Vec<u8>,
    },
    /// Gone, or without a line.
    Nothing {
        number: i64,
    },
}

fn unindexed(connection: &Connection) -> Result<Vec<Unindexed>> {
    let mut statement = connection.prepare_cached(
        "SELECT document, lines FROM search_documents INDEXED BY search_documents_unindexed
         WHERE parts = 0 ORDER BY document LIMIT ?1",
    )?;
    let mut rows = statement.query([STEP_LINES])?;
    let (mut all, mut lines, mut bytes) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next()?
        && lines < STEP_LINES
        && bytes < STEP_BYTES
    {
        let one = read(connection, row.get(0)?)?;
        lines += row.get::<_, i64>(1)?;
        bytes += one.size();
        all.push(one);
    }
    Ok(all)
}

fn read(connection: &Connection, number: i64) -> Result<Unindexed> {
    if number < 0 {
        let bytes: Option<Vec<u8>> = connection
            .prepare_cached("SELECT bytes FROM session_events WHERE first_id = ?1")?
            .query_row([-number], |row| row.get(0))
            .optional()?;
        return Ok(bytes.map_or(Unindexed::Nothing { number }, |bytes| Unindexed::Events { number, bytes }));
    }
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM block_bytes WHERE block = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()?;
    let Some(bytes) = bytes else { return Ok(Unindexed::Nothing { number }) };
    let mut statement = connection.prepare_cached(
        "SELECT traces.id, plain_bytes, lines FROM blocks JOIN traces USING (trace) WHERE block = ?1",
    )?;
    let mut rows = statement.query([number])?;
    let (mut all, mut plain_bytes) = (Vec::new(), 0_i64);
    while let Some(row) = rows.next()? {
        let id = TraceId::from_bytes(row.get(0)?).ok_or_else(|| corrupt("a trace's id is zero"))?;
        plain_bytes = row.get(1)?;
        lines::decode_each(id, blob(row, 2)?, |line| all.push(line))?;
    }
    all.sort_by_key(|line| line.offset);
    Ok(Unindexed::Block { number, lines: all, bytes, plain_bytes: plain_bytes.cast_unsigned() })
}

impl Unindexed {
    fn size(&self) -> usize {
        match self {
            Self::Block { bytes, .. } | Self::Events { bytes, .. } => bytes.len(),
            Self::Nothing { .. } => 0,
        }
    }

    fn index(&self) -> Result<Indexed> {
        let mut words = Words::default();
        let (mut times, mut parts) = (Vec::new(), Vec::new());
        let number = match self {
            Self::Block { number, lines, bytes, plain_bytes } => {
                let plain = Block::decompress(bytes, *plain_bytes)?;
                for (at, line) in lines.iter().enumerate() {
                    let from = line.offset as usize;
                    let text = plain.get(from..from.saturating_add(line.length as usize));
                    let text = text.ok_or_else(|| corrupt("a span's line lies outside its block"))?;
                    words.add(&Of::Span(&line.summary), text);
                    times.push(line.summary.start_time);
                    if part_of(at + 1) != part_of(at) {
                        parts.push(words.take());
                    }
                }
                *number
            }
            Self::Events { number, bytes } => {
                for frame in events::decode(bytes)? {
                    let searched = is_searched(&frame.event_type);
                    if let Some(time) = event_time(frame.json()).filter(|_| searched) {
                        words.add(&Of::Event { event_type: &frame.event_type }, frame.json());
                        times.push(time);
                    }
                }
                *number
            }
            Self::Nothing { number } => *number,
        };
        if !words.is_empty() || parts.is_empty() {
            parts.push(words.take());
        }
        debug_assert!(parts.len() <= times.len().div_ceil(PART_LINES).max(1));
        let nanos = || times.iter().map(|time| time.as_nanos());
        Ok(Indexed {
            document: number,
            oldest: nanos().min().unwrap_or(0),
            newest: nanos().max().unwrap_or(0),
            lines: i64::try_from(times.len()).unwrap_or(i64::MAX),
            parts,
        })
    }
}

impl Indexed {
    fn write(&self, connection: &Connection) -> Result<()> {
        let parts = i64::try_from(self.parts.len()).unwrap_or(MAX_PARTS);
        let entered = connection
            .prepare_cached(
                "UPDATE search_documents SET parts = ?2, oldest = ?3, newest = ?4, lines = ?5
                 WHERE document = ?1 AND parts = 0",
            )?
            .execute([self.document, parts, self.oldest, self.newest, self.lines])?;
        // It may be gone meanwhile, or another process has indexed it.
        if entered == 0 {
            return Ok(());
        }
        let mut insert =
            connection.prepare_cached("INSERT OR REPLACE INTO search_text (rowid, text) VALUES (?1, ?2)")?;
        for (part, words) in (0..).zip(&self.parts) {
            insert.execute(params![self.document * MAX_PARTS + part, words])?;
        }
        Ok(())
    }
}

/// The words of a part, each once.
#[derive(Default)]
struct Words {
    seen: HashSet<u64, BuildHasherDefault<Hashed>>,
    hasher: RandomState,
    text: String,
}

impl Words {
    fn add(&mut self, of: &Of<'_>, line: &[u8]) {
        line_tokens(of, line, &mut |token| {
            if self.insert(token)
                && let Some(beginning) = beginning_token(token)
            {
                self.insert(&beginning);
            }
        });
    }

    fn insert(&mut self, token: &str) -> bool {
        let new = self.seen.insert(self.hasher.hash_one(token));
        if new {
            self.text.push_str(token);
            self.text.push(' ');
        }
        new
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn take(&mut self) -> String {
        self.seen.clear();
        std::mem::take(&mut self.text)
    }
}

/// What is hashed already need not be hashed again.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
