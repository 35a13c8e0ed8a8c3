//! The store writer: a thread that groups what the pump hands it into commits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::handle::IngestRefused;
use super::ids::Reserve;
use super::lane::{Ack, Done};
use crate::model::{
    Event, EventFrame, EventId, EventKind, Session, SessionId, Span, SpanSummary, Timestamp, TraceId,
};
use crate::sink::Changed;
use crate::store::{Chunk, ChunkBuilder, Store, StoreError, WriteBatch};

/// How many bytes may wait for the store. Beyond that outside senders are refused, and the oldest records of the host are
/// given up for the store (they are still in the ring) and counted as not stored.
pub const DEFAULT_STORE_BACKLOG_BYTES: usize = 64 << 20;

/// How many bytes go into one commit at most, so that a commit stays short.
const MAX_COMMIT_BYTES: usize = 16 << 20;

/// How long the host's records are gathered before they are committed, when nobody waits for them: a commit for each tick
/// of the pump would cost more than all the rest of recording. What a killed host loses is at most this and one tick.
const GATHER_FOR: Duration = Duration::from_millis(100);

/// How many bytes are gathered at most before they are committed.
const GATHER_BYTES: usize = 1 << 20;

/// How long the writer waits before it tries a failed commit again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// How long an idle writer sleeps before it looks after the store, and how long it may do so at a time.
const MAINTAIN_EVERY: Duration = Duration::from_secs(5);
const MAINTAIN_FOR: Duration = Duration::from_millis(50);

/// What the pump hands over in one turn.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) sessions: Vec<Session>,
    pub(super) traces: Vec<(TraceId, SessionId)>,
    pub(super) removed: Vec<SessionId>,
    /// Sessions whose traces the sinks have not as they will be stored.
    pub(super) changed: HashSet<SessionId>,
    /// The host's spans, still to be written as lines and compressed.
    pub(super) captured: Vec<(Span, SpanSummary)>,
    /// Spans from outside, prepared.
    pub(super) chunks: Vec<Chunk>,
    pub(super) events: Vec<Arc<EventFrame>>,
    pub(super) acks: Vec<Ack>,
    pub(super) permits: Vec<OwnedSemaphorePermit>,
    pub(super) settled: Vec<Done>,
}

impl Turn {
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
            && self.traces.is_empty()
            && self.removed.is_empty()
            && self.captured.is_empty()
            && self.chunks.is_empty()
            && self.events.is_empty()
            && self.acks.is_empty()
            && self.settled.is_empty()
    }

    /// Whether somebody waits for the commit.
    fn is_urgent(&self) -> bool {
        !(self.acks.is_empty() && self.permits.is_empty() && self.settled.is_empty())
    }

    fn size(&self) -> usize {
        self.captured.iter().map(|(span, _)| span.size()).sum::<usize>()
            + self.chunks.iter().map(Chunk::size).sum::<usize>()
            + self.events.iter().map(|event| event.size()).sum::<usize>()
            + self.sessions.len() * size_of::<Session>()
    }

    fn absorb(&mut self, later: Self) {
        // Only a session's last state counts; the order of first appearance is kept.
        let mut at: HashMap<SessionId, usize> =
            self.sessions.iter().enumerate().map(|(at, session)| (session.id.clone(), at)).collect();
        // One that came back after it was removed stays.
        self.removed.retain(|removed| !later.sessions.iter().any(|session| session.id == *removed));
        for session in later.sessions {
            if let Some(&at) = at.get(&session.id) {
                self.sessions[at] = session;
            } else {
                at.insert(session.id.clone(), self.sessions.len());
                self.sessions.push(session);
            }
        }
        let removed = &later.removed;
        self.sessions.retain(|session| !removed.contains(&session.id));
        self.removed.extend(later.removed);
        self.changed.extend(later.changed);
        self.traces.extend(later.traces);
        self.captured.extend(later.captured);
        self.chunks.extend(later.chunks);
        self.events.extend(later.events);
        self.acks.extend(later.acks);
        self.permits.extend(later.permits);
        self.settled.extend(later.settled);
    }
}

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
    /// Up to which event the store has everything that it will ever get.
    stored: watch::Sender<EventId>,
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

    /// As many turns as go into one commit.
    fn pop(&mut self) -> Option<(u64, Turn, usize)> {
        let (mut number, mut size, mut turn) = self.turns.pop_front()?;
        while size < MAX_COMMIT_BYTES
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
            stored: watch::Sender::new(stored),
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

    /// Gives up the contents of the oldest turns; sessions stay, since each is small and the newest state counts.
    fn shed(&self, queue: &mut Queue) {
        for (_, size, turn) in &mut queue.turns {
            if self.bytes.load(Ordering::Relaxed) <= self.max_bytes {
                return;
            }
            let events = turn.events.iter().filter(|event| event.event_type != "Gap").count();
            let spans = turn.captured.len() + turn.chunks.iter().map(|c| c.spans.len()).sum::<usize>();
            let lost = events + spans;
            if lost == 0 {
                continue;
            }
            self.not_stored.fetch_add(lost as u64, Ordering::Relaxed);
            turn.captured.clear();
            turn.events = gap_for(&turn.events);
            turn.chunks.clear();
            for ack in turn.acks.drain(..) {
                // The sender may have gone.
                let _ = ack.send(Err(IngestRefused::NotStored));
            }
            turn.permits.clear();
            let left = turn.size();
            self.bytes.fetch_sub(size.saturating_sub(left), Ordering::Relaxed);
            *size = left;
        }
    }

    pub(super) fn stop(&self) {
        self.queue.lock().stop = true;
        self.filled.notify_one();
    }

    /// Whether an outside sender should come back later.
    pub(super) fn is_busy(&self) -> bool {
        self.failing.load(Ordering::Relaxed) || self.bytes.load(Ordering::Relaxed) > self.max_bytes / 2
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
        self.problem.lock().clone()
    }

    /// The turns for one commit, once there are some. `None` when the writer shall end.
    fn take(&self, idle: &mut dyn FnMut()) -> Option<(u64, Turn, usize)> {
        let mut queue = self.queue.lock();
        loop {
            match queue.due(self.bytes.load(Ordering::Relaxed)) {
                Some(due) if due <= Instant::now() => return queue.pop(),
                Some(due) => _ = self.filled.wait_until(&mut queue, due),
                None if queue.stop => return None,
                None => {
                    let idle_for_long = self.filled.wait_for(&mut queue, MAINTAIN_EVERY).timed_out();
                    if idle_for_long && queue.turns.is_empty() && !queue.stop {
                        parking_lot::MutexGuard::unlocked(&mut queue, &mut *idle);
                    }
                }
            }
        }
    }
}

/// What stands in the store for events that it could not take, so that who reads them later is told.
fn gap_for(events: &[Arc<EventFrame>]) -> Vec<Arc<EventFrame>> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Vec::new() };
    let (missed_from, missed_to) = (first.id, last.id);
    let kind = EventKind::Gap { missed_from, missed_to, at_most: missed_to.0 - missed_from.0 + 1 };
    let timestamp = Timestamp::from(SystemTime::now());
    vec![Arc::new(EventFrame::new(&Event { id: last.id, timestamp, session_id: None, kind }))]
}

/// Runs until the lane is stopped and empty.
pub(super) fn run(lane: &StoreLane, store: &dyn Store, reserve: &Reserve, changed: Option<&Changed>) {
    let mut idle = || {
        // Maintenance that fails or panics is tried again; what is stored is not touched by that.
        match catch_unwind(AssertUnwindSafe(|| store.maintain(MAINTAIN_FOR))) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => *lane.problem.lock() = Some(error.to_string()),
            Err(_) => _ = lane.panics.fetch_add(1, Ordering::Relaxed),
        }
    };
    while let Some((number, turn, size)) = lane.take(&mut idle) {
        // The reservation must come before the events that use it; a failure shows with the write below.
        let _ = catch_unwind(AssertUnwindSafe(|| reserve.fetch(store)));
        let last = turn.events.last().map(|event| event.id);
        write(lane, store, turn, changed);
        if let Some(last) = last {
            lane.stored.send_replace(last);
        }
        lane.bytes.fetch_sub(size, Ordering::Relaxed);
        lane.committed.store(number, Ordering::Release);
    }
    if let Ok(Err(error)) = catch_unwind(AssertUnwindSafe(|| store.close())) {
        *lane.problem.lock() = Some(error.to_string());
    }
    if let Some(changed) = changed {
        changed.finish();
    }
}

/// Commits a turn, trying again as long as the store cannot, unless the inspector stops. Outside senders are refused at
/// the first failure: they keep what they have and send it again.
fn write(lane: &StoreLane, store: &dyn Store, turn: Turn, sinks: Option<&Changed>) {
    let Turn { sessions, traces, removed, changed, captured, chunks, events, mut acks, mut permits, settled } =
        turn;
    let mut batch =
        WriteBatch { sessions, traces, removed_sessions: removed, chunks: compress(captured), events };
    batch.chunks.extend(chunks);
    let mut wait = RETRY_FIRST;
    let stored = loop {
        let result = if batch.is_empty() { Ok(()) } else { attempt(lane, store, &batch) };
        // Known before anyone is answered: who is refused may look at once why.
        *lane.problem.lock() = result.as_ref().err().map(ToString::to_string);
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
            break true;
        }
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
        sinks.tell(changed, &batch.removed_sessions);
    }
    if !stored {
        let lost = batch.events.len() + batch.chunks.iter().map(|chunk| chunk.spans.len()).sum::<usize>();
        lane.not_stored.fetch_add(lost as u64, Ordering::Relaxed);
    }
    settled.into_iter().for_each(Done::tell);
}

fn attempt(lane: &StoreLane, store: &dyn Store, batch: &WriteBatch) -> Result<(), StoreError> {
    catch_unwind(AssertUnwindSafe(|| store.write(batch))).unwrap_or_else(|_| {
        lane.panics.fetch_add(1, Ordering::Relaxed);
        Err(StoreError::Unavailable("the store panicked".to_owned()))
    })
}

/// Writes the host's spans as lines, in chunks of one trace each.
fn compress(captured: Vec<(Span, SpanSummary)>) -> Vec<Chunk> {
    let mut builders: Vec<ChunkBuilder> = Vec::new();
    let mut at: HashMap<TraceId, usize> = HashMap::new();
    for (span, summary) in captured {
        let at = *at.entry(span.trace_id).or_insert_with(|| {
            builders.push(ChunkBuilder::new(span.trace_id));
            builders.len() - 1
        });
        // Every span has a JSON form.
        let _ = builders[at].push(&span, summary);
    }
    builders.into_iter().flat_map(ChunkBuilder::finish).collect()
}
