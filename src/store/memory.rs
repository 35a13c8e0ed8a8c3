//! History in bounded memory: for tests, for hosts without a disk, and when the data directory cannot be written.

mod search;
mod state;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use self::state::{Line, State};
use super::{
    BlockId, SearchPage, SearchQuery, Store, StoreError, StoreStats, TraceIndex, WriteBatch, first_event_id,
};
use crate::model::{
    EventFrame, EventId, EventKey, EventQuery, Session, SessionId, SessionQuery, Span, SpanId, SpanSummary,
    StatusCounts, Timestamp, TraceId,
};

/// How many bytes a [`MemoryStore`] holds by default: some 50,000 agent spans, and little beside a host that runs
/// agents.
pub const DEFAULT_MEMORY_STORE_BYTES: usize = 64 << 20;

/// A store in memory. When it is full, the oldest ended session goes first; when none has ended, the oldest lines of
/// the oldest session go, and the session itself stays. Pinned sessions stay whole once they have ended.
///
/// Event ids begin at a number made of the current second, so that they are not used again after a restart although
/// nothing was kept.
#[derive(Debug)]
pub struct MemoryStore {
    state: RwLock<State>,
    next_event_id: Mutex<EventId>,
}

impl MemoryStore {
    /// Holds at most about `bytes` bytes: blocks as compressed, the rest by its size in memory.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            state: RwLock::new(State::new(bytes)),
            next_event_id: Mutex::new(first_event_id(Timestamp::from(SystemTime::now()))),
        }
    }
}

impl Default for MemoryStore {
    /// Holds [`DEFAULT_MEMORY_STORE_BYTES`].
    fn default() -> Self {
        Self::new(DEFAULT_MEMORY_STORE_BYTES)
    }
}

impl Store for MemoryStore {
    fn stats(&self) -> Result<StoreStats, StoreError> {
        Ok(self.state.read().stats())
    }

    fn reserve_event_ids(&self, count: u64) -> Result<EventId, StoreError> {
        let mut next = self.next_event_id.lock();
        let first = *next;
        let after = first.0.checked_add(count).filter(|after| *after <= EventId::LIMIT);
        *next =
            EventId(after.ok_or_else(|| StoreError::Unavailable("there are no more event ids".to_owned()))?);
        Ok(first)
    }

    fn write(&self, batch: &WriteBatch) -> Result<(), StoreError> {
        self.state.write().apply(batch);
        Ok(())
    }

    fn sessions(&self, query: &SessionQuery) -> Result<Vec<Session>, StoreError> {
        Ok(self.state.read().list(query))
    }

    fn session_counts(&self, query: &SessionQuery) -> Result<StatusCounts, StoreError> {
        Ok(self.state.read().counts(query))
    }

    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state.read().session(id).cloned())
    }

    fn session_of_trace(&self, trace: TraceId) -> Result<Option<SessionId>, StoreError> {
        Ok(self.state.read().session_of_trace(trace))
    }

    fn has_taken(&self, event: EventKey) -> Result<bool, StoreError> {
        Ok(self.state.read().has_taken(event))
    }

    fn traces(&self, session: &SessionId) -> Result<Vec<TraceId>, StoreError> {
        Ok(self.state.read().traces(session))
    }

    fn trace_spans(&self, trace: TraceId) -> Result<Vec<SpanSummary>, StoreError> {
        Ok(self.state.read().trace_spans(trace))
    }

    fn session_spans(&self, session: &SessionId) -> Result<Vec<SpanSummary>, StoreError> {
        Ok(self.state.read().session_spans(session))
    }

    fn spans(&self, session: &SessionId, span: SpanId) -> Result<Vec<Span>, StoreError> {
        let lines = self.state.read().lines(session, span);
        lines.iter().map(Line::read).collect()
    }

    fn events(&self, query: &EventQuery) -> Result<Vec<EventFrame>, StoreError> {
        Ok(self.state.read().events(query))
    }

    fn replay_floor(&self) -> Result<EventId, StoreError> {
        Ok(self.state.read().replay_floor())
    }

    fn trace_index(&self, session: &SessionId) -> Result<Option<TraceIndex>, StoreError> {
        Ok(self.state.read().trace_index(session))
    }

    fn block(&self, block: BlockId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.state.read().block(block))
    }

    fn notice(&self) -> Option<String> {
        let full = self.state.read().only_pinned_left();
        full.then(|| "pinned sessions take all the memory that history may: others are not kept".to_owned())
    }

    fn search(&self, query: &SearchQuery) -> Result<SearchPage, StoreError> {
        search::find(&self.state, query)
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
