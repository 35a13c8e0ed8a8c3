//! The live stream for a reader in the host's own process.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio_stream::Stream;

use super::filter::Filter;
use super::gap::told_gap;
use super::reader::{LiveReader, Step};
use crate::http::state::AppState;
use crate::model::EventFrame;

/// The events that are published from the moment it was made, in order and each once
/// ([`Inspector::events`](crate::Inspector::events)).
///
/// It is a place in the stream and no queue: a reader that is slow costs nothing and delays nobody. What memory no longer
/// has when it is read comes from the store, and what neither has is announced by a `Gap` event. It ends, with `None`, when
/// the inspector shuts down.
///
/// It is to be read on a tokio runtime.
#[derive(Debug)]
#[must_use = "a stream is read"]
pub struct Events {
    open: Option<(LiveReader, AppState)>,
    ready: std::vec::IntoIter<Arc<EventFrame>>,
}

impl Events {
    /// From now on; of a disabled inspector nothing, at once.
    pub(crate) fn new(state: Option<AppState>) -> Self {
        let open =
            state.map(|state| (LiveReader::new(state.clone(), state.bus.head(), Filter::default()), state));
        Self { open, ready: Vec::new().into_iter() }
    }

    /// The next event, once there is one; `None` at the end. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Arc<EventFrame>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Arc<EventFrame>>> {
        loop {
            if let Some(frame) = self.ready.next() {
                return Poll::Ready(Some(frame));
            }
            let Some((reader, state)) = &mut self.open else { return Poll::Ready(None) };
            match ready!(reader.poll_step(context)) {
                Some(Step::Frames(frames)) => self.ready = frames.into_iter(),
                Some(Step::Missed(missed)) => {
                    return Poll::Ready(Some(Arc::new(told_gap(&state.limits, missed))));
                }
                None => {
                    // Whatever was published before the end, and lies in memory, is still given.
                    let left = state.bus.read(reader.position(), usize::MAX);
                    self.ready = left.frames.into_iter();
                    self.open = None;
                }
            }
        }
    }
}

impl Stream for Events {
    type Item = Arc<EventFrame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}
