//! The store writer: a thread that groups what the pump hands it into commits.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::handle::IngestRefused;
use super::ids::Reserve;
use super::lane::Done;
use super::turn::Turn;
use super::upkeep::Bell;
use crate::bus::Bus;
use crate::model::EventId;
use crate::sink::Changed;
use crate::store::{Store, StoreError, WriteBatch};

/// How many bytes may wait for the store. Beyond that the contents of the host's oldest spans are given up, then their
/// events as far as the ring does not hold them any more, and counted as not stored. Outside senders are refused from half of
/// it on.
pub const DEFAULT_STORE_BACKLOG_BYTES: usize = 64 << 20;

/// How many bytes go into one commit at most, so that a commit stays short.
const MAX_COMMIT_BYTES: usize = 16 << 20;

/// How long the host's records are gathered before they are committed, when nobody waits for them: a commit for each tick
/// of the pump would cost more than all the rest of recording. What a killed host loses is at most this and one tick.
const GATHER_FOR: Duration = Duration::from_millis(100);

/// How many bytes are gathered at most before they are committed.
const GATHER_BYTES: usize = 1 << 20;

/// Turns that wait for long are merged to this size.
const MERGED_BYTES: usize = 1 << 20;

/// How long the writer waits before it tries a failed commit again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// The queue between pump and writer, and what both want to know of each other.
#[derive(Debug)]
pub(super) struct StoreLane {
    queue: Mutex<Queue>,
    filled: Condvar,
    bytes: AtomicUsize,
    max_bytes: usize,
    /// Turns handed over, and turns committed.
    handed: AtomicU64,
    committed: AtomicU64,
    not_stored: AtomicU64,
    panics: AtomicU64,
    failing: AtomicBool,
    problem: Mutex<Option<String>>,
    /// What looking after the store failed with; a commit that fails says more.
    upkeep_problem: Mutex<Option<String>>,
    /// Up to which event the store has everything that it will ever get.
    stored: watch::Sender<EventId>,
    /// Wakes the thread that looks after the store.
    pub(super) bell: Bell,
}

#[derive(Debug, Default)]
struct Queue {
    turns: VecDeque<(u64, usize, Turn)>,
    /// When the oldest of them came.
    since: Option<Instant>,
    /// Whether somebody waits for a commit.
    urgent: bool,
    stop: bool,
}

impl Queue {
    /// When the next commit is due; `None` when there is nothing to commit.
    fn due(&self, bytes: usize) -> Option<Instant> {
        let since = self.since?;
        let at_once = self.urgent || self.stop || bytes >= GATHER_BYTES;
        Some(if at_once { since } else { since + GATHER_FOR })
    }

    /// As many turns as go into one commit. A removal begins one: what was written before of a session is gone by then.
    fn pop(&mut self) -> Option<(u64, Turn, usize)> {
        let (mut number, mut size, mut turn) = self.turns.pop_front()?;
        while size < MAX_COMMIT_BYTES
            && self.turns.front().is_some_and(|(_, _, next)| next.deleted.is_empty())
            && let Some((next, next_size, later)) = self.turns.pop_front()
        {
            number = next;
            size += next_size;
            turn.absorb(later);
        }
        if self.turns.is_empty() {
            self.since = None;
            self.urgent = false;
        }
        Some((number, turn, size))
    }

    /// Makes few turns out of many small ones, so that a queue that grows for hours has each session once.
    fn merge(&mut self) {
        let mut merged: VecDeque<(u64, usize, Turn)> = VecDeque::with_capacity(self.turns.len());
        for (number, size, turn) in std::mem::take(&mut self.turns) {
            match merged.back_mut() {
                Some((last, total, before)) if *total + size <= MERGED_BYTES && turn.deleted.is_empty() => {
                    before.absorb(turn);
                    (*last, *total) = (number, before.size());
                }
                _ => merged.push_back((number, size, turn)),
            }
        }
        self.turns = merged;
    }
}

impl StoreLane {
    /// A queue of at most `max_bytes`; the store has every event up to `stored`.
    pub(super) fn new(max_bytes: usize, stored: EventId) -> Self {
        Self {
            queue: Mutex::default(),
            filled: Condvar::new(),
            bytes: AtomicUsize::new(0),
            max_bytes,
            handed: AtomicU64::new(0),
            committed: AtomicU64::new(0),
            not_stored: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            problem: Mutex::default(),
            upkeep_problem: Mutex::default(),
            stored: watch::Sender::new(stored),
            bell: Bell::default(),
        }
    }

    pub(super) fn push(&self, turn: Turn) {
        let size = turn.size();
        let number = self.handed.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = self.bytes.fetch_add(size, Ordering::Relaxed) + size;
        let mut queue = self.queue.lock();
        let first = queue.since.is_none();
        queue.since.get_or_insert_with(Instant::now);
        queue.urgent |= turn.is_urgent();
        queue.turns.push_back((number, size, turn));
        if bytes > self.max_bytes {
            self.shed(&mut queue);
        }
        let wake = first || queue.urgent || bytes >= GATHER_BYTES;
        drop(queue);
        if wake {
            self.filled.notify_one();
        }
    }

    /// Commits what was handed over, or is just about to be, at once: somebody waits to read it.
    pub(super) fn hurry(&self) {
        self.queue.lock().urgent = true;
        self.filled.notify_one();
    }

    /// Makes room: first the contents of the oldest spans go, of which the events still tell; then the oldest events, which
    /// are caught up from the ring as far as it reaches; at last what is left of the oldest turns.
    fn shed(&self, queue: &mut Queue) {
        let waiting = |queue: &Queue| queue.turns.iter().map(|(_, size, _)| *size).sum::<usize>();
        let before = waiting(queue);
        queue.merge();
        let bytes = self.bytes.load(Ordering::Relaxed).saturating_sub(before.saturating_sub(waiting(queue)));
        let mut over = bytes.saturating_sub(self.max_bytes);
        for give_up in [Turn::give_up_contents, Turn::leave_events_to_the_ring, Turn::give_up_rows] {
            for (_, size, turn) in &mut queue.turns {
                if over == 0 {
                    break;
                }
                self.not_stored.fetch_add(give_up(turn), Ordering::Relaxed);
                let left = turn.size();
                over = over.saturating_sub(size.saturating_sub(left));
                *size = left;
            }
        }
        self.bytes.fetch_sub(before.saturating_sub(waiting(queue)), Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.queue.lock().stop = true;
        self.filled.notify_one();
    }

    /// Whether an outside sender should come back later.
    pub(super) fn is_busy(&self) -> bool {
        self.failing.load(Ordering::Relaxed) || self.bytes.load(Ordering::Relaxed) > self.max_bytes / 2
    }

    /// Whether more waits than is gathered on purpose.
    pub(super) fn is_filling(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) >= GATHER_BYTES
    }

    /// Notes how looking after the store went.
    pub(super) fn looked_after(&self, failure: Option<&StoreError>) {
        // A store that was closed meanwhile refuses; nobody has to know.
        if !self.queue.lock().stop {
            *self.upkeep_problem.lock() = failure.map(ToString::to_string);
        }
    }

    pub(super) fn upkeep_panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// The number that the next turn will have. Only the pump hands turns over.
    pub(super) fn next_turn(&self) -> u64 {
        self.handed.load(Ordering::Relaxed) + 1
    }

    /// The number of the last turn that is done with.
    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// How many bytes wait for the store.
    pub(super) fn backlog_bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed) as u64
    }

    /// Up to which event the store has everything that it will ever get.
    pub(super) fn stored(&self) -> watch::Receiver<EventId> {
        self.stored.subscribe()
    }

    pub(super) fn not_stored(&self) -> u64 {
        self.not_stored.load(Ordering::Relaxed)
    }

    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.problem.lock().clone().or_else(|| self.upkeep_problem.lock().clone())
    }

    /// The turns for one commit, once there are some. `None` when the writer shall end.
    fn take(&self) -> Option<(u64, Turn, usize)> {
        let mut queue = self.queue.lock();
        loop {
            match queue.due(self.bytes.load(Ordering::Relaxed)) {
                Some(due) if due <= Instant::now() => return queue.pop(),
                Some(due) => _ = self.filled.wait_until(&mut queue, due),
                None if queue.stop => return None,
                None => self.filled.wait(&mut queue),
            }
        }
    }
}

/// Runs until the lane is stopped and empty.
pub(super) fn run(
    lane: &StoreLane,
    store: &dyn Store,
    reserve: &Reserve,
    bus: &Bus,
    sinks: Option<&Changed>,
) {
    while let Some((number, mut turn, size)) = lane.take() {
        // The reservation must come before the events that use it; a failure shows with the write below.
        let _ = catch_unwind(AssertUnwindSafe(|| reserve.fetch(store)));
        lane.not_stored.fetch_add(turn.catch_up(bus), Ordering::Relaxed);
        let last = turn.events.last().map(|event| event.id);
        let settled = write(lane, store, turn, sinks);
        if let Some(last) = last {
            lane.stored.send_replace(last);
        }
        lane.bytes.fetch_sub(size, Ordering::Relaxed);
        lane.committed.store(number, Ordering::Release);
        lane.bell.committed();
        // Who waited for it finds nothing of it on its way.
        settled.into_iter().for_each(Done::tell);
    }
    lane.bell.stop();
    if let Ok(Err(error)) = catch_unwind(AssertUnwindSafe(|| store.close())) {
        *lane.problem.lock() = Some(error.to_string());
    }
    if let Some(sinks) = sinks {
        sinks.finish();
    }
}

/// Commits a turn, trying again as long as the store cannot, unless the inspector stops. Outside senders are refused at
/// the first failure: they keep what they have and send it again. Gives who waits for the commit.
fn write(lane: &StoreLane, store: &dyn Store, mut turn: Turn, sinks: Option<&Changed>) -> Vec<Done> {
    let (mut acks, mut permits) = (std::mem::take(&mut turn.acks), std::mem::take(&mut turn.permits));
    let (settled, changed) = (std::mem::take(&mut turn.settled), std::mem::take(&mut turn.changed));
    let batch = turn.into_batch();
    let mut wait = RETRY_FIRST;
    let mut failed = false;
    let stored = loop {
        let result = if batch.is_empty() { Ok(()) } else { attempt(lane, store, &batch) };
        // Known before anyone is answered: who is refused may look at once why.
        *lane.problem.lock() = result.as_ref().err().map(|error| waits(error, lane.max_bytes));
        lane.failing.store(result.is_err(), Ordering::Relaxed);
        let answer = match &result {
            Ok(()) => Ok(()),
            Err(_) => Err(IngestRefused::NotStored),
        };
        for ack in acks.drain(..) {
            // The sender may have gone.
            let _ = ack.send(answer.clone());
        }
        permits.clear();
        if result.is_ok() {
            // What looking after it failed with meanwhile is most likely over too; the next look tells.
            if failed {
                lane.looked_after(None);
            }
            break true;
        }
        failed = true;
        let mut queue = lane.queue.lock();
        // While the writer waits the pump may have given up what does not fit any more.
        if queue.stop {
            break false;
        }
        let until = Instant::now() + wait;
        while !queue.stop && !lane.filled.wait_until(&mut queue, until).timed_out() {}
        drop(queue);
        wait = (wait * 2).min(RETRY_MOST);
    };
    if let Some(sinks) = sinks.filter(|_| stored) {
        let gone = [batch.removed_sessions.as_slice(), &batch.deleted_sessions].concat();
        sinks.tell(changed, &gone);
    }
    if !stored {
        let lost = batch.events.len() + batch.chunks.iter().map(|chunk| chunk.spans.len()).sum::<usize>();
        lane.not_stored.fetch_add(lost as u64, Ordering::Relaxed);
    }
    settled
}

fn attempt(lane: &StoreLane, store: &dyn Store, batch: &WriteBatch) -> Result<(), StoreError> {
    catch_unwind(AssertUnwindSafe(|| store.write(batch))).unwrap_or_else(|_| {
        lane.panics.fetch_add(1, Ordering::Relaxed);
        Err(StoreError::Unavailable("the store panicked".to_owned()))
    })
}

/// What a person is told while nothing can be stored.
fn waits(error: &StoreError, max_bytes: usize) -> String {
    let most = max_bytes >> 20;
    format!(
        "{error}. Nothing is stored at the moment: outside senders are asked to come back, and what the host records waits \
         in memory, {most} MiB of it at most, until there is room"
    )
}
