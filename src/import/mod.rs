//! Sessions that other processes wrote into trace files: read, redacted and stored as if they had been sent.
//!
//! A thread looks at the directory every now and then and reads what is new. What this history wrote itself is not read,
//! and what was read is remembered beside the files, so that a restart begins where the last one ended. A history in memory
//! has nothing after a restart, and so it reads everything again.

#[cfg(feature = "otlp")]
mod hooks;
mod read;
mod seen;
#[cfg(feature = "otlp")]
mod transcript;
mod work;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::watch;

#[cfg(feature = "otlp")]
pub(crate) use self::hooks::{HookOf, Hooks, MAX_HOOK_BYTES};
#[cfg(feature = "otlp")]
pub(crate) use self::read::{Part, Place, lines};
#[cfg(feature = "otlp")]
pub(crate) use self::transcript::{TranscriptFolder, TranscriptFolders};
use self::work::{MAX_FILES, POLL_EVERY, Work};
use crate::model::InstanceId;
use crate::pipeline::Pipeline;
use crate::sink::{TraceFiles, name_of_history};
use crate::store::Store;
use crate::work::spawn_giving_way;

/// A handle on the thread that reads the files of others. The thread ends with it.
#[derive(Debug)]
pub(crate) struct Import {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and its handle share.
#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    /// How many looks at the directory were asked for at once, and how many of these are done.
    asked: AtomicU64,
    done: watch::Sender<u64>,
    problem: Mutex<Option<String>>,
    spans: AtomicU64,
    bad_lines: AtomicU64,
}

impl Import {
    /// What it is called in `/health`.
    pub(crate) const NAME: &'static str = "trace files of others";

    /// Starts the thread.
    pub(crate) fn start(
        files: Arc<TraceFiles>,
        store: &Arc<dyn Store>,
        pipeline: &Pipeline,
        instance: InstanceId,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            asked: AtomicU64::new(0),
            done: watch::Sender::new(0),
            problem: Mutex::default(),
            spans: AtomicU64::new(0),
            bad_lines: AtomicU64::new(0),
        });
        let (history, lasting) = name_of_history(store.as_ref(), instance);
        let work = Work::new(files, pipeline.clone(), Arc::clone(&shared), history, lasting);
        let thread = spawn_giving_way("inspector-import", move || work.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Looks at the directory now and waits until what is new there was read.
    pub(crate) async fn look(&self) {
        let number = self.shared.asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.wake();
        let mut done = self.shared.done.subscribe();
        // The sender lives as long as `shared`.
        let _ = done.wait_for(|done| *done >= number).await;
    }

    /// Reads no more.
    pub(crate) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// Waits until the thread has ended; [`stop`](Self::stop) was called.
    pub(crate) async fn ended(&self) {
        let mut done = self.shared.done.subscribe();
        let _ = done.wait_for(|done| *done == u64::MAX).await;
    }

    fn wake(&self) {
        if let Some(thread) = &*self.thread.lock() {
            thread.thread().unpark();
        }
    }

    /// What is wrong with the files, for `/health`.
    pub(crate) fn problem(&self) -> Option<String> {
        self.shared.problem.lock().clone()
    }

    /// Counts since the start.
    pub(crate) fn counters(&self) -> Vec<(&'static str, u64)> {
        let counted = |count: &AtomicU64| count.load(Ordering::Relaxed);
        vec![
            ("trace_file_spans_read", counted(&self.shared.spans)),
            ("trace_file_bad_lines", counted(&self.shared.bad_lines)),
        ]
    }

    /// Bounds in force.
    pub(crate) fn limits(&self) -> Vec<(&'static str, u64)> {
        let poll = u64::try_from(POLL_EVERY.as_millis()).unwrap_or(u64::MAX);
        vec![
            ("trace_files_read", MAX_FILES as u64),
            ("trace_file_line_bytes", crate::ingest::line::MAX_LINE_BYTES as u64),
            ("trace_files_poll_ms", poll),
        ]
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        self.stop();
    }
}
