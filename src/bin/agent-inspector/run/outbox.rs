//! What is to be sent, and the thread that sends it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::post::post;
use crate::target::Target;

/// How many bytes may wait. Beyond it what comes is left out: the program is not held back, and memory is bounded.
const MAX_WAITING_BYTES: usize = 32 << 20;

/// How many bytes of lines are sent in one request.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// How long lines are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(50);

/// How long one request may take.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// How long the end of the run waits for what is still to be sent.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);

/// How long an inspector that did not answer is left alone.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

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
    /// What did not fit.
    left_out: u64,
    closed: bool,
    ended: bool,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    /// Begins to send to `path` of the inspector.
    pub(super) fn start(target: Target, path: &'static str) -> Self {
        let shared = Arc::new(Shared::default());
        let inside = Arc::clone(&shared);
        // Without a thread nothing is sent, and the program runs all the same.
        let sender =
            thread::Builder::new().name("outbox".to_owned()).spawn(move || send(&inside, &target, path)).ok();
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

    /// Sends what waits, as far as the time allows, and says what was left out.
    pub(super) fn close(mut self) {
        let mut waiting = self.shared.waiting();
        waiting.closed = true;
        self.shared.more.notify_one();
        if self.sender.take().is_some() {
            let ended = self.shared.sent.wait_timeout_while(waiting, CLOSE_WITHIN, |waiting| !waiting.ended);
            waiting = ended.unwrap_or_else(PoisonError::into_inner).0;
        }
        if waiting.left_out > 0 {
            eprintln!(
                "agent-inspector: {} lines were not recorded: the inspector was too slow",
                waiting.left_out
            );
        }
    }
}

fn send(shared: &Shared, target: &Target, path: &str) {
    let url = target.at(path);
    let mut rested: Option<Instant> = None;
    while let Some(batch) = next(shared) {
        // One that is not there is not asked for each line.
        if rested.is_some_and(|until| Instant::now() < until) && !shared.waiting().closed {
            continue;
        }
        let answer = post(&url, target.token.as_deref(), &batch, SEND_WITHIN);
        rested = answer.is_err().then(|| Instant::now() + AGAIN_AFTER);
    }
    shared.waiting().ended = true;
    shared.sent.notify_all();
}

/// What is to be sent next, as an array; `None` at the end.
fn next(shared: &Shared) -> Option<Vec<u8>> {
    let mut waiting = shared.waiting();
    while waiting.lines.is_empty() {
        if waiting.closed {
            return None;
        }
        waiting = shared.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
    // Lines come in bursts: many in one request cost what one costs.
    let gathered = shared
        .more
        .wait_timeout_while(waiting, GATHER, |waiting| !waiting.closed && waiting.bytes < MAX_BATCH_BYTES);
    let mut waiting = gathered.unwrap_or_else(PoisonError::into_inner).0;
    let mut batch = vec![b'['];
    while let Some(line) = waiting.lines.pop_front() {
        waiting.bytes -= line.len();
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
