//! A store that somebody writes outside of the crate, with nothing of ours but the types and what they do.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use agent_inspector::Inspector;
use agent_inspector::model::{
    EventFrame, EventId, EventQuery, Session, SessionId, SessionQuery, Span, SpanId, SpanKind, SpanSummary,
    TraceId, Usage,
};
use agent_inspector::store::chunk::replaces;
use agent_inspector::store::{
    Block, BlockId, BlockIndex, Chunk, Store, StoreError, StoreStats, TraceIndex, WriteBatch,
};
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Host, local};

/// Everything that was written, in the order in which it came.
#[derive(Debug, Default)]
struct Journal(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    sessions: HashMap<SessionId, Session>,
    pins: HashSet<SessionId>,
    traces: Vec<(TraceId, SessionId)>,
    chunks: BTreeMap<i64, Chunk>,
    events: Vec<Arc<EventFrame>>,
    last_block: i64,
    /// Goes up whenever blocks go to or leave a session.
    generation: u64,
    reserved: u64,
}

impl Kept {
    fn write(&mut self, batch: &WriteBatch) {
        for id in &batch.deleted_sessions {
            self.sessions.remove(id);
            self.pins.remove(id);
            let traces = self.traces_of(id);
            self.chunks.retain(|_, chunk| !traces.contains(&chunk.trace_id));
            self.traces.retain(|(_, of)| of != id);
            self.events.retain(|event| event.session_id() != Some(id));
            self.generation += 1;
        }
        for session in &batch.sessions {
            self.sessions.insert(session.id.clone(), session.clone());
        }
        for (trace, session) in &batch.traces {
            self.traces.retain(|(known, _)| known != trace);
            self.traces.push((*trace, session.clone()));
            self.generation += 1;
        }
        for (session, pinned) in &batch.pins {
            let _ = if *pinned { self.pins.insert(session.clone()) } else { self.pins.remove(session) };
        }
        for id in &batch.removed_sessions {
            self.sessions.remove(id);
        }
        for chunk in &batch.chunks {
            self.last_block += 1;
            self.chunks.insert(self.last_block, chunk.clone());
        }
        self.events.extend(batch.events.iter().cloned());
    }

    fn session(&self, id: &SessionId) -> Option<Session> {
        let mut session = self.sessions.get(id)?.clone();
        session.pinned = self.pins.contains(id);
        Some(session)
    }

    fn traces_of(&self, session: &SessionId) -> Vec<TraceId> {
        self.traces.iter().filter(|(_, of)| of == session).map(|(trace, _)| *trace).collect()
    }

    /// The last line of each span of these traces.
    fn spans(&self, traces: &[TraceId]) -> Result<Vec<(SpanSummary, Span)>, StoreError> {
        let broken = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        let mut found: BTreeMap<(TraceId, SpanId), (SpanSummary, Span)> = BTreeMap::new();
        for chunk in self.chunks.values().filter(|chunk| traces.contains(&chunk.trace_id)) {
            let plain = Block::decompress(&chunk.block.bytes, chunk.block.plain_bytes)?;
            for line in &chunk.spans {
                let (from, length) = (line.offset as usize, line.length as usize);
                let span: Span = serde_json::from_slice(&plain[from..from + length]).map_err(broken)?;
                let key = (span.trace_id, span.span_id);
                if found.get(&key).is_none_or(|(known, _)| replaces(known, &line.summary)) {
                    found.insert(key, (line.summary.clone(), span));
                }
            }
        }
        Ok(found.into_values().collect())
    }
}

impl Journal {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }
}

impl Store for Journal {
    fn stats(&self) -> Result<StoreStats, StoreError> {
        let kept = self.kept();
        let mut stats = StoreStats::new("journal");
        stats.sessions = kept.sessions.len() as u64;
        stats.events = kept.events.len() as u64;
        Ok(stats)
    }
    fn reserve_event_ids(&self, count: u64) -> Result<EventId, StoreError> {
        let mut kept = self.kept();
        kept.reserved += count;
        Ok(EventId(kept.reserved - count + 1))
    }
    fn write(&self, batch: &WriteBatch) -> Result<(), StoreError> {
        self.kept().write(batch);
        Ok(())
    }
    fn sessions(&self, query: &SessionQuery) -> Result<Vec<Session>, StoreError> {
        let kept = self.kept();
        Ok(query.select(kept.sessions.keys().filter_map(|id| kept.session(id))))
    }
    fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.kept().session(id))
    }
    fn session_of_trace(&self, trace: TraceId) -> Result<Option<SessionId>, StoreError> {
        Ok(self.kept().traces.iter().find(|(known, _)| *known == trace).map(|(_, of)| of.clone()))
    }
    fn traces(&self, session: &SessionId) -> Result<Vec<TraceId>, StoreError> {
        Ok(self.kept().traces_of(session))
    }
    fn trace_spans(&self, trace: TraceId) -> Result<Vec<SpanSummary>, StoreError> {
        Ok(self.kept().spans(&[trace])?.into_iter().map(|(summary, _)| summary).collect())
    }
    fn session_spans(&self, session: &SessionId) -> Result<Vec<SpanSummary>, StoreError> {
        let kept = self.kept();
        Ok(kept.spans(&kept.traces_of(session))?.into_iter().map(|(summary, _)| summary).collect())
    }
    fn spans(&self, session: &SessionId, span: SpanId) -> Result<Vec<Span>, StoreError> {
        let kept = self.kept();
        let all = kept.spans(&kept.traces_of(session))?;
        Ok(all.into_iter().map(|(_, whole)| whole).filter(|whole| whole.span_id == span).collect())
    }
    fn events(&self, query: &EventQuery) -> Result<Vec<EventFrame>, StoreError> {
        let kept = self.kept();
        let wanted = kept.events.iter().filter(|event| {
            event.id() > query.after
                && query.session_id.as_ref().is_none_or(|wanted| event.session_id() == Some(wanted))
        });
        // As they would come from a file of JSON.
        let read = |event: &Arc<EventFrame>| {
            let session = event.session_id().cloned();
            EventFrame::from_json(event.id(), session, event.event_type().to_owned(), event.json())
        };
        Ok(wanted.take(query.limit).map(read).collect())
    }
    fn replay_floor(&self) -> Result<EventId, StoreError> {
        Ok(EventId(0))
    }
    fn trace_index(&self, session: &SessionId) -> Result<Option<TraceIndex>, StoreError> {
        let kept = self.kept();
        let traces = kept.traces_of(session);
        let own = kept.chunks.iter().filter(|(_, chunk)| traces.contains(&chunk.trace_id));
        let blocks = own.map(|(id, chunk)| BlockIndex::of(BlockId(*id), &chunk.block)).collect();
        Ok(kept.sessions.contains_key(session).then(|| TraceIndex::new(kept.generation, blocks)))
    }
    fn block(&self, block: BlockId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.kept().chunks.get(&block.0).map(|chunk| chunk.block.bytes.clone()))
    }
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

async fn text(host: &Host, path: &str) -> String {
    let request = Request::get(format!("/_inspector{path}"));
    let answer = host.send(local(request, Body::empty())).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_store_from_outside_serves_every_view() {
    let store = Arc::new(Journal::default());
    let host = Host::new(Inspector::builder().store(store.clone()).build().unwrap());
    let session = host.inspector.session("kept elsewhere").agent("planner").start();
    let call = session.span(SpanKind::Llm, "chat");
    call.attribute("input.value", "where is the needle?");
    call.usage(&Usage::default().input_tokens(30).output_tokens(3));
    let call_id = call.id().unwrap();
    drop(call);
    session.emit("noted", json!({"what": "a needle in an event"}));
    host.inspector.session("another").start().finish();
    session.finish();
    host.inspector.settle().await;
    let path = format!("/sessions/{}", session.id());

    let list = host.get("/sessions?status=completed&agent=planner").await;
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(list["sessions"][0]["counters"]["input_tokens"], 30);
    let tree = host.get(&format!("{path}/spans")).await;
    let names: Vec<_> = tree["spans"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["kept elsewhere", "chat"]);
    let whole = host.get(&format!("{path}/spans/{call_id}")).await;
    assert!(whole.to_string().contains("where is the needle?"), "{whole}");
    let lines: Vec<Value> = text(&host, &format!("/trace/{}", session.id()))
        .await
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.iter().any(|line| line["name"] == "chat"), "{lines:?}");
    let events = host.get(&format!("{path}/events")).await.to_string();
    assert!(events.contains("a needle in an event") && events.contains("SessionFinished"), "{events}");

    // It has no search of its own.
    let found = host.get("/search?q=needle").await;
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 2, "{found}");
    assert!(hits.iter().any(|hit| hit["span"]["name"] == "chat"), "{found}");
    assert_eq!(host.get("/search?q=needle%20kind:tool").await["hits"], json!([]));
    assert_eq!(host.get("/health").await["store"]["kind"], "journal");

    // What a person does to it is written there too.
    let pin = Request::put(format!("/_inspector{path}/pin"));
    assert_eq!(host.send(local(pin, Body::empty())).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(host.get("/sessions?pinned=true").await["sessions"][0]["id"], json!(session.id()));
    let removal = Request::delete(format!("/_inspector{path}"));
    assert_eq!(host.send(local(removal, Body::empty())).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(host.try_get(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(host.get("/search?q=needle").await["hits"], json!([]));
    assert!(!store.kept().sessions.contains_key(session.id()));
}
