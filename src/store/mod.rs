//! Where sessions, spans and events are kept.
//!
//! [`Store`] is the plug; [`MemoryStore`] is bounded memory and `SqliteStore` (feature `sqlite`) is history on disk.
//! A store is fed by one thread, the store writer, and read by many. All its calls block; the HTTP side makes them
//! off the runtime's threads.

pub mod chunk;
mod early;
mod error;
mod memory;
pub(crate) mod search;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(test)]
mod contract;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use self::chunk::{Block, Chunk, ChunkBuilder, ChunkSpan};
pub use self::error::StoreError;
pub use self::memory::{DEFAULT_MEMORY_STORE_BYTES, MemoryStore};
pub use self::search::{
    FoundThing, MAX_CONDITIONS, MAX_QUERY_CHARS, MAX_REGEXES, Query, QueryError, SEARCH_TIME, SearchHit,
    SearchPage, SearchQuery,
};
pub(crate) use self::search::{MAX_REGEX_BYTES, MAX_REGEX_MEMORY};
#[cfg(feature = "sqlite")]
pub use self::sqlite::{
    DEFAULT_PACK_AFTER, DEFAULT_RETENTION_AGE, DEFAULT_RETENTION_BYTES, Retention, SqliteStore,
    default_data_dir,
};
use crate::model::{
    Cursor, EventFrame, EventId, EventKey, EventQuery, Session, SessionId, SessionQuery, Span, SpanId,
    SpanSummary, StatusCounts, Timestamp, TraceId,
};

/// Keeps what the inspector has seen.
///
/// Implementations are shared between threads; [`write`](Store::write) is called by one thread at a time, the reads
/// by any number, also while a write is under way. A read sees whole batches only.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// What the store is and how full.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn stats(&self) -> Result<StoreStats, StoreError>;

    /// A number that this history alone has, for as long as it exists: the same in every process and after every restart.
    /// `None` when the history ends with the process.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn identity(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Reserves `count` event ids for this process and gives the first. Every call's block lies above all blocks ever
    /// reserved in the same place, also by other processes and before a crash.
    ///
    /// # Errors
    ///
    /// When the reservation cannot be made durable.
    fn reserve_event_ids(&self, count: u64) -> Result<EventId, StoreError>;

    /// Writes a batch: all of it, or nothing on error. On return it survives the death of the process.
    ///
    /// # Errors
    ///
    /// When it cannot be made durable.
    fn write(&self, batch: &WriteBatch) -> Result<(), StoreError>;

    /// At most `query.limit` sessions, newest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn sessions(&self, query: &SessionQuery) -> Result<Vec<Session>, StoreError>;

    /// How many of the sessions that `query` wants have each status, whatever statuses, place and limit it names. A store that
    /// does not implement this reads them all.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn session_counts(&self, query: &SessionQuery) -> Result<StatusCounts, StoreError> {
        /// So many are in memory at once.
        const PAGE: usize = 500;
        let mut query = SessionQuery { limit: PAGE, ..query.of_any_status() };
        let mut counts = StatusCounts::default();
        loop {
            let page = self.sessions(&query)?;
            page.iter().for_each(|session| *counts.of_mut(session.status) += 1);
            match page.last() {
                Some(last) if page.len() == PAGE => query.after = Some(Cursor::after(last)),
                _ => return Ok(counts),
            }
        }
    }

    /// One session.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// The session that a trace belongs to.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn session_of_trace(&self, trace: TraceId) -> Result<Option<SessionId>, StoreError>;

    /// The traces of a session, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn traces(&self, session: &SessionId) -> Result<Vec<TraceId>, StoreError>;

    /// The spans of one trace, in no order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn trace_spans(&self, trace: TraceId) -> Result<Vec<SpanSummary>, StoreError>;

    /// The spans of a session, in no order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn session_spans(&self, session: &SessionId) -> Result<Vec<SpanSummary>, StoreError>;

    /// The spans of a session with this id, whole: one, or several when the same id stands in several of its traces.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn spans(&self, session: &SessionId, span: SpanId) -> Result<Vec<Span>, StoreError>;

    /// Whether an event was stored that must not be taken again, and its session is still here. A store that does not implement
    /// this takes an event again that is sent again after a restart.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn has_taken(&self, _event: EventKey) -> Result<bool, StoreError> {
        Ok(false)
    }

    /// Stored events, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn events(&self, query: &EventQuery) -> Result<Vec<EventFrame>, StoreError>;

    /// The highest event id up to which a replay would no longer be whole: every event above it that this instance, or
    /// one that ended before it, stored is still here.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn replay_floor(&self) -> Result<EventId, StoreError>;

    /// Whether a replay goes on after the event of this id: it was given out by this instance or one that ended before
    /// it. The events of a process that lives beside this one, in the same place, are not among those of a replay, so that
    /// nothing can be said of what follows them. A store that no two processes share need not implement this.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn replays_after(&self, _id: EventId) -> Result<bool, StoreError> {
        Ok(true)
    }

    /// The blocks of a session's trace in the order in which they are served, or `None` when the session is unknown.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn trace_index(&self, session: &SessionId) -> Result<Option<TraceIndex>, StoreError>;

    /// The compressed bytes of a block, or `None` when it is no longer there (deleted, or compacted into another).
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn block(&self, block: BlockId) -> Result<Option<Bytes>, StoreError>;

    /// Spans and events that match a query, newest first. What it leaves out it says: the page is complete up to its
    /// [`searched_to`](SearchPage::searched_to). A store that does not implement this reads everything that may be meant, by its
    /// other methods; spans whose trace is of no session are then not found.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn search(&self, query: &SearchQuery) -> Result<SearchPage, StoreError> {
        search::by_reading(self, query)
    }

    /// Does a piece of the work that can wait: packing what has ended, removing what is too old or too much, keeping the
    /// index of the search. It takes about `budget`, and says with `true` that there is more to do. One thread calls it,
    /// also while another one writes.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written; nothing is half done then.
    fn maintain(&self, budget: Duration) -> Result<bool, StoreError> {
        let _ = budget;
        Ok(false)
    }

    /// What a person should know of how it stands at the moment, such as that pinned sessions leave no room for others. Asked
    /// often: answered from what is known.
    fn notice(&self) -> Option<String> {
        None
    }

    /// Marks the end of this instance, so that the next one knows that it did not crash.
    ///
    /// # Errors
    ///
    /// When it cannot be made durable.
    fn close(&self) -> Result<(), StoreError>;
}

/// How many events the stores keep for a replay: more than the ring, so that a reader that comes back after a restart
/// of the host finds what it missed.
pub(crate) const REPLAY_EVENTS: u64 = 20_000;

/// So many events are kept for a replay whatever their size.
pub(crate) const REPLAY_EVENTS_AT_LEAST: u64 = 1_000;

/// Whether an event is kept as long as its session. The others only say what a span or a session looked like at some
/// moment, which a later event or the row itself says better; they are kept for a replay.
pub(crate) fn outlives_replay(event_type: &str) -> bool {
    !matches!(event_type, "SpanStarted" | "SpanFinished" | "SessionUpdated")
}

/// The first id in a place where no event is known: above whatever was given out in an earlier second by a store that
/// was lost, so that ids are not used again. Below 2^53 until the year 2297.
pub(crate) fn first_event_id(now: Timestamp) -> EventId {
    /// 2025-01-01T00:00:00Z.
    const YEAR_2025: i64 = 1_735_689_600;
    let seconds = now.as_nanos() / 1_000_000_000 - YEAR_2025;
    EventId((u64::try_from(seconds).unwrap_or(0) << 20).clamp(1, EventId::LIMIT / 2))
}

/// What is written together.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WriteBatch {
    /// Sessions that a person removed, with all that is known of them, before the rest of the batch: whatever it says of the
    /// same session or of one of its traces begins anew.
    pub deleted_sessions: Vec<SessionId>,
    /// Sessions as they stand now; each replaces the one stored before.
    pub sessions: Vec<Session>,
    /// Which trace belongs to which session; replaces what was stored before.
    pub traces: Vec<(TraceId, SessionId)>,
    /// Sessions to be kept whatever the bounds, or no longer; of several about one session the last counts. It stays so
    /// however often the session is written.
    pub pins: Vec<(SessionId, bool)>,
    /// Provisional sessions whose traces moved away.
    pub removed_sessions: Vec<SessionId>,
    /// Spans. Of several lines about one span, the last one wins.
    pub chunks: Vec<Chunk>,
    /// Events, in order of their ids.
    pub events: Vec<Arc<EventFrame>>,
    /// Posted events that must not be taken again, each with its session: known for as long as that.
    pub taken: Vec<(SessionId, EventKey)>,
}

impl WriteBatch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deleted_sessions.is_empty()
            && self.sessions.is_empty()
            && self.traces.is_empty()
            && self.pins.is_empty()
            && self.removed_sessions.is_empty()
            && self.chunks.is_empty()
            && self.events.is_empty()
            && self.taken.is_empty()
    }
}

/// Names a block within its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub i64);

/// One block of a session's trace, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockIndex {
    /// Its name.
    pub id: BlockId,
    /// The length of its compressed bytes.
    pub compressed_bytes: u64,
    /// The length of its lines.
    pub plain_bytes: u64,
    /// The CRC-32 of its lines.
    pub crc32: u32,
}

impl BlockIndex {
    /// That of this block.
    #[must_use]
    pub const fn of(id: BlockId, block: &Block) -> Self {
        Self::new(id, block.bytes.len() as u64, block.plain_bytes, block.crc32)
    }

    /// That of a block of which its store kept the numbers.
    #[must_use]
    pub const fn new(id: BlockId, compressed_bytes: u64, plain_bytes: u64, crc32: u32) -> Self {
        Self { id, compressed_bytes, plain_bytes, crc32 }
    }
}

/// The blocks of a session's trace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceIndex {
    /// Changes whenever blocks that were listed before are replaced, reordered or taken away; it stays the same while
    /// blocks are only added at the end.
    pub generation: u64,
    /// The blocks.
    pub blocks: Vec<BlockIndex>,
}

impl TraceIndex {
    /// Of these blocks.
    #[must_use]
    pub const fn new(generation: u64, blocks: Vec<BlockIndex>) -> Self {
        Self { generation, blocks }
    }
}

/// What a store is and how full.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreStats {
    /// `sqlite`, `memory`.
    pub kind: &'static str,
    /// Where it is.
    pub path: Option<PathBuf>,
    /// Bytes on disk or in memory.
    pub bytes: u64,
    /// Sessions in it.
    pub sessions: u64,
    /// Spans in it.
    pub spans: u64,
    /// Events in it that can be replayed.
    pub events: u64,
    /// Lines of spans and events that are not in the index of the search yet, so that every search reads them; `None` when
    /// the store has no index and every search reads everything.
    pub unindexed: Option<u64>,
}

impl StoreStats {
    /// Of an empty store without an index.
    #[must_use]
    pub const fn new(kind: &'static str) -> Self {
        Self { kind, path: None, bytes: 0, sessions: 0, spans: 0, events: 0, unindexed: None }
    }
}
