//! A session as OTLP: what another inspector, or any OpenTelemetry backend, can take in.
//!
//! JSON lines, as OpenTelemetry's file exporter writes them: each line is a whole `ExportTraceServiceRequest`, small enough
//! for `POST /v1/traces`. One document for a whole session would have to be read whole.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::extract::SessionPath;
use super::problem::Problem;
use super::state::AppState;
use crate::ingest::described::describe;
use crate::model::{
    AttributeValue, DERIVED_SOURCES, Engine, Session, SessionId, Span, SpanId, SpanKind, TraceId,
};
use crate::normalize::{session_hint, spell_out};
use crate::otlp::{OWN, encode_request};
use crate::store::{Block, BlockIndex, Store, StoreError};

/// A line ends when its spans hold about so much memory. Far below the 64 MiB that OTLP asks receivers to take.
const LINE_BYTES: usize = 1 << 20;

/// How much of spans that have not ended is held back, in case their end follows. Beyond it both are written.
const HELD_BYTES: usize = 8 << 20;

/// The attribute by which other programs name a session.
const SESSION: &str = "session.id";

/// A session's spans as OTLP.
///
/// Each line is an `ExportTraceServiceRequest` in OTLP's JSON, and can be sent to any `/v1/traces`. Of several lines about one
/// span the last one counts. What the inspector knows and no attribute says is added in the names of OpenTelemetry's GenAI
/// conventions, and the session as `session.id` of the resource. What belongs to the session and to none of its spans stands on
/// the resource too: `inspector.session.id`, `.engine`, `.title`, `.tags`.
#[utoipa::path(
    get, path = "/sessions/{id}/otlp", operation_id = "export_session", tag = "otlp",
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 200, description = "The spans, one `ExportTraceServiceRequest` per line.", body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "The id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read, or too many streams are open.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn export_session(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
) -> Result<Response, Problem> {
    state.catch_up().await;
    let session = state.find_session(&id).await?;
    let index = state.read(move |store| store.trace_index(&id)).await?;
    let blocks = index.map(|index| index.blocks).unwrap_or_default();
    let place = state.export()?;
    let mut export = Export::of(session);
    let asked = state.clone();
    let body = asked.download_body(place, async_stream::stream! {
        for block in blocks {
            let written = state.read_patiently(move |store| {
                let lines = export.block(store, block)?;
                Ok((export, lines))
            });
            let written = tokio::select! {
                biased;
                () = state.shuts_down() => Err(std::io::Error::other("the inspector is shutting down")),
                // A block that is gone was compacted or removed meanwhile; the client sees that the answer breaks off.
                written = written => written.map_err(|_| std::io::Error::other("the trace cannot be read to its end")),
            };
            match written {
                Ok((next, lines)) => {
                    export = next;
                    if !lines.is_empty() {
                        yield Ok(lines);
                    }
                }
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
        let rest = export.rest();
        if !rest.is_empty() {
            yield Ok(rest);
        }
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
    ];
    Ok((headers, body).into_response())
}

/// What is known between two blocks.
#[derive(Debug)]
struct Export {
    /// The session as its sender named it.
    session: String,
    engine: String,
    title: String,
    tags: Vec<String>,
    /// The host opened the session, whatever its spans say.
    of_host: bool,
    /// Spans that had not ended on their last line.
    open: HashMap<(TraceId, SpanId), Span>,
    open_bytes: usize,
}

impl Export {
    fn of(session: Session) -> Self {
        let of_host = [Engine::TOKIO, Engine::MCP_INBOUND].contains(&&*session.engine);
        let Session { id, external_id, engine, title, tags, .. } = session;
        let session = external_id.unwrap_or_else(|| id.to_string());
        Self { session, engine, title, tags, of_host, open: HashMap::new(), open_bytes: 0 }
    }

    /// The lines of a block.
    fn block(&mut self, store: &dyn Store, index: BlockIndex) -> Result<Bytes, StoreError> {
        let bytes = store.block(index.id)?.ok_or_else(|| corrupt("a block of span lines is gone"))?;
        let plain = Block::decompress(&bytes, index.plain_bytes)?;
        let (mut out, mut spans, mut held) = (Vec::new(), Vec::new(), 0);
        for line in plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let span: Span =
                serde_json::from_slice(line).map_err(|_| corrupt("a stored span cannot be read"))?;
            for span in self.take(span) {
                held += span.size();
                spans.push(span);
            }
            if held >= LINE_BYTES {
                self.write(&mut spans, &mut out)?;
                held = 0;
            }
        }
        self.write(&mut spans, &mut out)?;
        Ok(out.into())
    }

    /// What can be written now that this line was read.
    fn take(&mut self, span: Span) -> Vec<Span> {
        let key = (span.trace_id, span.span_id);
        if let Some(before) = self.open.remove(&key) {
            self.open_bytes -= before.size();
        }
        if span.end_time.is_some() {
            return vec![span];
        }
        let mut now = Vec::new();
        if self.open_bytes + span.size() > HELD_BYTES {
            now.extend(self.open.drain().map(|(_, span)| span));
            self.open_bytes = 0;
        }
        self.open_bytes += span.size();
        self.open.insert(key, span);
        now
    }

    /// The spans that have not ended.
    fn rest(&mut self) -> Bytes {
        let mut spans: Vec<_> = self.open.drain().map(|(_, span)| span).collect();
        spans.sort_by_key(|span| (span.start_time, span.span_id));
        let mut out = Vec::new();
        // They were read from JSON, so they can be written as JSON.
        let _ = self.write(&mut spans, &mut out);
        out.into()
    }

    fn write(&self, spans: &mut Vec<Span>, out: &mut Vec<u8>) -> Result<(), StoreError> {
        if spans.is_empty() {
            return Ok(());
        }
        for span in spans.iter_mut() {
            self.name_session(span);
            describe(&mut span.resource, &self.session, &self.engine, &self.title, &self.tags);
            spell_out(span);
            own(span);
        }
        encode_request(spans, out).map_err(|_| corrupt("a stored span has no JSON form"))?;
        spans.clear();
        Ok(())
    }

    /// Says on the resource which session the span belongs to; on the root of a host's session too, where it counts more
    /// than what the spans below say of their own conversations.
    fn name_session(&self, span: &mut Span) {
        let session = self.session.as_str();
        if session_hint(span).is_some_and(|hint| hint.id == session)
            || session == SessionId::of_trace(span.trace_id).as_str()
        {
            return;
        }
        if span.resource.get(SESSION).is_none() {
            span.resource.set(SESSION, session);
        }
        if self.of_host && span.parent_span_id.is_none() && span.attributes.get(SESSION).is_none() {
            span.attributes.set(SESSION, session);
        }
    }
}

/// Says what OTLP has no field for, to an inspector that takes the span in.
fn own(span: &mut Span) {
    let mut say = |name: &str, value: AttributeValue| span.attributes.set(format!("{OWN}{name}"), value);
    if matches!(span.kind, SpanKind::Mcp | SpanKind::Resource | SpanKind::Human) {
        say("kind", span.kind.as_str().into());
    }
    if DERIVED_SOURCES.contains(&&*span.source) {
        say("source", (*span.source).into());
        // Real spans are asked for theirs again.
        if let Some(call) = &span.call_id {
            say("call_id", call.as_str().into());
        }
    }
    if span.detail {
        say("detail", true.into());
    }
    if span.abandoned {
        say("abandoned", true.into());
    }
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}
