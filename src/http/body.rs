//! Reading a body, within bounds of size and time: a sender that trickles or falls silent holds little, and nothing for long.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::StreamExt;

use super::limits::Limits;
use super::problem::Problem;

/// How long a sender may be silent within a body.
pub const DEFAULT_BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a whole body may take: 64 MiB at a megabyte a second.
pub const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// How many bytes of bodies that are still being read are held at once, beyond the first [`READ_FREELY`] of each.
pub(crate) const READING_BYTES: usize = 128 << 20;

/// So much of each body is read whatever others hold: about what its connection costs anyway. Who sends slowly, or stops, holds
/// up nobody who sends less than this.
pub(crate) const READ_FREELY: usize = 64 << 10;

/// A permit of the room for bodies stands for so many bytes.
const PERMIT_BYTES: usize = 1 << 10;

/// The room for what is read of bodies.
pub(crate) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(READING_BYTES / PERMIT_BYTES))
}

/// How long a sender is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyPatience {
    /// Within the body, from one part to the next.
    pub(crate) idle: Duration,
    /// For the whole body.
    pub(crate) whole: Duration,
}

impl Default for BodyPatience {
    fn default() -> Self {
        Self { idle: DEFAULT_BODY_IDLE_TIMEOUT, whole: DEFAULT_BODY_TIMEOUT }
    }
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It came too slowly, or not at all.
    TooSlow,
    /// The connection broke off, or the framing is wrong.
    BrokeOff,
    /// Too much is being read already.
    NoRoom,
}

/// A body that is being read.
pub(super) struct Reading {
    parts: BodyDataStream,
    gathered: BytesMut,
    idle: Duration,
    until: Instant,
    /// Where room is taken for it; nowhere when it has a place of its own.
    room: Option<Arc<Semaphore>>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Reading {
    pub(super) fn new(body: Body, limits: &Limits) -> Self {
        Self::within(body, limits.bounds.body, Arc::clone(&limits.reading))
    }

    fn within(body: Body, patience: BodyPatience, room: Arc<Semaphore>) -> Self {
        let (parts, until) = (body.into_data_stream(), Instant::now() + patience.whole);
        Self { parts, gathered: BytesMut::new(), idle: patience.idle, until, room: Some(room), taken: None }
    }

    /// It has a place of its own from now on, and leaves its room to others.
    #[cfg(feature = "otlp")]
    pub(super) fn has_a_place(&mut self) {
        (self.room, self.taken) = (None, None);
    }

    /// Reads on to the end of the body, and says `true`, or until there are more than `most` bytes.
    pub(super) async fn up_to(&mut self, most: usize) -> Result<bool, Unread> {
        while self.gathered.len() <= most {
            let next = timeout_at(self.until, timeout(self.idle, self.parts.next())).await;
            let Ok(Ok(part)) = next else { return Err(Unread::TooSlow) };
            let Some(part) = part else { return Ok(true) };
            let part = part.map_err(|_| Unread::BrokeOff)?;
            self.take_room(part.len())?;
            self.gathered.extend_from_slice(&part);
        }
        Ok(false)
    }

    /// Takes the room for what is there and so many bytes more.
    fn take_room(&mut self, more: usize) -> Result<(), Unread> {
        let Some(room) = &self.room else { return Ok(()) };
        let wanted = (self.gathered.len() + more).saturating_sub(READ_FREELY).div_ceil(PERMIT_BYTES);
        let missing = wanted.saturating_sub(self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| Unread::NoRoom)?;
        let more = Arc::clone(room).try_acquire_many_owned(missing).map_err(|_| Unread::NoRoom)?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }

    /// What was read.
    pub(super) fn into_bytes(self) -> Bytes {
        self.gathered.freeze()
    }
}

/// The whole of a small body.
pub(super) async fn small(body: Body, most: usize, limits: &Limits) -> Result<Bytes, Problem> {
    let mut reading = Reading::new(body, limits);
    match reading.up_to(most).await {
        Ok(true) => Ok(reading.into_bytes()),
        Ok(false) => Err(Problem::body_too_large(most)),
        Err(Unread::TooSlow) => Err(Problem::body_too_slow()),
        Err(Unread::BrokeOff) => Err(Problem::invalid_body("the body broke off")),
        Err(Unread::NoRoom) => Err(Problem::too_many_bodies()),
    }
}

/// The whole of a small body of JSON. One that a form could send is refused: a foreign page could have it sent.
pub(super) async fn json(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    limits: &Limits,
) -> Result<Bytes, Problem> {
    if !is_json(headers) {
        return Err(Problem::json_wanted());
    }
    small(body, most, limits).await
}

/// `application/json`, or a type that is JSON by its name.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const PATIENCE: BodyPatience =
        BodyPatience { idle: Duration::from_secs(10), whole: Duration::from_secs(60) };

    /// A body of one byte every so often.
    fn trickle(every: Duration) -> Body {
        Body::from_stream(async_stream::stream! {
            for _ in 0..1000 {
                tokio::time::sleep(every).await;
                yield Ok::<_, Infallible>(Bytes::from_static(b"x"));
            }
        })
    }

    async fn read(body: Body, most: usize) -> Result<bool, Unread> {
        Reading::within(body, PATIENCE, room()).up_to(most).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_is_silent_or_trickles_is_given_up() {
        let silent = Body::from_stream(tokio_stream::pending::<Result<Bytes, Infallible>>());
        let began = Instant::now();
        assert_eq!(read(silent, 100).await, Err(Unread::TooSlow));
        assert_eq!(began.elapsed(), PATIENCE.idle);
        let began = Instant::now();
        assert_eq!(read(trickle(Duration::from_secs(9)), 100).await, Err(Unread::TooSlow));
        assert_eq!(began.elapsed(), PATIENCE.whole);
        assert_eq!(read(trickle(Duration::from_millis(1)), 1000).await, Ok(true));
    }

    #[tokio::test(start_paused = true)]
    async fn reading_stops_where_it_is_too_much_and_can_go_on_from_there() {
        let mut reading = Reading::within(Body::from("0123456789"), PATIENCE, room());
        assert_eq!(reading.up_to(9).await, Ok(false));
        assert_eq!(reading.up_to(10).await, Ok(true));
        assert_eq!(reading.into_bytes(), "0123456789");
    }

    #[tokio::test]
    async fn what_others_hold_costs_a_small_body_nothing_and_a_larger_one_its_room() {
        let room = room();
        let read = |bytes: usize| Reading::within(Body::from(vec![b'x'; bytes]), PATIENCE, Arc::clone(&room));
        let all = u32::try_from(READING_BYTES / PERMIT_BYTES).unwrap();
        let held = Arc::clone(&room).try_acquire_many_owned(all).unwrap();
        assert_eq!(read(READ_FREELY).up_to(READ_FREELY).await, Ok(true));
        assert_eq!(read(READ_FREELY + 1).up_to(1 << 20).await, Err(Unread::NoRoom));
        drop(held);
        let mut reading = read(READ_FREELY + PERMIT_BYTES + 1);
        assert_eq!(reading.up_to(1 << 20).await, Ok(true));
        assert_eq!(room.available_permits(), all as usize - 2);
        drop(reading.into_bytes());
        assert_eq!(room.available_permits(), all as usize, "it is given back with what was read");
    }
}
