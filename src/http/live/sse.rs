//! The live stream as Server-Sent Events.
//!
//! The body is made of messages that were written once, when they were published; a reader only copies them together
//! into chunks. It pulls: a slow reader costs one chunk and a place in the stream, and delays nobody.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::filter::Filter;
use super::reader::{LiveReader, Step};
use crate::bus::Missed;
use crate::http::extract::Params;
use crate::http::openapi::EventSchema;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::http::traces::closed;
use crate::model::{Event, EventFrame, EventId, EventKind, SessionId, Timestamp};

/// How long a client waits before it reconnects, in milliseconds; told once at the start.
pub(crate) const RETRY_MILLISECONDS: u32 = 2000;

/// How long nothing is sent before a sign of life: below the shortest idle time-out of common proxies, half a minute.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Messages are put together into chunks of at most this size: one write for many small messages.
pub(crate) const MAX_CHUNK_BYTES: usize = 32 << 10;

/// Which events are wanted, and from where on.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; the handler reads them")]
pub(crate) struct StreamParams {
    /// Only events of this session.
    session_id: Option<SessionId>,
    /// Only events of these types, separated by commas. A `Gap` always passes.
    types: Option<String>,
    /// Begin after this event; the header `Last-Event-ID` counts before it. Without either the stream begins now.
    last_event_id: Option<EventId>,
}

/// The live events.
///
/// Unnamed messages: `id:` is the event's id, `data:` the event as JSON. A reader that reconnects with the id of the last
/// message it got sees every event once and in order; events that can no longer be had are announced by a `Gap`.
#[utoipa::path(
    get, path = "/events", operation_id = "stream_events", tag = "events",
    params(
        StreamParams,
        ("last-event-id" = Option<String>, Header, description = "Begin after this event; browsers send it when they reconnect."),
    ),
    responses(
        (status = 200, description = "A stream of Server-Sent Events that ends when the inspector shuts down; `data:` of each message is one event.",
         body = EventSchema, content_type = "text/event-stream"),
        (status = 400, description = "A parameter cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many streams are open.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn stream_events(
    State(state): State<AppState>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    let filter = Filter::of(&params)?;
    let place = state.limits.stream()?;
    let head = state.bus.head();
    let begin =
        Begin::of(headers.get("last-event-id").map(HeaderValue::as_bytes), params.one("last_event_id"), head);
    let mut stream = SseStream::new(state, filter, begin, place);
    let body = Body::from_stream(async_stream::stream! {
        while let Some(chunk) = stream.next_chunk().await {
            yield Ok::<_, Infallible>(chunk);
        }
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        // Asks nginx, and what took it over from there, not to gather the stream.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, body).into_response())
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// With what is published from now on.
    Now(EventId),
    /// After this event.
    After(EventId),
    /// Now, because what the client said is no id. It is told.
    Unreadable(EventId),
    /// Now, because no event of this stream has so high an id: it belongs to another process or to a store that is gone.
    /// Whatever the client missed cannot be told from its id.
    Unknown(EventId),
}

impl Begin {
    fn of(header: Option<&[u8]>, query: Option<&str>, head: EventId) -> Self {
        let header = header.filter(|header| !header.is_empty());
        let Some(text) = header.or(query.map(str::as_bytes)) else { return Self::Now(head) };
        let id = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
        match id {
            None => Self::Unreadable(head),
            Some(id) if id > head.0 => Self::Unknown(head),
            Some(id) => Self::After(EventId(id)),
        }
    }
}

/// The chunks of one stream.
#[derive(Debug)]
struct SseStream {
    reader: LiveReader,
    filter: Filter,
    limits: Arc<crate::http::limits::Limits>,
    shutdown: watch::Receiver<bool>,
    opening: Option<Bytes>,
    /// Frames that were read and not sent yet.
    ready: std::vec::IntoIter<Arc<EventFrame>>,
    /// The last id the client knows of.
    told: EventId,
    quiet_until: Instant,
    _place: OwnedSemaphorePermit,
}

impl SseStream {
    fn new(state: AppState, filter: Filter, begin: Begin, place: OwnedSemaphorePermit) -> Self {
        // The id makes a client resume from here that is cut off before the first event.
        let open = |id: EventId, said: &str| format!("{said}retry: {RETRY_MILLISECONDS}\nid: {id}\n\n");
        let (after, opening) = match begin {
            Begin::Now(id) | Begin::After(id) => (id, open(id, "")),
            Begin::Unreadable(id) => {
                (id, open(id, ": the last event id was not readable; the stream begins now\n"))
            }
            Begin::Unknown(id) => {
                let all = Missed { from: EventId(1).min(id), to: id };
                let gap = gap(all);
                let said = open(id, ": the last event id is not of this stream; the stream begins now\n");
                (id, said + &String::from_utf8_lossy(gap.sse()))
            }
        };
        Self {
            limits: Arc::clone(&state.limits),
            shutdown: state.shutdown.clone(),
            reader: LiveReader::new(state, after),
            filter,
            opening: Some(opening.into()),
            ready: Vec::new().into_iter(),
            told: after,
            quiet_until: Instant::now() + KEEP_ALIVE,
            _place: place,
        }
    }

    /// The next bytes to send, or `None` at the end.
    async fn next_chunk(&mut self) -> Option<Bytes> {
        if let Some(opening) = self.opening.take() {
            return Some(opening);
        }
        loop {
            if let Some(chunk) = self.chunk() {
                self.quiet_until = Instant::now() + KEEP_ALIVE;
                return Some(chunk);
            }
            let step = tokio::select! {
                biased;
                () = closed(&mut self.shutdown) => return None,
                // Before reading on: events that the filter holds back must not hold back the sign of life.
                () = tokio::time::sleep_until(self.quiet_until) => return Some(self.sign_of_life()),
                step = self.reader.next() => step,
            };
            self.ready = match step {
                Step::Frames(frames) => frames,
                Step::Missed(missed) => vec![Arc::new(self.told_gap(missed))],
            }
            .into_iter();
        }
    }

    fn told_gap(&self, missed: Missed) -> EventFrame {
        self.limits.missed.fetch_add(at_most(missed), Ordering::Relaxed);
        gap(missed)
    }

    /// Puts together what is ready and wanted; `None` when that is nothing.
    fn chunk(&mut self) -> Option<Bytes> {
        let filter = &self.filter;
        let wanted = |frame: &Arc<EventFrame>| frame.event_type == "Gap" || filter.lets_through(frame);
        let first = self.ready.find(|frame| wanted(frame))?;
        self.told = first.id;
        let mut chunk = None;
        while let Some(next) = self.ready.as_slice().first() {
            if !wanted(next) {
                self.ready.next();
                continue;
            }
            let size = chunk.as_ref().map_or(first.sse().len(), BytesMut::len) + next.sse().len();
            if size > MAX_CHUNK_BYTES {
                break;
            }
            // One message alone is sent as it is; only several are copied together.
            let chunk = chunk.get_or_insert_with(|| {
                let mut chunk = BytesMut::with_capacity((first.sse().len() + next.sse().len()).max(4 << 10));
                chunk.extend_from_slice(first.sse());
                chunk
            });
            chunk.extend_from_slice(next.sse());
            self.told = next.id;
            self.ready.next();
        }
        Some(chunk.map_or_else(|| first.sse().clone(), BytesMut::freeze))
    }

    /// A comment. When events were held back by the filter it also moves the client's place, by a block without data,
    /// which fires no event: a reconnect need not go through them again.
    fn sign_of_life(&mut self) -> Bytes {
        self.quiet_until = Instant::now() + KEEP_ALIVE;
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

fn at_most(missed: Missed) -> u64 {
    (missed.to.0 + 1).saturating_sub(missed.from.0)
}

/// Says what was missed. Its id is the last missed one, so that a reconnect goes on after it.
fn gap(missed: Missed) -> EventFrame {
    let kind = EventKind::Gap { missed_from: missed.from, missed_to: missed.to, at_most: at_most(missed) };
    let timestamp = Timestamp::from(std::time::SystemTime::now());
    EventFrame::new(&Event { id: missed.to, timestamp, session_id: None, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_where_the_client_says_and_else_now() {
        let head = EventId(10);
        let begin = |header: Option<&str>, query| Begin::of(header.map(str::as_bytes), query, head);
        assert_eq!(begin(None, None), Begin::Now(head));
        assert_eq!(begin(Some("7"), Some("3")), Begin::After(EventId(7)));
        assert_eq!(begin(Some(""), Some("3")), Begin::After(EventId(3)));
        assert_eq!(begin(None, Some("0")), Begin::After(EventId(0)));
        assert_eq!(begin(Some("abc"), None), Begin::Unreadable(head));
        assert_eq!(begin(Some("-1"), None), Begin::Unreadable(head));
        assert_eq!(begin(Some("11"), None), Begin::Unknown(head));
    }
}
