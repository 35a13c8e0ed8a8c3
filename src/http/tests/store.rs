//! A store that holds what a test puts in, and fails when told to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::model::{
    EventFrame, EventId, EventQuery, Session, SessionId, SessionQuery, Span, SpanId, SpanSummary, TraceId,
};
use crate::store::{
    Block, BlockId, BlockIndex, SearchPage, SearchQuery, Store, StoreError, StoreStats, TraceIndex,
    WriteBatch,
};

#[derive(Debug, Default)]
pub(super) struct ScriptedStore {
    pub(super) sessions: Mutex<Vec<Session>>,
    pub(super) spans: Mutex<Vec<Span>>,
    pub(super) events: Mutex<Vec<EventFrame>>,
    pub(super) blocks: Mutex<Vec<Option<Block>>>,
    pub(super) generation: AtomicU64,
    pub(super) floor: AtomicU64,
    /// An id that another process gave out.
    pub(super) foreign: AtomicU64,
    pub(super) broken: AtomicBool,
}

impl ScriptedStore {
    /// Adds a block of lines to the trace that every session here has.
    pub(super) fn add_block(&self, lines: &str) {
        self.blocks.lock().push(Some(Block::compress(lines.as_bytes())));
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("disk I/O error in /home/secret/data.db".into()));
        }
        Ok(())
    }
}

impl Store for ScriptedStore {
    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.check()?;
        let path = Some("/home/secret/data.db".into());
        Ok(StoreStats {
            kind: "scripted",
            path,
            bytes: 1,
            sessions: 2,
            spans: 3,
            events: 4,
            unindexed: Some(5),
        })
    }

    fn reserve_event_ids(&self, _: u64) -> Result<EventId, StoreError> {
        Ok(EventId(1))
    }

    fn write(&self, _: &WriteBatch) -> Result<(), StoreError> {
        self.check()
    }

    fn sessions(&self, query: &SessionQuery) -> Result<Vec<Session>, StoreError> {
        self.check()?;
        let mut found: Vec<_> =
            self.sessions.lock().iter().filter(|one| query.matches(one)).cloned().collect();
        found.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        found.truncate(query.limit);
        Ok(found)
    }

    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.check()?;
        Ok(self.sessions.lock().iter().find(|one| one.id == *id).cloned())
    }

    fn session_of_trace(&self, _: TraceId) -> Result<Option<SessionId>, StoreError> {
        Ok(None)
    }

    fn traces(&self, _: &SessionId) -> Result<Vec<TraceId>, StoreError> {
        Ok(Vec::new())
    }

    fn trace_spans(&self, _: TraceId) -> Result<Vec<SpanSummary>, StoreError> {
        Ok(Vec::new())
    }

    fn session_spans(&self, id: &SessionId) -> Result<Vec<SpanSummary>, StoreError> {
        self.check()?;
        if self.session(id)?.is_none() {
            return Ok(Vec::new());
        }
        let numbered = |(at, span): (usize, &Span)| span.summary(EventId(at as u64 + 1));
        Ok(self.spans.lock().iter().enumerate().map(numbered).collect())
    }

    fn spans(&self, id: &SessionId, span: SpanId) -> Result<Vec<Span>, StoreError> {
        self.check()?;
        if self.session(id)?.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.spans.lock().iter().filter(|one| one.span_id == span).cloned().collect())
    }

    fn events(&self, query: &EventQuery) -> Result<Vec<EventFrame>, StoreError> {
        self.check()?;
        let wanted = |frame: &&EventFrame| {
            frame.id > query.after
                && query.session_id.as_ref().is_none_or(|id| frame.session_id.as_ref() == Some(id))
        };
        Ok(self.events.lock().iter().filter(wanted).take(query.limit).cloned().collect())
    }

    fn replay_floor(&self) -> Result<EventId, StoreError> {
        self.check()?;
        Ok(EventId(self.floor.load(Ordering::Relaxed)))
    }

    fn replays_after(&self, id: EventId) -> Result<bool, StoreError> {
        self.check()?;
        Ok(id.0 != self.foreign.load(Ordering::Relaxed))
    }

    fn trace_index(&self, id: &SessionId) -> Result<Option<TraceIndex>, StoreError> {
        self.check()?;
        if self.session(id)?.is_none() {
            return Ok(None);
        }
        let index = |(at, block): (usize, &Option<Block>)| {
            let block = block.as_ref()?;
            Some(BlockIndex {
                id: BlockId(i64::try_from(at).ok()?),
                compressed_bytes: block.bytes.len() as u64,
                plain_bytes: block.plain_bytes,
                crc32: block.crc32,
            })
        };
        let blocks = self.blocks.lock().iter().enumerate().filter_map(index).collect();
        Ok(Some(TraceIndex { generation: self.generation.load(Ordering::Relaxed), blocks }))
    }

    fn block(&self, id: BlockId) -> Result<Option<Bytes>, StoreError> {
        self.check()?;
        let at = usize::try_from(id.0).unwrap_or(usize::MAX);
        Ok(self.blocks.lock().get(at).and_then(|block| block.as_ref().map(|block| block.bytes.clone())))
    }

    fn search(&self, _: &SearchQuery) -> Result<SearchPage, StoreError> {
        self.check()?;
        Ok(SearchPage { hits: Vec::new(), next: None, searched_to: None })
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
