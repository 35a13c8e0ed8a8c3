//! The ring is the bus: order, replay and live from one structure.
//!
//! The pump is the only writer. A reader is a [`Reader`]: a place in the ring, and a waker while it waits. There is no
//! queue per reader, and a replay and a live read are the same code. The host's threads never come here.

mod index;
#[cfg(all(test, inspector_loom))]
mod loom;
mod ring;
mod sync;
#[cfg(all(test, not(inspector_loom)))]
mod tests;
mod waiting;

use std::sync::Arc;
use std::task::{Context, Poll};

use self::ring::Ring;
pub(crate) use self::ring::{Batch, Missed};
pub use self::ring::{DEFAULT_RING_BYTES, DEFAULT_RING_EVENTS};
use self::sync::{AtomicBool, AtomicUsize, Ordering, RwLock};
use self::waiting::{GIVEN_AT_ONCE, WOKEN_AT_ONCE, Waiting};
use crate::model::{EventFrame, EventId, SessionId};

/// The ring with its readers.
#[derive(Debug)]
pub(crate) struct Bus {
    ring: RwLock<Ring>,
    waiting: Waiting,
    closed: AtomicBool,
    readers: AtomicUsize,
}

impl Bus {
    /// An empty ring after `floor`, the last id that this stream will not hold; at most `events` events and `bytes`
    /// bytes of them are kept.
    #[must_use]
    pub(crate) fn new(floor: EventId, events: usize, bytes: usize) -> Self {
        Self::with(Waiting::new(WOKEN_AT_ONCE, GIVEN_AT_ONCE), floor, events, bytes)
    }

    fn with(waiting: Waiting, floor: EventId, events: usize, bytes: usize) -> Self {
        Self {
            ring: RwLock::new(Ring::new(floor, events, bytes)),
            waiting,
            closed: AtomicBool::new(false),
            readers: AtomicUsize::new(0),
        }
    }

    /// Adds frames, which come in order of their ids, and wakes those readers once that want any of them, the rest of a crowd as
    /// [`wake_more`](Self::wake_more) is called.
    pub(crate) fn publish(&self, frames: &[Arc<EventFrame>]) {
        if frames.is_empty() {
            return;
        }
        let dropped = self.ring.write().extend(frames);
        // Freeing them takes longer than the readers should wait.
        drop(dropped);
        self.waiting.wake(frames);
    }

    /// Wakes the next few of a crowd of readers that are to be woken; whether more are left after that.
    pub(crate) fn wake_more(&self) -> bool {
        self.waiting.wake_slice()
    }

    /// Takes out what was told of a session.
    pub(crate) fn remove_session(&self, session: &SessionId) {
        let removed = self.ring.write().remove_session(session);
        drop(removed);
    }

    /// Whether everything that was published with this ring is still in it, but for what was taken out.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        self.ring.read().is_whole()
    }

    /// Tells every reader that nothing more is for them, now and later.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.waiting.wake_all();
    }

    /// What comes after `after`: at most `most` frames, and what this ring no longer has before them.
    #[must_use]
    pub(crate) fn read(&self, after: EventId, most: usize) -> Batch {
        self.ring.read().read(after, most)
    }

    /// The id of the newest event.
    #[must_use]
    pub(crate) fn head(&self) -> EventId {
        self.ring.read().head()
    }

    /// Whether the event of this id lies in the ring.
    #[must_use]
    pub(crate) fn holds(&self, id: EventId) -> bool {
        self.ring.read().holds(id)
    }

    /// How many events were published with this ring, and how many of them it still holds.
    #[must_use]
    pub(crate) fn counts(&self) -> (u64, usize) {
        let ring = self.ring.read();
        (ring.published(), ring.len())
    }

    /// A reader that begins after `after`: of everything, or of one session.
    #[must_use]
    pub(crate) fn reader(self: &Arc<Self>, after: EventId, of: Option<SessionId>) -> Reader {
        self.readers.fetch_add(1, Ordering::Relaxed);
        Reader { bus: Arc::clone(self), place: self.waiting.enter(of.clone()), of, after, asked: false }
    }

    /// How many readers there are.
    #[must_use]
    pub(crate) fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }
}

/// A place in the ring that moves on as it is read.
#[derive(Debug)]
pub(crate) struct Reader {
    bus: Arc<Bus>,
    /// Where its waker is kept while it waits.
    place: usize,
    /// The session whose events alone are wanted, beside those that are for everybody.
    of: Option<SessionId>,
    after: EventId,
    /// Whether it stands in line to be given more.
    asked: bool,
}

impl Reader {
    /// The id after which the next read begins.
    #[must_use]
    pub(crate) fn position(&self) -> EventId {
        self.after
    }

    /// Moves to just after `after`: what lies before was got elsewhere, or is given up.
    pub(crate) fn seek(&mut self, after: EventId) {
        self.after = after;
    }

    /// Completes when it is this reader's turn to be given more. Whoever was given a message's worth and has more to read asks first:
    /// otherwise readers that are far behind would leave the host's threads to nothing else.
    pub(crate) fn poll_turn(&mut self, context: &Context<'_>) -> Poll<()> {
        let is_turn = self.bus.waiting.turn(self.place, context.waker(), self.asked);
        // Whoever asks when all was over already is not woken any more.
        self.asked = !is_turn && !self.bus.closed.load(Ordering::Acquire);
        if self.asked { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Passes over what is not wanted. Whoever reads one session is not woken for others, and stays where it is as long.
    pub(crate) fn pass(&mut self) {
        let batch = self.read(1, &|_| true);
        if batch.missed.is_none() && batch.frames.is_empty() {
            self.after = batch.through;
        }
    }

    fn read(&self, most: usize, wanted: &impl Fn(&EventFrame) -> bool) -> Batch {
        let ring = self.bus.ring.read();
        match &self.of {
            Some(session) => ring.read_session(session, self.after, most, wanted),
            None => ring.read_wanted(self.after, most, wanted),
        }
    }

    /// What there is that is wanted, once there is something; `None` when the bus was closed. What is returned, and what was passed
    /// over, counts as read; what was missed does not.
    pub(crate) fn poll_batch(
        &mut self,
        context: &Context<'_>,
        most: usize,
        wanted: impl Fn(&EventFrame) -> bool,
    ) -> Poll<Option<Batch>> {
        if let Some(ready) = self.look(most, &wanted) {
            return Poll::Ready(ready);
        }
        self.bus.waiting.wait(self.place, context.waker());
        // What came in between was not told to the waker, but is there now.
        self.look(most, &wanted).map_or(Poll::Pending, Poll::Ready)
    }

    fn look(&mut self, most: usize, wanted: &impl Fn(&EventFrame) -> bool) -> Option<Option<Batch>> {
        loop {
            if self.bus.closed.load(Ordering::Acquire) {
                return Some(None);
            }
            let batch = self.read(most, wanted);
            if batch.missed.is_some() {
                return Some(Some(batch));
            }
            let is_at_the_end = batch.through == self.after;
            self.after = batch.through;
            if !batch.frames.is_empty() {
                return Some(Some(batch));
            }
            if is_at_the_end {
                return None;
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.bus.waiting.leave(self.place);
        self.bus.readers.fetch_sub(1, Ordering::Relaxed);
    }
}
