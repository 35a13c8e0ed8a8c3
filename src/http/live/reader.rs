//! One way through everything that was and is published: the store first, then the ring, in order, each event once.
//!
//! A reader has a place, the id of the last event it was given. While the ring has all that comes after it, the ring
//! alone is read; a reader that was away, or slow, gets what the ring dropped from the store. What neither has is said.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::filter::Filter;
use crate::bus::{Missed, Reader};
use crate::http::access::SignedOut;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::model::{EventFrame, EventId, EventQuery};
use crate::store::{Store, StoreError};

/// How many events are read from the ring at once: enough to fill a chunk, few enough that a slow reader
/// holds little.
pub(super) const BATCH: usize = 256;

/// How long a reader waits for events that the ring has dropped and that are still on their way to the store, and how long it
/// catches up while others wait for their turn. When it takes longer, the store is failing or too many have fallen behind, and the
/// reader is told what it missed and goes on with what the ring has.
pub(crate) const STORE_CATCH_UP: Duration = Duration::from_secs(5);

/// How many readers read a page from the store at once, to catch up; the others that have fallen behind wait for their turn. A
/// burst that thousands of readers each read again from there, page by page, would leave the store to nothing else.
pub(crate) const CATCHING_UP: usize = 16;

/// How many readers wait for such a turn. One more that has fallen behind is told at once what it missed: a crowd that waits
/// gives up in the same moment, and stands in the runtime's queue before the host's own tasks.
pub(crate) const WAITING_TO_CATCH_UP: usize = 256;

/// How many events are read from the store at once: a page is held for as long as its client takes.
const PAGE: usize = 128;

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    /// Events, oldest first.
    Frames(Vec<Arc<EventFrame>>),
    /// Events that can no longer be had; reading goes on after them.
    Missed(Missed),
}

/// A place in the stream that moves on as it is read.
pub(super) struct LiveReader {
    state: AppState,
    ring: Reader,
    filter: Filter,
    /// Completes when who reads is no longer let in.
    signed_out: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
    question: Option<Question>,
    /// Since when the ring no longer has what comes next.
    behind: Option<Instant>,
}

/// What the store was asked, because the ring no longer has it.
#[derive(Debug)]
struct Question {
    missed: Missed,
    answer: JoinHandle<Result<Page, Problem>>,
}

/// What the store said about what comes after a place.
#[derive(Debug)]
struct Page {
    floor: EventId,
    frames: Vec<EventFrame>,
}

impl LiveReader {
    /// A reader that begins after `after`, of what the filter lets through.
    pub(super) fn new(state: AppState, after: EventId, filter: Filter) -> Self {
        let ring = state.bus.reader(after, filter.session().cloned());
        Self { state, ring, filter, signed_out: None, question: None, behind: None }
    }

    /// Ends when who reads is signed out, if signing in is what let them in.
    pub(super) fn until(mut self, signed_out: Option<SignedOut>) -> Self {
        self.signed_out = signed_out.map(|signed_out| Box::pin(signed_out.wait()) as _);
        self
    }

    /// The id of the last event that was given, said to be missed, or passed over because the filter holds it back.
    pub(super) fn position(&mut self) -> EventId {
        if self.question.is_none() {
            self.ring.pass();
        }
        self.ring.position()
    }

    /// Completes when it is this reader's turn to be given more than it was.
    pub(super) fn poll_turn(&mut self, context: &Context<'_>) -> Poll<()> {
        self.ring.poll_turn(context)
    }

    /// What comes next, once there is something; `None` when the stream is over.
    pub(super) fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Option<Step>> {
        if let Some(signed_out) = &mut self.signed_out
            && signed_out.as_mut().poll(context).is_ready()
        {
            // Over for good, should it be asked again.
            self.signed_out = Some(Box::pin(std::future::ready(())));
            return Poll::Ready(None);
        }
        loop {
            if let Some(question) = &mut self.question {
                let answer = ready!(Pin::new(&mut question.answer).poll(context));
                let missed = question.missed;
                self.question = None;
                if let Some(step) = self.answered(answer.ok().and_then(Result::ok), missed) {
                    return Poll::Ready(Some(step));
                }
            }
            let read = self.ring.poll_batch(context, BATCH, |frame| self.filter.lets_through(frame));
            if !matches!(&read, Poll::Ready(Some(batch)) if batch.missed.is_some()) {
                self.behind = None;
            }
            let Some(batch) = ready!(read) else { return Poll::Ready(None) };
            match batch.missed {
                None => return Poll::Ready(Some(Step::Frames(batch.frames))),
                Some(missed) => match self.ask(missed) {
                    Some(question) => self.question = Some(question),
                    None => return Poll::Ready(Some(self.give_up(missed))),
                },
            }
        }
    }

    /// Asks the store, unless too many wait to do so.
    fn ask(&mut self, missed: Missed) -> Option<Question> {
        let waits = Arc::clone(&self.state.limits.waiting_to_catch_up).try_acquire_owned().ok()?;
        let (state, after) = (self.state.clone(), self.ring.position());
        let until = *self.behind.get_or_insert_with(Instant::now) + STORE_CATCH_UP;
        let answer = tokio::spawn(async move {
            let turns = Arc::clone(&state.limits.catching_up);
            // One that is free is had also when the time is over: the turn is looked at before the clock.
            let turn = tokio::time::timeout_at(until, turns.acquire_owned()).await;
            let _turn = turn.ok().and_then(Result::ok).ok_or_else(Problem::store_busy)?;
            drop(waits);
            let patience = tokio::time::sleep(STORE_CATCH_UP);
            tokio::pin!(patience);
            let mut stored = state.pipeline.stored();
            loop {
                let on_its_way = *stored.borrow_and_update() < missed.to;
                if on_its_way {
                    state.pipeline.hurry();
                }
                let page = state.read_patiently(move |store| page(store, after)).await?;
                let found = !page.frames.is_empty() || page.floor > after;
                if found || !on_its_way {
                    return Ok(page);
                }
                tokio::select! {
                    changed = stored.changed() => if changed.is_err() { return Ok(page) },
                    () = &mut patience => return Ok(page),
                }
            }
        });
        Some(Question { missed, answer })
    }

    /// What to make of the store's answer (`None` when it gave none); `None` when nothing was there that is wanted or was missed.
    fn answered(&mut self, page: Option<Page>, missed: Missed) -> Option<Step> {
        let place = self.ring.position();
        match page {
            Some(Page { floor, .. }) if floor > place => {
                // Deleted from the store already. The ring may reach further back than the store.
                let to = floor.min(missed.to);
                Some(self.give_up(Missed { from: place.next(), to }))
            }
            Some(Page { frames, .. }) if !frames.is_empty() => self.stored(frames),
            // The store is whole from here on and the ring dropped nothing: those ids were reserved and never used.
            Some(_) if self.state.bus.is_whole() => {
                self.ring.seek(missed.to);
                None
            }
            Some(_) | None => Some(self.give_up(missed)),
        }
    }

    /// Events from the store, when any of them are wanted. A gap among them stands for events that it could not take at the time.
    fn stored(&mut self, mut frames: Vec<EventFrame>) -> Option<Step> {
        match frames.iter().position(EventFrame::is_gap) {
            Some(0) => {
                let missed = Missed { from: self.ring.position().next(), to: frames[0].id };
                return Some(self.give_up(missed));
            }
            Some(at) => frames.truncate(at),
            None => {}
        }
        if let Some(last) = frames.last() {
            self.ring.seek(last.id);
        }
        let wanted = frames.into_iter().filter(|frame| self.filter.lets_through(frame));
        let frames: Vec<_> = wanted.map(Arc::new).collect();
        (!frames.is_empty()).then_some(Step::Frames(frames))
    }

    fn give_up(&mut self, missed: Missed) -> Step {
        self.ring.seek(missed.to);
        Step::Missed(missed)
    }
}

fn page(store: &dyn Store, after: EventId) -> Result<Page, StoreError> {
    let frames = store.events(&EventQuery { after, limit: PAGE, session_id: None })?;
    // Asked last: what is deleted while we read must not pass for never having been.
    Ok(Page { floor: store.replay_floor()?, frames })
}

impl fmt::Debug for LiveReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveReader").field("ring", &self.ring).finish_non_exhaustive()
    }
}

impl Drop for LiveReader {
    fn drop(&mut self) {
        if let Some(question) = &self.question {
            question.answer.abort();
        }
    }
}
