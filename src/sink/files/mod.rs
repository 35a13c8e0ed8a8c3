//! Trace files: `{dir}/{session}.jsonl.gz`, the bytes that `GET /trace/{session}` answers with gzip.
//!
//! A file is one gzip member for ever. Blocks are added over its tail, with a new tail behind them, so that `zcat`, Python
//! and browsers read it whole at any time. When blocks that were there are replaced (a trace joined the session, or the
//! store packed it) the file is written anew beside the old one and put in its place.

mod index;
mod name;
mod place;
mod quota;
mod survey;
mod written;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

pub(crate) use self::index::{Epoch, HEADER_BYTES, Index, index_dir};
pub(crate) use self::name::FileName;
use self::place::Place;
pub(crate) use self::place::{lock_of_importer, replace};
#[cfg(feature = "otlp")]
pub(crate) use self::survey::Survey;
use self::written::Written;
use super::{History, Sink, SinkError};
use crate::model::{SessionId, Timestamp};

/// How long a trace file is kept by default after it was last written.
pub const DEFAULT_TRACE_FILES_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many bytes of trace files are kept by default.
pub const DEFAULT_TRACE_FILES_BYTES: u64 = 1 << 30;

/// How many trace files are open at once. The one that was written longest ago is closed for the next.
pub const MAX_OPEN_TRACE_FILES: usize = 50;

/// How often a session that changes while it is copied is copied again at once.
const MAX_ATTEMPTS: u32 = 3;

/// Where trace files are by custom: `~/.mcp_traces`. `None` when the user has no home directory.
#[must_use]
pub fn default_trace_dir() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".mcp_traces"))
}

/// Writes each session's trace into a file of a directory, and shows the sessions whose files other processes write there.
///
/// ```
/// use agent_inspector::Inspector;
/// use agent_inspector::sink::TraceFiles;
///
/// # let dir = std::env::temp_dir().join("agent-inspector-doc");
/// let files = TraceFiles::new(&dir).max_bytes(64 << 20);
/// let inspector = Inspector::builder().in_memory().trace_files(files).build()?;
/// # Ok::<(), agent_inspector::Error>(())
/// ```
#[derive(Debug)]
pub struct TraceFiles {
    dir: PathBuf,
    max_age: Duration,
    max_bytes: u64,
    reads_others: bool,
    state: Mutex<State>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct State {
    place: Option<Place>,
    looked_after: bool,
    /// In order of use, the last used last.
    open: Vec<(SessionId, Written)>,
}

#[derive(Debug, Default)]
struct Counts {
    bytes: AtomicU64,
    removed: AtomicU64,
    repaired: AtomicU64,
}

impl<P: Into<PathBuf>> From<P> for TraceFiles {
    fn from(dir: P) -> Self {
        Self::new(dir)
    }
}

impl TraceFiles {
    /// Trace files in `dir`, which is made with mode 0700 unless it is there. See [`default_trace_dir`].
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            max_age: DEFAULT_TRACE_FILES_AGE,
            max_bytes: DEFAULT_TRACE_FILES_BYTES,
            reads_others: true,
            state: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// Removes files that were not written for longer; [`DEFAULT_TRACE_FILES_AGE`] unless said. Files of sessions that run,
    /// and those that no inspector wrote, stay.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Removes the files that were written longest ago while all take more bytes; [`DEFAULT_TRACE_FILES_BYTES`] unless said.
    /// Files of sessions that run, and those that no inspector wrote, stay and do not count.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Does not show the sessions whose files other processes write into the directory.
    #[must_use]
    pub fn only_own(mut self) -> Self {
        self.reads_others = false;
        self
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether files of other processes are read.
    pub(crate) fn reads_others(&self) -> bool {
        self.reads_others
    }

    /// How much of what others wrote is read, by age and by bytes: the same as is kept.
    pub(crate) fn bounds(&self) -> (Duration, u64) {
        (self.max_age, self.max_bytes)
    }

    fn place<'a>(&self, state: &'a mut State, history: &History<'_>) -> Result<&'a Place, SinkError> {
        match &mut state.place {
            Some(place) => Ok(place),
            none => Ok(none.insert(Place::open(&self.dir, history)?)),
        }
    }

    /// The open file of a session, if it has one or may get one.
    fn opened<'a>(
        &self,
        state: &'a mut State,
        session: &SessionId,
        history: &History<'_>,
    ) -> Result<&'a mut Written, SinkError> {
        let known = state.open.iter().position(|(id, _)| id == session).map(|at| state.open.remove(at).1);
        let written = match known.filter(Written::is_still_there) {
            Some(written) => written,
            None => {
                if state.open.len() >= MAX_OPEN_TRACE_FILES {
                    state.open.remove(0);
                }
                let place = self.place(state, history)?;
                place.check().inspect_err(|_| state.place = None)?;
                Written::open(&self.dir, session, history)?
            }
        };
        let at = state.open.len();
        state.open.push((session.clone(), written));
        Ok(&mut state.open[at].1)
    }

    fn copy(&self, session: &SessionId, history: &History<'_>) -> Result<(), SinkError> {
        let Some(index) = history.store().trace_index(session)? else {
            // Removed from the store to make room. What is in the file stays as long as the files' own bounds let it.
            self.state.lock().open.retain(|(id, _)| id != session);
            return Ok(());
        };
        let mut state = self.state.lock();
        if index.blocks.is_empty() && !self.has_file(session, history) {
            return Ok(());
        }
        let bytes = self.opened(&mut state, session, history)?.follow(&index, history)?;
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn has_file(&self, session: &SessionId, history: &History<'_>) -> bool {
        place::own_files(&self.dir, session, history).next().is_some()
    }
}

impl Sink for TraceFiles {
    fn name(&self) -> &str {
        "trace files"
    }

    fn follow(&self, session: &SessionId, history: &History<'_>) -> Result<(), SinkError> {
        let mut attempt = 1;
        loop {
            match self.copy(session, history) {
                Err(SinkError::Refused(_)) if attempt < MAX_ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    fn refresh(&self, session: &SessionId, history: &History<'_>) -> Result<(), SinkError> {
        // One that was removed to keep within the bounds does not come back.
        if self.has_file(session, history) { self.follow(session, history) } else { Ok(()) }
    }

    fn forget(&self, session: &SessionId, history: &History<'_>) -> Result<(), SinkError> {
        let mut state = self.state.lock();
        state.open.retain(|(id, _)| id != session);
        for name in place::own_files(&self.dir, session, history) {
            place::remove(&self.dir, &name)?;
        }
        Ok(())
    }

    fn tend(&self, history: &History<'_>) -> Result<(), SinkError> {
        let mut state = self.state.lock();
        let place = self.place(&mut state, history)?;
        place.check().inspect_err(|_| state.place = None)?;
        if !std::mem::replace(&mut state.looked_after, true) {
            let repaired = place::repair_left_behind(&self.dir, history)?;
            self.counts.repaired.fetch_add(repaired, Ordering::Relaxed);
        }
        let mut close = |session: &SessionId| state.open.retain(|(id, _)| id != session);
        let removed = quota::keep_within(&self.dir, self.max_age, self.max_bytes, history, &mut close)?;
        self.counts.removed.fetch_add(removed, Ordering::Relaxed);
        Ok(())
    }

    fn complete_until(&self, history: &History<'_>) -> Option<Timestamp> {
        history.is_lasting().then(|| place::complete_until(&self.dir, history)).flatten()
    }

    fn note_complete(&self, until: Timestamp, history: &History<'_>) {
        if history.is_lasting() && self.place(&mut self.state.lock(), history).is_ok() {
            // Without it more is looked at at the next start.
            let _ = place::note_complete(&self.dir, until, history);
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let Counts { bytes, removed, repaired } = &self.counts;
        let counted = |count: &AtomicU64| count.load(Ordering::Relaxed);
        vec![
            ("trace_file_bytes_written", counted(bytes)),
            ("trace_files_removed", counted(removed)),
            ("trace_files_repaired", counted(repaired)),
        ]
    }

    fn limits(&self) -> Vec<(&'static str, u64)> {
        let age = u64::try_from(self.max_age.as_millis()).unwrap_or(u64::MAX);
        vec![
            ("trace_file_bytes", self.max_bytes),
            ("trace_file_age_ms", age),
            ("trace_files_open", MAX_OPEN_TRACE_FILES as u64),
        ]
    }

    fn close(&self) {
        *self.state.lock() = State::default();
    }
}
