//! Bodies that pass by.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::MAX_MCP_BODY_BYTES;
use super::arrival::Opened;
use super::exchange::Exchange;
use super::sse::Events;
use crate::capture::SessionContext;

/// A body behind the layer: frame by frame what the body itself has.
pub struct McpBody<B: Body<Data = Bytes>> {
    /// What was read of it already.
    read: VecDeque<Result<Frame<Bytes>, B::Error>>,
    rest: Option<Pin<Box<B>>>,
    seen: Option<Box<Seen>>,
}

/// What looks at an answer.
struct Seen {
    exchange: Exchange,
    context: SessionContext,
    how: How,
    status_error: Option<String>,
}

/// How an answer is looked at.
enum How {
    Stream(Events),
    Whole(Vec<Bytes>, usize),
    Not(&'static str),
}

impl Seen {
    fn frame(&mut self, data: &Bytes) {
        match &mut self.how {
            How::Stream(events) => {
                events.feed(data, |data| self.exchange.said(&data));
                if events.have_ids() {
                    self.exchange.resumable();
                }
            }
            How::Whole(parts, size) => {
                *size += data.len();
                if *size > MAX_MCP_BODY_BYTES {
                    self.how = How::Not("too_large");
                } else {
                    parts.push(data.clone());
                }
            }
            How::Not(_) => {}
        }
    }

    fn end(&mut self) {
        if self.exchange.is_over() {
            return;
        }
        if let How::Whole(parts, _) = &self.how {
            let whole = match &parts[..] {
                [one] => one.clone(),
                parts => parts.concat().into(),
            };
            self.exchange.said(&whole);
        }
        let unread = if let How::Not(why) = self.how { Some(why) } else { None };
        self.exchange.ended(self.status_error.as_deref(), unread);
    }
}

impl<B: Body<Data = Bytes>> McpBody<B> {
    pub(super) fn new(body: B) -> Self {
        Self { read: VecDeque::new(), rest: Some(Box::pin(body)), seen: None }
    }

    /// An answer that is looked at while it passes: as a stream of events or whole, unless it is encoded.
    pub(super) fn seen(
        body: B,
        (exchange, context): Opened,
        (encoded, streams): (bool, bool),
        status_error: Option<String>,
    ) -> Self {
        let how = match (encoded, streams) {
            (true, _) => How::Not("encoded"),
            (false, true) => How::Stream(Events::new(MAX_MCP_BODY_BYTES)),
            (false, false) => How::Whole(Vec::new(), 0),
        };
        let seen = Seen { exchange, context, how, status_error };
        Self { read: VecDeque::new(), rest: Some(Box::pin(body)), seen: Some(Box::new(seen)) }
    }

    /// Whether there is more than was read of it.
    pub(super) fn goes_on(&self) -> bool {
        self.rest.is_some()
    }
}

impl<B: Body<Data = Bytes>> fmt::Debug for McpBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpBody").field("looked_at", &self.seen.is_some()).finish_non_exhaustive()
    }
}

impl<B: Body<Data = Bytes>> Unpin for McpBody<B> {}

impl<B: Body<Data = Bytes>> Body for McpBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(frame) = self.read.pop_front() {
            return Poll::Ready(Some(frame));
        }
        let this = &mut *self;
        let Some(rest) = &mut this.rest else { return Poll::Ready(None) };
        let polled = match &this.seen {
            Some(seen) => seen.context.in_scope(|| rest.as_mut().poll_frame(task)),
            None => rest.as_mut().poll_frame(task),
        };
        if let Some(seen) = &mut this.seen {
            match &polled {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(data) = frame.data_ref() {
                        seen.frame(data);
                    }
                }
                Poll::Ready(Some(Err(_))) => seen.exchange.ended(Some("the answer broke off"), None),
                Poll::Ready(None) => seen.end(),
                Poll::Pending => {}
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let read: usize = self.read.iter().flatten().filter_map(Frame::data_ref).map(Bytes::len).sum();
        let mut hint = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let read = read as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + read);
        }
        hint.set_lower(hint.lower() + read);
        hint
    }
}

impl<B: Body<Data = Bytes>> Drop for McpBody<B> {
    fn drop(&mut self) {
        // Whoever sends a body whose length is known does not ask for its end.
        let done = self.rest.as_ref().is_none_or(Body::is_end_stream);
        if let Some(seen) = &mut self.seen
            && done
        {
            seen.end();
        }
    }
}

/// Reads a body up to the bound, and gives it back as it came, with its bytes when these are all.
pub(super) async fn read<A: Body<Data = Bytes>>(body: A) -> (McpBody<A>, Option<Bytes>) {
    let mut body = Box::pin(body);
    let (mut read, mut size) = (VecDeque::new(), 0);
    while size <= MAX_MCP_BODY_BYTES {
        let frame = std::future::poll_fn(|task| body.as_mut().poll_frame(task)).await;
        let Some(frame) = frame else {
            let whole = whole(&read);
            return (McpBody { read, rest: None, seen: None }, Some(whole));
        };
        let broken = frame.is_err();
        size += frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len);
        read.push_back(frame);
        if broken {
            return (McpBody { read, rest: None, seen: None }, None);
        }
    }
    (McpBody { read, rest: Some(body), seen: None }, None)
}

/// Nothing is copied when it came in one piece, as a message nearly always does.
fn whole<E>(read: &VecDeque<Result<Frame<Bytes>, E>>) -> Bytes {
    let mut parts = read.iter().flatten().filter_map(Frame::data_ref);
    match (parts.next(), parts.next()) {
        (None, _) => Bytes::new(),
        (Some(one), None) => one.clone(),
        _ => read.iter().flatten().filter_map(Frame::data_ref).flatten().copied().collect(),
    }
}
