//! The live stream over WebSocket: for clients that have no Server-Sent Events.
//!
//! The same events, filters, places and bounds. What SSE says beside the events (where the stream begins, and how far a
//! filtered reader has come) is a message of the type `Position` here; it is no event and has no data.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::SinkExt;
use serde::Serialize;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use super::begin::Begin;
use super::filter::Filter;
use super::gap::{everything_until, told_gap};
use super::reader::{BATCH, LiveReader, Step};
use super::readers::{Place, SLOW_READER_CUT};
use super::sse::{KEEP_ALIVE, MAX_CHUNK_BYTES, StreamParams};
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::limits::Limits;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::model::{EventFrame, EventId};

/// How long a message from a client may be. None is asked for, so this is only about pings and farewells.
pub(crate) const MAX_CLIENT_MESSAGE_BYTES: usize = 4 << 10;

/// How many messages a client may send between two pings of ours.
pub(crate) const MAX_CLIENT_MESSAGES: u32 = 100;

/// So many pings without an answer and the client counts as gone.
const MAX_UNANSWERED_PINGS: u32 = 2;

/// How long a farewell may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Where a reader is: what to give as `last_event_id` when it comes back. Sent at the start, and while a filter holds
/// events back. It is no event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename = "Position")]
pub(in crate::http) struct Position {
    /// Everything up to this event is done with.
    id: EventId,
    /// What the reader should know, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    notice: Option<&'static str>,
}

/// The live events over WebSocket.
///
/// Each text message is one event as JSON, as in the `data:` of `GET /events`, or a `Position`: where the reader is. A
/// reader that comes back with the `id` of the last message gets each event exactly once and in order, and a `Gap` for
/// what can no longer be had. Nothing is expected from the client; it is pinged every 15 seconds.
#[utoipa::path(
    get, path = "/ws", operation_id = "stream_events_ws", tag = "events",
    params(StreamParams),
    responses(
        (status = 101, description = "The connection becomes a WebSocket. Its messages are events and positions.", body = Position),
        (status = 400, description = "A parameter cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A page of another origin asks.", body = Problem, content_type = "application/problem+json"),
        (status = 426, description = "The request asks for no WebSocket.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many streams are open.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn stream_events_ws(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Parts,
    headers: HeaderMap,
    params: Params,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let filter = Filter::of(&params)?;
    let upgrade = upgrade.map_err(|rejection| Problem::websocket_required(&rejection.body_text()))?;
    let place = state.limits.readers.place()?;
    let signed_out = state.guard.until(&caller, request);
    let begin = Begin::of(&state, &headers, &params).await;
    Ok(upgrade
        .max_message_size(MAX_CLIENT_MESSAGE_BYTES)
        .max_frame_size(MAX_CLIENT_MESSAGE_BYTES)
        .write_buffer_size(MAX_CHUNK_BYTES)
        .on_upgrade(move |socket| async move {
            let reader = LiveReader::new(state.clone(), begin.place(), filter).until(signed_out);
            let mut stream = WsStream::new(&state, reader, socket, place);
            let why = stream.run(begin).await;
            stream.close(why).await;
        }))
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client said so, or is gone.
    Gone,
    /// The inspector shuts down.
    Shutdown,
    /// The client did not read what it was sent.
    Slow,
    /// The client sends too much.
    Floods,
}

struct WsStream {
    socket: WebSocket,
    reader: LiveReader,
    limits: Arc<Limits>,
    /// The last id the client knows of.
    told: EventId,
    /// Messages of the client since the last ping, and pings that it did not answer.
    received: u32,
    unanswered: u32,
    _place: Place,
}

impl WsStream {
    fn new(state: &AppState, reader: LiveReader, socket: WebSocket, place: Place) -> Self {
        Self {
            socket,
            limits: Arc::clone(&state.limits),
            told: EventId::default(),
            reader,
            received: 0,
            unanswered: 0,
            _place: place,
        }
    }

    async fn run(&mut self, begin: Begin) -> End {
        if let Err(end) = self.open(begin).await {
            return end;
        }
        let mut ping = Instant::now() + KEEP_ALIVE;
        loop {
            let turn = tokio::select! {
                message = self.socket.recv() => self.take(message.as_ref()),
                step = poll_fn(|context| self.reader.poll_step(context)) => match step {
                    None => Err(End::Shutdown),
                    Some(step) => self.send_step(step).await,
                },
                () = tokio::time::sleep_until(ping) => {
                    ping = Instant::now() + KEEP_ALIVE;
                    self.ping().await
                }
            };
            if let Err(end) = turn {
                return end;
            }
        }
    }

    async fn open(&mut self, begin: Begin) -> Result<(), End> {
        self.told = begin.place();
        let position = position(self.told, begin.notice());
        let gap = match begin {
            Begin::Unknown(last) => Some(told_gap(&self.limits, everything_until(last))),
            _ => None,
        };
        let messages = std::iter::once(position).chain(gap.iter().filter_map(text));
        self.send(messages.collect()).await
    }

    fn take(&mut self, message: Option<&Result<Message, axum::Error>>) -> Result<(), End> {
        self.unanswered = 0;
        self.received += 1;
        match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => Err(End::Gone),
            Some(Ok(_)) if self.received > MAX_CLIENT_MESSAGES => Err(End::Floods),
            // A ping is answered by the library; nothing else is asked for.
            Some(Ok(_)) => Ok(()),
        }
    }

    async fn send_step(&mut self, step: Step) -> Result<(), End> {
        let frames = match step {
            Step::Frames(frames) => frames,
            Step::Missed(missed) => vec![Arc::new(told_gap(&self.limits, missed))],
        };
        let (mut batch, mut bytes, is_full) = (Vec::new(), 0, frames.len() >= BATCH);
        for frame in frames {
            bytes += frame.json().len();
            batch.extend(text(&frame));
            self.told = frame.id;
            if bytes > MAX_CHUNK_BYTES {
                bytes = 0;
                self.send(std::mem::take(&mut batch)).await?;
                poll_fn(|context| self.reader.poll_turn(context)).await;
            }
        }
        self.send(batch).await?;
        if is_full {
            poll_fn(|context| self.reader.poll_turn(context)).await;
        }
        Ok(())
    }

    /// Asks for a sign of life, and says how far the reader is when its filter held events back.
    async fn ping(&mut self) -> Result<(), End> {
        self.received = 0;
        self.unanswered += 1;
        if self.unanswered > MAX_UNANSWERED_PINGS {
            return Err(End::Gone);
        }
        let mut messages = vec![Message::Ping(axum::body::Bytes::new())];
        let place = self.reader.position();
        if place != self.told {
            self.told = place;
            messages.push(position(place, None));
        }
        self.send(messages).await
    }

    /// Sends messages in one go. A client that does not take them within [`SLOW_READER_CUT`] is cut off; it resumes
    /// after the last event it got.
    async fn send(&mut self, messages: Vec<Message>) -> Result<(), End> {
        if messages.is_empty() {
            return Ok(());
        }
        let socket = &mut self.socket;
        let all = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        match timeout(SLOW_READER_CUT, all).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                self.limits.readers.count_cut();
                Err(End::Slow)
            }
        }
    }

    async fn close(&mut self, why: End) {
        let (code, reason) = match why {
            End::Gone | End::Slow => return,
            End::Shutdown => (close_code::AWAY, "the inspector shuts down"),
            End::Floods => (close_code::POLICY, "too many messages"),
        };
        let farewell = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        // Whoever does not take it is gone.
        let _ = timeout(CLOSE_WITHIN, self.socket.send(farewell)).await;
    }
}

fn position(id: EventId, notice: Option<&'static str>) -> Message {
    // Numbers and texts always have a JSON form.
    Message::Text(serde_json::to_string(&Position { id, notice }).unwrap_or_default().into())
}

/// An event as a message; its JSON is UTF-8.
fn text(frame: &EventFrame) -> Option<Message> {
    Utf8Bytes::try_from(frame.json_bytes()).ok().map(Message::Text)
}
