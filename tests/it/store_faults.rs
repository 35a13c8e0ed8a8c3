//! A store that fails or panics costs nobody what was acknowledged, and the host nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agent_inspector::Inspector;
use agent_inspector::model::{
    EventFrame, EventId, EventQuery, Session, SessionId, SessionQuery, Span, SpanId, SpanKind, SpanSummary,
    TraceId,
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

/// What a store that took nothing has after it recovered, of 200 spans whose contents are some 20 KB each.
#[tokio::test]
async fn what_does_not_fit_while_the_store_fails_keeps_its_place_and_loses_its_content() {
    let store = Faulty::new();
    let host = Host::new(Inspector::builder().store(store.clone()).store_backlog(1 << 20).build().unwrap());
    store.fails.store(true, Ordering::SeqCst);
    let session = host.inspector.session("long outage").start();
    for number in 0..200 {
        let span = session.span(SpanKind::Tool, format!("step {number}"));
        span.attribute("input.value", format!("{number} {}", "word ".repeat(4_000)));
        drop(span);
        if number % 10 == 0 {
            // In many turns.
            let shown = format!("/sessions/{}", session.id());
            while host.try_get(&shown).await.1["counters"]["spans"].as_u64().unwrap_or(0) <= number {
                tokio::task::yield_now().await;
            }
        }
    }
    session.finish();
    store.fails.store(false, Ordering::SeqCst);
    host.inspector.settle().await;
    // Nothing is left waiting, so that nobody is sent away any more.
    while host.get("/health").await["backlog_bytes"] != 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.post("/v1/traces", &one_span("00000000000000a1")).await.0, StatusCode::OK);
    let tree = host.get(&format!("/sessions/{}/spans", session.id())).await;
    assert_eq!((&tree["total"], &tree["spans"][0]["descendants"]), (&json!(201), &json!(200)));
    let (mut whole, mut without) = (0, 0);
    for row in &tree["spans"].as_array().unwrap()[1..] {
        assert!(row["end_time"].is_string(), "{row}");
        let path = format!("/sessions/{}/spans/{}", session.id(), row["span_id"].as_str().unwrap());
        let attributes = &host.get(&path).await["attributes"];
        let lost = attributes["inspector.content_not_stored"] == true;
        assert_ne!(lost, attributes["input.value"].is_string(), "{attributes}");
        (whole, without) = if lost { (whole, without + 1) } else { (whole + 1, without) };
    }
    assert!(whole > 0 && without > 100, "{whole} whole, {without} without content");
    let health = host.get("/health").await;
    // Each span may have been lost as it began and as it ended.
    let counted = health["counters"]["not_stored"].as_u64().unwrap();
    assert!((without..=2 * without + 2).contains(&counted), "{counted} counted, {without} without content");
    let events = store.inner.events(&EventQuery::new(10_000)).unwrap();
    assert!(events.iter().all(|event| event.event_type() != "Gap"), "every event was kept");
    let ended = events.iter().filter(|event| event.event_type() == "SpanFinished").count();
    // The session's, and the one that was sent after the outage.
    assert_eq!(ended, 201 + 1);
}

#[tokio::test]
async fn events_that_do_not_fit_are_caught_up_from_the_ring_as_far_as_it_reaches() {
    const EMITTED: u64 = 20_000;
    for (ring, lost_at_most) in [(100_000, 0), (5_000, EMITTED)] {
        let store = Faulty::new();
        let builder = Inspector::builder().store(store.clone()).store_backlog(1 << 20).ring(ring, 1 << 30);
        let host = Host::new(builder.build().unwrap());
        store.fails.store(true, Ordering::SeqCst);
        for number in 0..EMITTED {
            host.inspector.emit("counted", json!([number, "x".repeat(200)]));
            if number % 1_000 == 999 {
                while host.get("/health").await["counters"]["published"].as_u64().unwrap() <= number {
                    tokio::task::yield_now().await;
                }
            }
        }
        store.fails.store(false, Ordering::SeqCst);
        host.inspector.settle().await;
        let events = store.inner.events(&EventQuery::new(100_000)).unwrap();
        let stored = events.iter().filter(|event| event.event_type() == "Custom").count() as u64;
        let not_stored = host.get("/health").await["counters"]["not_stored"].as_u64().unwrap();
        assert_eq!(stored + not_stored, EMITTED, "each is stored or counted");
        assert!(not_stored <= lost_at_most && stored >= 4_000, "{stored} stored, {not_stored} not");
        let ids: Vec<u64> = events.iter().map(|event| event.id().0).collect();
        assert!(ids.is_sorted_by(|before, after| before < after), "each once and in order");
        let gaps = events.iter().filter(|event| event.event_type() == "Gap").count();
        assert_eq!(gaps > 0, not_stored > 0);
    }
}
