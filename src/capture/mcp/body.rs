//! Bodies that pass by.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::MAX_MCP_BODY_BYTES;
use super::exchange::Exchange;
use super::sse::Events;
use crate::capture::SessionContext;

/// A body behind the layer: frame by frame what the body itself has.
pub struct McpBody<B: Body<Data = Bytes>> {
    /// What was read of it already.
    pub(super) read: VecDeque<Result<Frame<Bytes>, B::Error>>,
    pub(super) rest: Option<Pin<Box<B>>>,
    pub(super) seen: Option<Box<Seen>>,
}

/// What looks at an answer.
pub(super) struct Seen {
    pub(super) exchange: Exchange,
    pub(super) context: SessionContext,
    pub(super) how: How,
    pub(super) status_error: Option<String>,
}

/// How an answer is looked at.
pub(super) enum How {
    Stream(Events),
    Whole(Vec<Bytes>, usize),
    Not(&'static str),
}

impl Seen {
    fn frame(&mut self, data: &Bytes) {
        match &mut self.how {
            How::Stream(events) => events.feed(data, |data| self.exchange.said(&data)),
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
        if self.exchange.over {
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
