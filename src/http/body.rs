//! Reading a body, within bounds of size and time: a sender that trickles or falls silent holds nothing for long.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::StreamExt;

use super::problem::Problem;

/// How long a sender may be silent within a body.
pub const DEFAULT_BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a whole body may take: 64 MiB at a megabyte a second.
pub const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(60);

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
}

/// A body that is being read.
pub(super) struct Reading {
    parts: BodyDataStream,
    gathered: BytesMut,
    idle: Duration,
    until: Instant,
}

impl Reading {
    pub(super) fn new(body: Body, patience: BodyPatience) -> Self {
        let until = Instant::now() + patience.whole;
        Self { parts: body.into_data_stream(), gathered: BytesMut::new(), idle: patience.idle, until }
    }

    /// Reads on to the end of the body, and says `true`, or until there are more than `most` bytes.
    pub(super) async fn up_to(&mut self, most: usize) -> Result<bool, Unread> {
        while self.gathered.len() <= most {
            let next = timeout_at(self.until, timeout(self.idle, self.parts.next())).await;
            let Ok(Ok(part)) = next else { return Err(Unread::TooSlow) };
            let Some(part) = part else { return Ok(true) };
            self.gathered.extend_from_slice(&part.map_err(|_| Unread::BrokeOff)?);
        }
        Ok(false)
    }

    /// What was read.
    pub(super) fn into_bytes(self) -> Bytes {
        self.gathered.freeze()
    }
}

/// The whole of a small body.
pub(super) async fn small(body: Body, most: usize, patience: BodyPatience) -> Result<Bytes, Problem> {
    let mut reading = Reading::new(body, patience);
    match reading.up_to(most).await {
        Ok(true) => Ok(reading.into_bytes()),
        Ok(false) => Err(Problem::body_too_large(most)),
        Err(Unread::TooSlow) => Err(Problem::body_too_slow()),
        Err(Unread::BrokeOff) => Err(Problem::invalid_body("the body broke off")),
    }
}

/// The whole of a small body of JSON. One that a form could send is refused: a foreign page could have it sent.
pub(super) async fn json(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    patience: BodyPatience,
) -> Result<Bytes, Problem> {
    if !is_json(headers) {
        return Err(Problem::json_wanted());
    }
    small(body, most, patience).await
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
        Reading::new(body, PATIENCE).up_to(most).await
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
        let mut reading = Reading::new(Body::from("0123456789"), PATIENCE);
        assert_eq!(reading.up_to(9).await, Ok(false));
        assert_eq!(reading.up_to(10).await, Ok(true));
        assert_eq!(reading.into_bytes(), "0123456789");
    }
}
