//! One way through everything that was and is published: the store first, then the ring, in order, each event once.
//!
//! A reader has a place, the id of the last event it was given. While the ring has all that comes after it, the ring
//! alone is read; a reader that was away, or slow, gets what the ring dropped from the store. What neither has is said.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::bus::{Missed, Reader};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::model::{EventFrame, EventId, EventQuery};

/// How many events are read from the ring or the store at once: enough to fill a chunk, few enough that a slow reader
/// holds little.
pub(super) const BATCH: usize = 256;

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    /// Events, oldest first.
    Frames(Vec<Arc<EventFrame>>),
    /// Events that can no longer be had; reading goes on after them.
    Missed(Missed),
}

/// A place in the stream that moves on as it is read.
#[derive(Debug)]
pub(super) struct LiveReader {
    state: AppState,
    ring: Reader,
    page: Option<JoinHandle<Result<Page, Problem>>>,
}

/// What the store said about what comes after a place.
#[derive(Debug)]
struct Page {
    floor: EventId,
    frames: Vec<EventFrame>,
}

impl LiveReader {
    /// A reader that begins after `after`.
    pub(super) fn new(state: AppState, after: EventId) -> Self {
        let ring = state.bus.reader(after);
        Self { state, ring, page: None }
    }

    /// The id of the last event that was given (or said to be missed).
    pub(super) fn position(&self) -> EventId {
        self.ring.position()
    }

    /// What comes next, once there is something. May be dropped at any time and called again: nothing is lost.
    pub(super) async fn next(&mut self) -> Step {
        loop {
            let place = self.position();
            let batch = self.ring.next_batch(BATCH).await;
            let Some(missed) = batch.missed else { return Step::Frames(batch.frames) };
            // Reading moved on past what the ring dropped; the store may still have it.
            self.ring.seek(place);
            if let Some(step) = self.ask_store(place, missed).await {
                return step;
            }
        }
    }

    /// What the store has of what the ring dropped; `None` when nothing was there to be missed.
    async fn ask_store(&mut self, place: EventId, missed: Missed) -> Option<Step> {
        let answer = self.ask(place).await;
        match answer {
            Some(Page { floor, .. }) if floor > place => {
                // Deleted from the store already. The ring may reach further back than the store.
                let to = floor.min(missed.to);
                Some(self.give_up(Missed { from: place.next(), to }))
            }
            Some(Page { frames, .. }) if !frames.is_empty() => {
                let frames: Vec<_> = frames.into_iter().map(Arc::new).collect();
                self.ring.seek(frames.last().map_or(place, |last| last.id));
                Some(Step::Frames(frames))
            }
            // The store is whole from here on and the ring dropped nothing: those ids were reserved and never used.
            Some(_) if self.ring_is_whole() => {
                self.ring.seek(missed.to);
                None
            }
            Some(_) | None => Some(self.give_up(missed)),
        }
    }

    fn ring_is_whole(&self) -> bool {
        let (published, held) = self.state.bus.counts();
        published == held as u64
    }

    fn give_up(&mut self, missed: Missed) -> Step {
        self.ring.seek(missed.to);
        Step::Missed(missed)
    }

    /// Asks the store, or goes on waiting for the answer to the question asked before. `None` when it cannot answer.
    async fn ask(&mut self, after: EventId) -> Option<Page> {
        let state = &self.state;
        let page = self.page.get_or_insert_with(|| {
            let state = state.clone();
            tokio::spawn(async move {
                let read = state.read_patiently(move |store| {
                    let frames = store.events(&EventQuery { after, limit: BATCH, session_id: None })?;
                    // Asked last: what is deleted while we read must not pass for never having been.
                    Ok(Page { floor: store.replay_floor()?, frames })
                });
                read.await
            })
        });
        let answer = page.await;
        self.page = None;
        answer.ok()?.ok()
    }
}

impl Drop for LiveReader {
    fn drop(&mut self) {
        if let Some(page) = &self.page {
            page.abort();
        }
    }
}
