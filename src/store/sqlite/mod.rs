//! History on disk: one SQLite file.
//!
//! One connection writes, behind a lock; a few read, each on its own. Every table is described in `schema`.

mod check;
mod connection;
mod erase;
mod events;
mod failure;
mod instance;
mod lines;
mod pack;
mod pinned;
mod place;
mod read;
mod schema;
mod search;
mod sessions;
mod spans;
mod upkeep;
mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::connection::Readers;
use self::failure::Result;
use self::pinned::Pinned;
use self::place::Place;
pub use self::place::default_data_dir;
use self::spans::SeenSpans;
pub use self::upkeep::{DEFAULT_PACK_AFTER, DEFAULT_RETENTION_AGE, DEFAULT_RETENTION_BYTES, Retention};
use self::write::{Counter, Writing};
use super::{BlockId, SearchPage, SearchQuery, Store, StoreError, StoreStats, TraceIndex, WriteBatch};
use crate::model::{
    EventFrame, EventId, EventKey, EventQuery, InstanceId, Session, SessionId, SessionQuery, Span, SpanId,
    SpanSummary, StatusCounts, Timestamp, TraceId,
};

/// A store in a SQLite file. Several processes may have the same one open.
///
/// A write that returned survives the death of the process (`kill -9`), and the file is whole whatever happens; only the
/// death of the machine may take the last writes back. Event ids are safe from that too.
#[derive(Debug)]
pub struct SqliteStore {
    place: Place,
    readers: Readers,
    writer: Mutex<Writer>,
    /// This instance's number in the file.
    instance: AtomicI64,
    instance_id: InstanceId,
    retention: Retention,
    pack_after: Duration,
    pinned: Mutex<Pinned>,
    index: search::Index,
    /// The largest file that is written anew when something was removed.
    rewritten_up_to: u64,
    /// The trace that was looked at last for one to pack.
    packing_after: AtomicI64,
    /// The bytes of the log when they were looked at last.
    log_bytes: AtomicU64,
    notices: Vec<String>,
}

#[derive(Debug)]
struct Writer {
    connection: Connection,
    seen: SeenSpans,
    closed: bool,
    /// Which file it writes.
    file: Option<(u64, u64)>,
    /// No id that was reserved lies beyond this one.
    reserved_to: i64,
    rewritten: erase::Rewritten,
    /// Held as long as the process lives.
    _alive: File,
}

impl SqliteStore {
    /// Opens the store in the directory `dir`, which is made when it is not there, for nobody else to read. Sessions
    /// that a dead process left running become abandoned.
    ///
    /// A file that is damaged is moved aside, never deleted, and a new one begun; [`notices`](Self::notices) says so.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the directory cannot be written, the file is held by another program, or was
    /// written by a newer version; [`StoreError::Corrupt`] when it is damaged and another process has it open.
    pub fn open(dir: &Path, instance: InstanceId) -> std::result::Result<Self, StoreError> {
        let place = Place::create(dir)?;
        let _opening = place.lock_opening()?;
        let alive = place.lock_instance(instance)?;
        let mut notices = Vec::new();
        let opened = Self::begin(&place, instance).or_else(|failure| match StoreError::from(failure) {
            StoreError::Corrupt(why) => {
                let aside = place.set_aside(instance, now())?;
                notices.push(format!("the store was damaged ({why}); it was moved to {}", aside.display()));
                Ok(Self::begin(&place, instance)?)
            }
            error @ StoreError::Unavailable(_) => Err(error),
        });
        let (connection, number) = opened.inspect_err(|_| place.forget_instance(&instance.to_string()))?;
        let writer = Writer {
            connection,
            seen: SeenSpans::default(),
            closed: false,
            file: place.file(),
            reserved_to: 0,
            rewritten: erase::Rewritten::default(),
            _alive: alive,
        };
        Ok(Self {
            readers: Readers::new(place.database()),
            place,
            writer: Mutex::new(writer),
            instance: AtomicI64::new(number),
            instance_id: instance,
            retention: Retention::default(),
            pack_after: DEFAULT_PACK_AFTER,
            pinned: Mutex::default(),
            index: search::Index::default(),
            rewritten_up_to: erase::REWRITTEN_UP_TO,
            packing_after: AtomicI64::new(0),
            log_bytes: AtomicU64::new(0),
            notices,
        })
    }

    /// Keeps history by these bounds instead of the default ones.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Packs a session so long after it ended and was last heard of, instead of [`DEFAULT_PACK_AFTER`].
    #[must_use]
    pub fn with_pack_after(mut self, silence: Duration) -> Self {
        self.pack_after = silence;
        self
    }

    /// Looks through the whole file: whether it is sound as a database, and whether every block of lines and of events can be
    /// read. Takes a second for some 100 MB; reads and writes go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] with what was found first; [`StoreError::Unavailable`] when it cannot be read.
    pub fn check(&self) -> std::result::Result<(), StoreError> {
        self.read(|connection| check::whole(connection))
    }

    /// What a person should know about how the store was opened, for example that a damaged file was moved aside.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.notices.clone()
    }

    fn begin(place: &Place, instance: InstanceId) -> Result<(Connection, i64)> {
        place.create_database()?;
        let mut connection = connection::writer(&place.database())?;
        let index_is_damaged = schema::probe(&connection)?;
        schema::migrate(&mut connection, now())?;
        // Chosen once; a file that was moved aside and begun anew is another history.
        connection.execute("INSERT OR IGNORE INTO counters VALUES ('identity', random())", [])?;
        if index_is_damaged {
            search::give_up(&connection)?;
        }
        search::begin_first(&connection)?;
        let number = instance::enter(&mut connection, place, instance, now())?;
        Ok((connection, number))
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> std::result::Result<T, StoreError> {
        Ok(self.readers.read(read)?)
    }

    /// Changes the file: all of it, or nothing on an error or a panic.
    fn change<T>(&self, change: impl FnOnce(&mut Writing<'_>) -> Result<T>) -> Result<T> {
        let mut writer = self.writer.lock();
        self.begin_anew_if_removed(&mut writer)?;
        // Put back only when it is true again.
        let mut seen = std::mem::take(&mut writer.seen);
        let transaction = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut writing =
            Writing { connection: &transaction, seen: &mut seen, instance: self.instance(), now: now() };
        let changed = change(&mut writing)?;
        transaction.commit()?;
        writer.seen = seen;
        Ok(changed)
    }

    fn reserve(&self, count: u64) -> Result<EventId> {
        let mut writer = self.writer.lock();
        self.begin_anew_if_removed(&mut writer)?;
        // Rare, and ids must not be given out again even when the machine dies.
        writer.connection.pragma_update(None, "synchronous", "FULL")?;
        let reserved = reserve(&mut writer.connection, count, self.instance());
        writer.connection.pragma_update(None, "synchronous", "NORMAL")?;
        if let Ok(first) = &reserved {
            writer.reserved_to = i64::try_from(first.0.saturating_add(count)).unwrap_or(i64::MAX);
        }
        reserved
    }

    fn instance(&self) -> i64 {
        self.instance.load(Ordering::Acquire)
    }

    /// Somebody may have removed the directory to be rid of its history while this process runs. What was written from then
    /// on would be gone with the process: so a new file is begun, which takes no event id that this process was given.
    fn begin_anew_if_removed(&self, writer: &mut Writer) -> Result<()> {
        writer.open()?;
        if self.place.file().is_some_and(|file| Some(file) == writer.file) {
            return Ok(());
        }
        self.place.restore()?;
        let _opening = self.place.lock_opening()?;
        // The lock lay in the directory too, unless only the database is gone.
        if let Ok(alive) = self.place.lock_instance(self.instance_id) {
            writer._alive = alive;
        }
        let (connection, number) = Self::begin(&self.place, self.instance_id)?;
        connection.execute(
            "UPDATE counters SET value = max(value, ?1) WHERE name = 'next_event_id'",
            [writer.reserved_to],
        )?;
        writer.connection = connection;
        writer.seen = SeenSpans::default();
        writer.file = self.place.file();
        self.instance.store(number, Ordering::Release);
        self.readers.renew();
        Ok(())
    }

    fn end(&self) -> Result<()> {
        let mut writer = self.writer.lock();
        if !writer.closed {
            instance::end(&writer.connection, self.instance(), now())?;
            writer.closed = true;
            self.place.forget_instance(&self.instance_id.to_string());
        }
        Ok(())
    }
}

impl Writer {
    /// After its end an instance writes no more: nobody would notice that what it left running is dead.
    fn open(&self) -> Result<()> {
        if self.closed {
            return Err(StoreError::Unavailable("the store is closed".to_owned()).into());
        }
        Ok(())
    }
}

fn reserve(connection: &mut Connection, count: u64, instance: i64) -> Result<EventId> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let first = schema::number(&transaction, "SELECT value FROM counters WHERE name = 'next_event_id'")?;
    let next = i64::try_from(count).ok().and_then(|count| first.checked_add(count));
    let next = next.filter(|next| next.cast_unsigned() <= EventId::LIMIT);
    let next = next.ok_or_else(|| StoreError::Unavailable("there are no more event ids".to_owned()))?;
    transaction.execute("UPDATE counters SET value = ?1 WHERE name = 'next_event_id'", [next])?;
    transaction.execute(
        "INSERT OR REPLACE INTO reservations (first_id, instance) VALUES (?1, ?2)",
        [first, instance],
    )?;
    transaction.commit()?;
    Ok(EventId(first.cast_unsigned()))
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

impl Store for SqliteStore {
    fn stats(&self) -> std::result::Result<StoreStats, StoreError> {
        let [sessions, spans, events, unindexed] = self.read(|connection| {
            let sessions = schema::number(connection, "SELECT count(*) FROM sessions")?;
            let unindexed = "SELECT coalesce(sum(lines), 0) FROM search_documents WHERE parts = 0";
            let unindexed = schema::number(connection, unindexed)?;
            Ok([sessions, Counter::Spans.get(connection)?, Counter::Events.get(connection)?, unindexed])
        })?;
        Ok(StoreStats {
            kind: "sqlite",
            path: Some(self.place.database()),
            bytes: self.place.bytes(),
            sessions: sessions.cast_unsigned(),
            spans: spans.cast_unsigned(),
            events: events.cast_unsigned(),
            unindexed: Some(unindexed.cast_unsigned()),
        })
    }

    fn identity(&self) -> std::result::Result<Option<u64>, StoreError> {
        let number = self.read(|connection| {
            schema::number(connection, "SELECT value FROM counters WHERE name = 'identity'")
        })?;
        Ok(Some(number.cast_unsigned()))
    }

    fn reserve_event_ids(&self, count: u64) -> std::result::Result<EventId, StoreError> {
        Ok(self.reserve(count)?)
    }

    fn write(&self, batch: &WriteBatch) -> std::result::Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.change(|writing| writing.batch(batch))?;
        if !(batch.pins.is_empty() && batch.deleted_sessions.is_empty()) {
            self.pins_changed();
        }
        Ok(())
    }

    fn sessions(&self, query: &SessionQuery) -> std::result::Result<Vec<Session>, StoreError> {
        self.read(|connection| sessions::list(connection, query))
    }

    fn session_counts(&self, query: &SessionQuery) -> std::result::Result<StatusCounts, StoreError> {
        self.read(|connection| sessions::counts(connection, query))
    }

    fn session(&self, id: &SessionId) -> std::result::Result<Option<Session>, StoreError> {
        self.read(|connection| sessions::get(connection, id))
    }

    fn session_of_trace(&self, trace: TraceId) -> std::result::Result<Option<SessionId>, StoreError> {
        self.read(|connection| read::session_of_trace(connection, trace))
    }

    fn has_taken(&self, event: EventKey) -> std::result::Result<bool, StoreError> {
        self.read(|connection| read::has_taken(connection, event))
    }

    fn traces(&self, session: &SessionId) -> std::result::Result<Vec<TraceId>, StoreError> {
        let rows = self.read(|connection| read::trace_rows(connection, session))?;
        Ok(rows.into_iter().map(|trace| trace.id).collect())
    }

    fn trace_spans(&self, trace: TraceId) -> std::result::Result<Vec<SpanSummary>, StoreError> {
        self.read(|connection| match read::trace_row(connection, trace)? {
            Some(trace) => read::summaries(connection, &[trace]),
            None => Ok(Vec::new()),
        })
    }

    fn session_spans(&self, session: &SessionId) -> std::result::Result<Vec<SpanSummary>, StoreError> {
        self.read(|connection| read::summaries(connection, &read::trace_rows(connection, session)?))
    }

    fn spans(&self, session: &SessionId, span: SpanId) -> std::result::Result<Vec<Span>, StoreError> {
        let found = self.read(|connection| read::find_spans(connection, session, span))?;
        Ok(found.iter().map(read::StoredSpan::unpack).collect::<Result<_>>()?)
    }

    fn events(&self, query: &EventQuery) -> std::result::Result<Vec<EventFrame>, StoreError> {
        self.read(|connection| match &query.session_id {
            Some(session) => events::of_session(connection, session, query),
            None => events::replay(connection, query, self.instance()),
        })
    }

    fn replay_floor(&self) -> std::result::Result<EventId, StoreError> {
        self.read(|connection| events::replay_floor(connection, self.instance()))
    }

    fn replays_after(&self, id: EventId) -> std::result::Result<bool, StoreError> {
        self.read(|connection| events::replays_after(connection, id, self.instance()))
    }

    fn trace_index(&self, session: &SessionId) -> std::result::Result<Option<TraceIndex>, StoreError> {
        self.read(|connection| read::trace_index(connection, session))
    }

    fn block(&self, block: BlockId) -> std::result::Result<Option<Bytes>, StoreError> {
        self.read(|connection| read::block(connection, block))
    }

    fn search(&self, query: &SearchQuery) -> std::result::Result<SearchPage, StoreError> {
        self.find(query)
    }

    fn maintain(&self, budget: Duration) -> std::result::Result<bool, StoreError> {
        Ok(self.upkeep(budget, now())?)
    }

    fn notice(&self) -> Option<String> {
        self.pinned_notice().or_else(|| self.log_notice())
    }

    fn close(&self) -> std::result::Result<(), StoreError> {
        Ok(self.end()?)
    }
}
