//! A store that implements what it must to tell as much as ours, and leaves the rest to what the trait says.

use std::time::Duration;

use super::*;

#[derive(Debug, Default)]
pub(super) struct Plain(MemoryStore);

impl Store for Plain {
    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.0.stats()
    }
    fn reserve_event_ids(&self, count: u64) -> Result<EventId, StoreError> {
        self.0.reserve_event_ids(count)
    }
    fn write(&self, batch: &WriteBatch) -> Result<(), StoreError> {
        self.0.write(batch)
    }
    fn sessions(&self, query: &SessionQuery) -> Result<Vec<Session>, StoreError> {
        self.0.sessions(query)
    }
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.0.session(id)
    }
    fn session_of_trace(&self, trace: TraceId) -> Result<Option<SessionId>, StoreError> {
        self.0.session_of_trace(trace)
    }
    fn traces(&self, session: &SessionId) -> Result<Vec<TraceId>, StoreError> {
        self.0.traces(session)
    }
    fn trace_spans(&self, trace: TraceId) -> Result<Vec<SpanSummary>, StoreError> {
        self.0.trace_spans(trace)
    }
    fn session_spans(&self, session: &SessionId) -> Result<Vec<SpanSummary>, StoreError> {
        self.0.session_spans(session)
    }
    fn spans(&self, session: &SessionId, span: SpanId) -> Result<Vec<Span>, StoreError> {
        self.0.spans(session, span)
    }
    fn has_taken(&self, event: EventKey) -> Result<bool, StoreError> {
        self.0.has_taken(event)
    }
    fn events(&self, query: &EventQuery) -> Result<Vec<EventFrame>, StoreError> {
        self.0.events(query)
    }
    fn replay_floor(&self) -> Result<EventId, StoreError> {
        self.0.replay_floor()
    }
    fn trace_index(&self, session: &SessionId) -> Result<Option<TraceIndex>, StoreError> {
        self.0.trace_index(session)
    }
    fn block(&self, block: BlockId) -> Result<Option<Bytes>, StoreError> {
        self.0.block(block)
    }
    fn close(&self) -> Result<(), StoreError> {
        self.0.close()
    }
}

#[test]
fn what_a_store_need_not_do_it_does_not_do() {
    let store = Plain::default();
    assert_eq!(store.identity().unwrap(), None);
    assert!(store.replays_after(EventId(9)).unwrap());
    assert!(!store.maintain(Duration::from_secs(1)).unwrap());
    assert_eq!(store.notice(), None);
}
