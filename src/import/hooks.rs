//! The lane of the hooks: a program waits for the answer of its hook, and so it is answered before anything is done.
//!
//! A thread takes the payloads in order, has them put together, and stores them. What does not fit into the lane, and what
//! cannot be understood, is counted.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{OwnedMutexGuard, oneshot};

use super::transcript::TranscriptFolders;
use crate::ingest::agents::{Assembler, EventRefused, MAX_RUNS, Refused};
use crate::ingest::metrics::UsagePoint;
use crate::ingest::otlp::LogRecord;
use crate::model::{Reported, Timestamp};
use crate::pipeline::{INGEST_TIMEOUT, IngestRefused, Pipeline};

/// The largest payload of a hook, in bytes.
pub(crate) const MAX_HOOK_BYTES: usize = 8 << 20;

/// How many payloads wait at most.
pub(crate) const HOOKS_WAITING: usize = 10_000;

/// How many bytes of payloads wait at most.
pub(crate) const HOOK_BYTES_WAITING: usize = 64 << 20;

/// How many payloads are stored together.
const BATCH: usize = 256;

/// How often transcripts are looked at while something more is expected of them.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long to wait before a busy store is asked again.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// Whose hook it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookOf {
    /// Claude Code's.
    ClaudeCode,
    /// Codex's, its notifications, and the lines that it prints.
    Codex,
}

/// A payload as it came.
#[derive(Debug)]
struct Hook {
    of: HookOf,
    at: Timestamp,
    body: Bytes,
}

/// What waits.
#[derive(Debug, Default)]
struct Waiting {
    hooks: VecDeque<Hook>,
    bytes: usize,
    settled: Vec<oneshot::Sender<()>>,
    /// The thread has ended.
    ended: bool,
}

/// The lane, and what agent programs report of their runs behind it.
pub(crate) struct Hooks {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    assembler: Mutex<Assembler>,
    order: Arc<tokio::sync::Mutex<()>>,
    waiting: Mutex<Waiting>,
    stop: AtomicBool,
    taken: AtomicU64,
    lost: AtomicU64,
    not_understood: AtomicU64,
    not_stored: AtomicU64,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

impl Hooks {
    /// Starts the thread. Transcripts are read below `folders` only.
    pub(crate) fn start(
        assembler: Assembler,
        pipeline: Pipeline,
        folders: TranscriptFolders,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            assembler: Mutex::new(assembler),
            order: Arc::default(),
            waiting: Mutex::default(),
            stop: AtomicBool::new(false),
            taken: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            not_understood: AtomicU64::new(0),
            not_stored: AtomicU64::new(0),
        });
        let work = Work { shared: Arc::clone(&shared), pipeline, folders };
        let thread = thread::Builder::new().name("inspector-hooks".to_owned()).spawn(move || work.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Waits until nobody else puts reports together, and has others wait until what the caller makes of its own is stored: of
    /// what is said of one call at several times the last counts, and that must be the one that knows most. `None` when that
    /// takes longer than anybody waits for a commit.
    pub(crate) async fn in_order(&self) -> Option<InOrder> {
        let order = Arc::clone(&self.shared.order).lock_owned();
        let order = tokio::time::timeout(INGEST_TIMEOUT, order).await.ok()?;
        Some(InOrder { _order: order, shared: Arc::clone(&self.shared), sessions: Vec::new() })
    }

    /// Hands a payload over. It is lost, and counted, when too much waits.
    pub(crate) fn push(&self, of: HookOf, at: Timestamp, body: Bytes) {
        {
            let mut waiting = self.shared.waiting.lock();
            let full =
                waiting.hooks.len() >= HOOKS_WAITING || waiting.bytes + body.len() > HOOK_BYTES_WAITING;
            if full || waiting.ended {
                self.shared.lost.fetch_add(1, Ordering::Relaxed);
                return;
            }
            waiting.bytes += body.len();
            waiting.hooks.push_back(Hook { of, at, body });
        }
        self.wake();
    }

    /// Counts a payload that could not be read from its sender.
    pub(crate) fn lose(&self) {
        self.shared.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Completes what was reported as spans with what else is known of their calls.
    pub(crate) fn observe(&self, reported: &mut Reported, at: Timestamp) {
        self.shared.assembler.lock().observe(reported, at);
    }

    /// Takes what a program posted.
    ///
    /// # Errors
    ///
    /// Why which of the events cannot be taken, counted from 0; then none is.
    pub(crate) fn events(
        &self,
        posted: serde_json::Value,
        at: Timestamp,
        out: &mut Reported,
    ) -> Result<usize, (usize, EventRefused)> {
        self.shared.assembler.lock().events(posted, at, out)
    }

    /// Takes a log record, when it tells of a call; otherwise it is given back.
    pub(crate) fn log(&self, record: LogRecord, out: &mut Reported) -> Option<LogRecord> {
        self.shared.assembler.lock().log(record, out)
    }

    /// Adds up what metrics say of sessions.
    pub(crate) fn usage(&self, points: &[UsagePoint], out: &mut Reported) {
        if !points.is_empty() {
            self.shared.assembler.lock().usage(points, out);
        }
    }

    /// Bounds in force.
    pub(crate) fn limits() -> [(&'static str, u64); 4] {
        [
            ("hook_bytes", MAX_HOOK_BYTES as u64),
            ("hooks_waiting", HOOKS_WAITING as u64),
            ("hook_bytes_waiting", HOOK_BYTES_WAITING as u64),
            ("agent_runs", MAX_RUNS as u64),
        ]
    }

    /// Waits until everything that was handed over before is stored.
    pub(crate) async fn settle(&self) {
        let (settled, wait) = oneshot::channel();
        {
            let mut waiting = self.shared.waiting.lock();
            if waiting.ended {
                return;
            }
            waiting.settled.push(settled);
        }
        self.wake();
        // Dropped when the thread ends.
        let _ = wait.await;
    }

    /// Takes nothing more. What was handed over is stored before the thread ends.
    pub(crate) async fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.wake();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // It is at its end but for a commit.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn wake(&self) {
        if let Some(thread) = &*self.thread.lock() {
            thread.thread().unpark();
        }
    }

    /// Counts since the start.
    pub(crate) fn counters(&self) -> [(&'static str, u64); 5] {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("hooks_taken", count(&self.shared.taken)),
            ("hooks_lost", count(&self.shared.lost)),
            ("hooks_not_understood", count(&self.shared.not_understood)),
            ("hooks_not_stored", count(&self.shared.not_stored)),
            ("agent_spans_left_out", self.shared.assembler.lock().left_out()),
        ]
    }
}

/// A turn to put reports together and to store what was made of them. When it ends before that is [stored](Self::stored),
/// whatever the reason, what was made is taken for unknown: it comes again.
pub(crate) struct InOrder {
    _order: OwnedMutexGuard<()>,
    shared: Arc<Shared>,
    sessions: Vec<String>,
}

impl InOrder {
    /// Notes what was made.
    pub(crate) fn made(&mut self, reported: &Reported) {
        let said = reported.sessions.iter().map(|report| report.id.as_str());
        let names = ["session.id", "gen_ai.conversation.id"];
        let spans = reported.spans.iter();
        let named = spans.flat_map(|span| names.iter().filter_map(|name| span.attributes.text(name)));
        for session in said.chain(named) {
            if !self.sessions.iter().any(|known| known == session) {
                self.sessions.push(session.to_owned());
            }
        }
    }

    /// It is stored.
    pub(crate) fn stored(mut self) {
        self.sessions.clear();
    }
}

impl Drop for InOrder {
    fn drop(&mut self) {
        if !self.sessions.is_empty() {
            self.shared.assembler.lock().take_back(&self.sessions);
        }
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.wake();
    }
}

struct Work {
    shared: Arc<Shared>,
    pipeline: Pipeline,
    folders: TranscriptFolders,
}

impl Work {
    fn run(self) {
        loop {
            // Asked before what waits is taken: what was handed over before the end is stored.
            let stop = self.shared.stop.load(Ordering::Acquire);
            let (hooks, settled) = {
                let mut waiting = self.shared.waiting.lock();
                let count = waiting.hooks.len().min(BATCH);
                let hooks: Vec<_> = waiting.hooks.drain(..count).collect();
                waiting.bytes -= hooks.iter().map(|hook| hook.body.len()).sum::<usize>();
                let all = waiting.hooks.is_empty();
                (hooks, if all { std::mem::take(&mut waiting.settled) } else { Vec::new() })
            };
            let idle = hooks.is_empty();
            let order = self.shared.order.blocking_lock();
            let count = hooks.len() as u64;
            // A bug of ours must not end the lane: what these payloads said is lost and counted, the next ones are taken.
            let looked = catch_unwind(AssertUnwindSafe(|| {
                let mut reported = self.put_together(hooks);
                let looked = self.read_transcripts(&mut reported);
                self.store(reported);
                looked
            }));
            drop(order);
            let looked = looked.unwrap_or_else(|_| {
                self.shared.lost.fetch_add(count, Ordering::Relaxed);
                false
            });
            settled.into_iter().for_each(|settled| _ = settled.send(()));
            match (idle, stop) {
                (true, true) => {
                    let mut waiting = self.shared.waiting.lock();
                    waiting.ended = waiting.hooks.is_empty();
                    if waiting.ended {
                        waiting.settled.clear();
                        return;
                    }
                }
                (true, false) if looked => thread::park_timeout(LOOK_EVERY),
                (true, false) => thread::park(),
                (false, _) => {}
            }
        }
    }

    fn put_together(&self, hooks: Vec<Hook>) -> Reported {
        let mut reported = Reported::default();
        for Hook { of, at, body } in hooks {
            let mut assembler = self.shared.assembler.lock();
            let mut take = |payload| match of {
                HookOf::ClaudeCode => assembler.claude_code(payload, at, &mut reported),
                HookOf::Codex => assembler.codex(payload, at, &mut reported),
            };
            // What a program prints is one object for each line.
            let payloads = serde_json::Deserializer::from_slice(&body).into_iter::<serde_json::Value>();
            let taken = payloads.map(|payload| payload.map_err(|_| Refused::NoObject).and_then(&mut take));
            let taken = taken.reduce(Result::and).unwrap_or(Err(Refused::NoObject));
            let counter = if taken.is_ok() { &self.shared.taken } else { &self.shared.not_understood };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        reported
    }

    /// Reads what is new in the transcripts. Says whether there was any to look at.
    fn read_transcripts(&self, reported: &mut Reported) -> bool {
        let reads = self.shared.assembler.lock().transcripts();
        for read in &reads {
            let Some(bytes) = self.folders.read(read) else { continue };
            let at = Timestamp::from(std::time::SystemTime::now());
            self.shared.assembler.lock().transcript(read, &bytes, at, reported);
        }
        !reads.is_empty()
    }

    fn store(&self, reported: Reported) {
        if reported.is_empty() {
            return;
        }
        let mut reported = Some(reported);
        while let Some(next) = reported.take() {
            match self.pipeline.report(next) {
                Ok(()) => {}
                Err((IngestRefused::Busy, Some(back))) if !self.shared.stop.load(Ordering::Acquire) => {
                    thread::sleep(RETRY_AFTER);
                    reported = Some(back);
                }
                Err(_) => _ = self.shared.not_stored.fetch_add(1, Ordering::Relaxed),
            }
        }
    }
}
