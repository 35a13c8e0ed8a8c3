//! What is to be sent, and the thread that sends it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::delivery::{Delivery, Next};
use crate::target::Target;

/// How many bytes may wait. Beyond it what comes is left out: the program is not held back, and memory is bounded.
const MAX_WAITING_BYTES: usize = 32 << 20;

/// How many bytes of lines are sent in one request.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// How long lines are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(50);

/// How long the end of the run waits for what is still to be sent.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Takes JSON values and sends them in order, as arrays.
#[derive(Debug)]
pub(super) struct Outbox {
    shared: Arc<Shared>,
    sender: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    more: Condvar,
    sent: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// How many lines are on their way.
    in_flight: u64,
    /// What did not fit.
    left_out: u64,
    /// What was given up, and why.
    given_up: u64,
    why: Option<String>,
    /// When the run ended.
    closed: Option<Instant>,
    ended: bool,
}

impl Waiting {
    /// How much time is left, once the run has ended.
    fn left(&self) -> Option<Duration> {
        self.closed.map(|closed| (closed + CLOSE_WITHIN).saturating_duration_since(Instant::now()))
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits before something is sent again, but no longer than the end of the run does. Says whether there is time for it.
    fn pause(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        let mut waiting = self.waiting();
        loop {
            let wait = until.saturating_duration_since(Instant::now());
            if wait.is_zero() || waiting.left().is_some_and(|left| left.is_zero()) {
                return waiting.left().is_none_or(|left| !left.is_zero());
            }
            let wait = waiting.left().map_or(wait, |left| left.min(wait));
            let woken = self.more.wait_timeout(waiting, wait).unwrap_or_else(PoisonError::into_inner);
            waiting = woken.0;
        }
    }
}

impl Outbox {
    /// Begins to send to `path` of the inspector.
    pub(super) fn start(target: Target, path: &'static str) -> Self {
        let shared = Arc::new(Shared::default());
        let inside = Arc::clone(&shared);
        let delivery = Delivery::to(target, path);
        // Without a thread nothing is sent, and the program runs all the same.
        let sender =
            thread::Builder::new().name("outbox".to_owned()).spawn(move || send(&inside, delivery)).ok();
        Self { shared, sender }
    }

    /// Puts a JSON value behind those that wait. Never waits.
    pub(super) fn put(&self, json: Vec<u8>) {
        let mut waiting = self.shared.waiting();
        if waiting.bytes + json.len() > MAX_WAITING_BYTES {
            waiting.left_out += 1;
            return;
        }
        waiting.bytes += json.len();
        waiting.lines.push_back(json);
        drop(waiting);
        self.shared.more.notify_one();
    }

    /// Sends what waits, as far as the time allows, and says what was lost.
    pub(super) fn close(mut self) {
        let mut waiting = self.shared.waiting();
        waiting.closed = Some(Instant::now());
        self.shared.more.notify_one();
        if self.sender.take().is_some() {
            let ended = self.shared.sent.wait_timeout_while(waiting, CLOSE_WITHIN, |waiting| !waiting.ended);
            waiting = ended.unwrap_or_else(PoisonError::into_inner).0;
            let unsent = waiting.in_flight + waiting.lines.len() as u64;
            waiting.given_up += unsent;
        }
        if waiting.left_out > 0 {
            eprintln!(
                "agent-inspector: {} lines were not recorded: the inspector was too slow",
                waiting.left_out
            );
        }
        if waiting.given_up > 0 {
            let why = waiting.why.as_deref().unwrap_or("the inspector did not answer in time");
            eprintln!("agent-inspector: {} lines were not recorded: {why}", waiting.given_up);
        }
    }
}

fn send(shared: &Shared, mut delivery: Delivery) {
    while let Some(batch) = next(shared) {
        loop {
            let next = delivery.attempt(&batch);
            match next {
                Next::Done => break,
                Next::Nobody(rest) => {
                    // What comes meanwhile is not kept: nobody is missed who was never there.
                    shared.pause(if shared.waiting().closed.is_some() { Duration::ZERO } else { rest });
                    let mut waiting = shared.waiting();
                    waiting.lines.clear();
                    waiting.bytes = 0;
                    break;
                }
                Next::Refused(why) => {
                    let mut waiting = shared.waiting();
                    waiting.given_up += waiting.in_flight;
                    waiting.why = Some(why);
                    break;
                }
                Next::Again(wait, why) => {
                    shared.waiting().why = Some(why);
                    if !shared.pause(wait) {
                        // Whoever waits for the end counts what is still here.
                        return end(shared);
                    }
                }
            }
        }
        shared.waiting().in_flight = 0;
    }
    end(shared);
}

fn end(shared: &Shared) {
    shared.waiting().ended = true;
    shared.sent.notify_all();
}

/// What is to be sent next, as an array; `None` at the end.
fn next(shared: &Shared) -> Option<Vec<u8>> {
    let mut waiting = shared.waiting();
    while waiting.lines.is_empty() {
        if waiting.closed.is_some() {
            return None;
        }
        waiting = shared.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
    // Lines come in bursts: many in one request cost what one costs.
    let gathered = shared.more.wait_timeout_while(waiting, GATHER, |waiting| {
        waiting.closed.is_none() && waiting.bytes < MAX_BATCH_BYTES
    });
    let mut waiting = gathered.unwrap_or_else(PoisonError::into_inner).0;
    let mut batch = vec![b'['];
    while let Some(line) = waiting.lines.pop_front() {
        waiting.bytes -= line.len();
        waiting.in_flight += 1;
        if batch.len() > 1 {
            batch.push(b',');
        }
        batch.extend_from_slice(&line);
        if batch.len() > MAX_BATCH_BYTES {
            break;
        }
    }
    batch.push(b']');
    Some(batch)
}
