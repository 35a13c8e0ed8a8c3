//! The ring is the bus: order, replay and live from one structure.
//!
//! The pump is the only writer. A reader is a [`Cursor`](Reader) into the ring with a wake-up; there is no queue per
//! reader, and a replay and a live read are the same code. The host's threads never come here.

mod ring;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;
use tokio::sync::watch;

use self::ring::Ring;
pub(crate) use self::ring::{Batch, Missed};
pub use self::ring::{DEFAULT_RING_BYTES, DEFAULT_RING_EVENTS};
use crate::model::{EventFrame, EventId};

/// The ring with its readers.
#[derive(Debug)]
pub(crate) struct Bus {
    ring: RwLock<Ring>,
    head: watch::Sender<EventId>,
    readers: AtomicUsize,
}

impl Bus {
    /// An empty ring after `floor`, the last id that this stream will not hold; at most `events` events and `bytes`
    /// bytes of them are kept.
    #[must_use]
    pub(crate) fn new(floor: EventId, events: usize, bytes: usize) -> Self {
        Self {
            ring: RwLock::new(Ring::new(floor, events, bytes)),
            head: watch::Sender::new(floor),
            readers: AtomicUsize::new(0),
        }
    }

    /// Adds frames, which come in order of their ids, and wakes the readers once.
    pub(crate) fn publish(&self, frames: &[Arc<EventFrame>]) {
        let Some(last) = frames.last() else { return };
        self.ring.write().extend(frames);
        self.head.send_replace(last.id);
    }

    /// What comes after `after`: at most `most` frames, and what this ring no longer has before them.
    #[must_use]
    pub(crate) fn read(&self, after: EventId, most: usize) -> Batch {
        self.ring.read().read(after, most)
    }

    /// The id of the newest event.
    #[must_use]
    pub(crate) fn head(&self) -> EventId {
        *self.head.borrow()
    }

    /// How many events were published with this ring, and how many of them it still holds.
    #[must_use]
    pub(crate) fn counts(&self) -> (u64, usize) {
        let ring = self.ring.read();
        (ring.published(), ring.len())
    }

    /// A reader that begins after `after`.
    #[must_use]
    pub(crate) fn reader(self: &Arc<Self>, after: EventId) -> Reader {
        self.readers.fetch_add(1, Ordering::Relaxed);
        Reader { bus: Arc::clone(self), head: self.head.subscribe(), after }
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
    head: watch::Receiver<EventId>,
    after: EventId,
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

    /// What there is now, possibly nothing, without waiting. What is returned counts as read; so does what was missed.
    pub(crate) fn poll_batch(&mut self, most: usize) -> Batch {
        let batch = self.bus.read(self.after, most);
        if let Some(last) = batch.frames.last() {
            self.after = last.id;
        }
        batch
    }

    /// What there is, once there is something.
    pub(crate) async fn next_batch(&mut self, most: usize) -> Batch {
        loop {
            // Marked as seen before looking, so that what is published in between wakes us.
            self.head.mark_unchanged();
            let batch = self.poll_batch(most);
            if !batch.frames.is_empty() || batch.missed.is_some() {
                return batch;
            }
            if self.head.changed().await.is_err() {
                // The sender lives in the bus that this reader keeps alive.
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.bus.readers.fetch_sub(1, Ordering::Relaxed);
    }
}
