//! A store that fails or panics costs nobody what was acknowledged, and the host nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agent_inspector::Inspector;
use agent_inspector::model::{
    EventFrame, EventId, EventQuery, Session, SessionId, SessionQuery, Span, SpanId, SpanSummary, TraceId,
};
use agent_inspector::store::{
    BlockId, DEFAULT_MEMORY_STORE_BYTES, MemoryStore, SearchPage, SearchQuery, Store, StoreError, StoreStats,
    TraceIndex, WriteBatch,
};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::faults::part;
use crate::support::Host;

/// A store that can be made to fail or to panic while it writes.
#[derive(Debug)]
struct Faulty {
    inner: MemoryStore,
    fails: AtomicBool,
    panics: AtomicBool,
}

impl Faulty {
    fn new() -> Arc<Self> {
        let inner = MemoryStore::new(DEFAULT_MEMORY_STORE_BYTES);
        Arc::new(Self { inner, fails: AtomicBool::new(false), panics: AtomicBool::new(false) })
    }
}

impl Store for Faulty {
    fn stats(&self) -> Result<StoreStats, StoreError> {
        self.inner.stats()
    }
    fn reserve_event_ids(&self, count: u64) -> Result<EventId, StoreError> {
        self.inner.reserve_event_ids(count)
    }
    fn write(&self, batch: &WriteBatch) -> Result<(), StoreError> {
        assert!(!self.panics.load(Ordering::SeqCst), "a bug in the host's store");
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the disk is full".to_owned()));
        }
        self.inner.write(batch)
    }
    fn sessions(&self, query: &SessionQuery) -> Result<Vec<Session>, StoreError> {
        self.inner.sessions(query)
    }
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.inner.session(id)
    }
    fn session_of_trace(&self, trace: TraceId) -> Result<Option<SessionId>, StoreError> {
        self.inner.session_of_trace(trace)
    }
    fn traces(&self, session: &SessionId) -> Result<Vec<TraceId>, StoreError> {
        self.inner.traces(session)
    }
    fn trace_spans(&self, trace: TraceId) -> Result<Vec<SpanSummary>, StoreError> {
        self.inner.trace_spans(trace)
    }
    fn session_spans(&self, session: &SessionId) -> Result<Vec<SpanSummary>, StoreError> {
        self.inner.session_spans(session)
    }
    fn spans(&self, session: &SessionId, span: SpanId) -> Result<Vec<Span>, StoreError> {
        self.inner.spans(session, span)
    }
    fn events(&self, query: &EventQuery) -> Result<Vec<EventFrame>, StoreError> {
        self.inner.events(query)
    }
    fn replay_floor(&self) -> Result<EventId, StoreError> {
        self.inner.replay_floor()
    }
    fn trace_index(&self, session: &SessionId) -> Result<Option<TraceIndex>, StoreError> {
        self.inner.trace_index(session)
    }
    fn block(&self, block: BlockId) -> Result<Option<axum::body::Bytes>, StoreError> {
        self.inner.block(block)
    }
    fn search(&self, query: &SearchQuery) -> Result<SearchPage, StoreError> {
        self.inner.search(query)
    }
    fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}

fn one_span(id: &str) -> Value {
    let span = json!({
        "traceId": "249d0e49a29910886c9895950073aa9a", "spanId": id, "name": "work",
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000"
    });
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
}

#[tokio::test]
async fn while_the_store_fails_senders_are_asked_to_come_back_and_the_host_goes_on() {
    for fault in
        [|store: &Faulty| &store.fails, |store: &Faulty| &store.panics] as [fn(&Faulty) -> &AtomicBool; 2]
    {
        let store = Faulty::new();
        let host = Host::new(Inspector::builder().store(store.clone()).build().unwrap());
        fault(&store).store(true, Ordering::SeqCst);
        let (status, _) = host.post("/v1/traces", &one_span("00000000000000a1")).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let health = host.get("/health").await;
        assert_eq!(part(&health, "store")["state"], "degraded");

        let session = host.inspector.session("recorded all the same").start();
        session.finish();
        fault(&store).store(false, Ordering::SeqCst);
        host.inspector.settle().await;
        assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "completed");
        assert_eq!(store.inner.session(session.id()).unwrap().unwrap().title, "recorded all the same");
        let (status, _) = host.post("/v1/traces", &one_span("00000000000000a2")).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(part(&host.get("/health").await, "store")["state"], "ok");
    }
}
