//! The live stream as Server-Sent Events.
//!
//! The body is made of messages that were written once, when they were published, and that all readers share. A slow
//! reader costs a place in the stream and delays nobody.

use std::convert::Infallible;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, Sleep};
use tokio_stream::Stream;

use super::begin::Begin;
use super::filter::Filter;
use super::gap::{everything_until, told_gap};
use super::reader::{BATCH, LiveReader, Step};
use super::readers::{Held, Place};
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::limits::Limits;
use crate::http::openapi::EventSchema;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::model::{EventFrame, EventId, SessionId};

/// How long a client waits before it reconnects, in milliseconds; told once at the start.
pub(crate) const RETRY_MILLISECONDS: u32 = 2000;

/// How long nothing is sent before a sign of life: below the shortest idle time-out of common proxies, half a minute.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Messages are put together into chunks of at most this size: one write for many small messages, and short enough that a thread
/// of the host's, which looks for what came in after some sixty of them, does so within a few milliseconds.
pub(crate) const MAX_CHUNK_BYTES: usize = 16 << 10;

/// Which events are wanted, and from where on.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; the handler reads them")]
pub(crate) struct StreamParams {
    /// Only events of this session.
    session_id: Option<SessionId>,
    /// Only events of these types, separated by commas. A `Gap` always passes.
    types: Option<String>,
    /// Begin after this event. The header `Last-Event-ID`, which browsers send when they reconnect, counts before it. Without
    /// either the stream begins now.
    last_event_id: Option<EventId>,
}

/// The live events.
///
/// Unnamed messages: `id:` is the event's id, `data:` the event as JSON. A reader that reconnects with the id of the last
/// message it got sees every event once and in order; events that can no longer be had are announced by a `Gap`.
#[utoipa::path(
    get, path = "/events", operation_id = "stream_events", tag = "events",
    params(StreamParams),
    responses(
        (status = 200, description = "A stream of Server-Sent Events that ends when the inspector shuts down; `data:` of each message is one `Event` as JSON.",
         body = EventSchema, content_type = "text/event-stream"),
        (status = 400, description = "A parameter cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many streams are open.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn stream_events(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Parts,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    let filter = Filter::of(&params)?;
    let place = state.limits.readers.place()?;
    let signed_out = state.guard.until(&caller, request);
    let begin = Begin::of(&state, &headers, &params).await;
    let readers = Arc::clone(&state.limits.readers);
    let reader = LiveReader::new(state.clone(), begin.place(), filter).until(signed_out);
    let stream = SseStream::new(&state, reader, begin, place);
    let body = Body::from_stream(SseBody(Held::new(&readers, stream)));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        // Asks nginx, and what took it over from there, not to gather the stream.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, body).into_response())
}

/// A stream as a body. It pulls: what comes next is put together when the connection has room for it.
#[derive(Debug)]
struct SseBody(Arc<Held<SseStream>>);

impl Stream for SseBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut held = self.0.asked();
        // Cut off while nobody read; ending the body makes the client resume.
        let Some(stream) = held.as_mut() else { return Poll::Ready(None) };
        let chunk = ready!(stream.poll_chunk(context));
        self.0.gave();
        Poll::Ready(chunk.map(Ok))
    }
}

/// The chunks of one stream.
#[derive(Debug)]
struct SseStream {
    reader: LiveReader,
    limits: Arc<Limits>,
    opening: Option<Bytes>,
    /// Frames that were read and not sent yet.
    ready: std::vec::IntoIter<Arc<EventFrame>>,
    /// Whether a chunk's worth was given, so that others may come before the next one.
    full: bool,
    /// The last id the client knows of.
    told: EventId,
    quiet_until: Instant,
    /// Ends at `quiet_until` or before: it is set anew only when it ends, because it costs more than all the rest.
    alarm: Pin<Box<Sleep>>,
    _place: Place,
}

impl SseStream {
    fn new(state: &AppState, reader: LiveReader, begin: Begin, place: Place) -> Self {
        let after = begin.place();
        let mut opening = String::new();
        if let Some(notice) = begin.notice() {
            // Writing to memory does not fail.
            let _ = writeln!(opening, ": {notice}");
        }
        // The id makes a client resume from here that is cut off before the first event.
        let _ = write!(opening, "retry: {RETRY_MILLISECONDS}\nid: {after}\n\n");
        let limits = Arc::clone(&state.limits);
        if let Begin::Unknown(last) = begin {
            opening += &String::from_utf8_lossy(told_gap(&limits, everything_until(last)).sse());
        }
        let quiet_until = Instant::now() + KEEP_ALIVE;
        Self {
            limits,
            reader,
            opening: Some(opening.into()),
            ready: Vec::new().into_iter(),
            full: false,
            told: after,
            quiet_until,
            alarm: Box::pin(tokio::time::sleep_until(quiet_until)),
            _place: place,
        }
    }

    /// The next bytes to send, or `None` at the end.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(opening) = self.opening.take() {
            return Poll::Ready(Some(opening));
        }
        if self.full {
            ready!(self.reader.poll_turn(context));
            self.full = false;
        }
        loop {
            if let Some(chunk) = self.chunk() {
                self.full |= !self.ready.as_slice().is_empty();
                self.quiet_until = Instant::now() + KEEP_ALIVE;
                return Poll::Ready(Some(chunk));
            }
            // Before reading on: events that the filter holds back must not hold back the sign of life.
            if let Poll::Ready(chunk) = self.poll_silence(context) {
                return Poll::Ready(Some(chunk));
            }
            let Some(step) = ready!(self.reader.poll_step(context)) else { return Poll::Ready(None) };
            self.ready = match step {
                Step::Frames(frames) => frames,
                Step::Missed(missed) => vec![Arc::new(told_gap(&self.limits, missed))],
            }
            .into_iter();
            self.full = self.ready.len() >= BATCH;
        }
    }

    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if Instant::now() >= self.quiet_until {
                return Poll::Ready(self.sign_of_life());
            }
            self.alarm.as_mut().reset(self.quiet_until);
        }
    }

    /// Puts together what is ready; `None` when that is nothing. What lies together in memory is sent as it
    /// is, shared by all readers; only what does not is copied.
    fn chunk(&mut self) -> Option<Bytes> {
        let first = self.ready.next()?;
        let mut last = Arc::clone(&first);
        let mut size = first.sse().len();
        let mut copied: Option<BytesMut> = None;
        while let Some(next) = self.ready.as_slice().first() {
            size += next.sse().len();
            if size > MAX_CHUNK_BYTES {
                break;
            }
            if copied.is_some() || !last.adjoins(next) {
                let copy = copied.get_or_insert_with(|| {
                    let mut copy = BytesMut::with_capacity(size.max(4 << 10));
                    copy.extend_from_slice(&first.through(&last));
                    copy
                });
                copy.extend_from_slice(next.sse());
            }
            last = Arc::clone(next);
            self.ready.next();
        }
        self.told = last.id;
        Some(copied.map_or_else(|| first.through(&last), BytesMut::freeze))
    }

    /// A comment. When events were held back by the filter it also moves the client's place, by a block without data,
    /// which fires no event: a reconnect need not go through them again.
    fn sign_of_life(&mut self) -> Bytes {
        self.quiet_until = Instant::now() + KEEP_ALIVE;
        self.alarm.as_mut().reset(self.quiet_until);
        let mut text = String::from(": keep-alive\n");
        let position = self.reader.position();
        if position != self.told {
            // Writing to memory does not fail.
            let _ = writeln!(text, "id: {position}");
            self.told = position;
        }
        text.push('\n');
        text.into()
    }
}
