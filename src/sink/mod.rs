//! Where sessions are kept besides the store: files that other programs read.
//!
//! [`Sink`] is the plug, [`TraceFiles`] the one that comes with the crate. A sink copies what the store has: it is told
//! which sessions changed, after the commit, and looks up what it lacks. So nothing is lost when it lags, and what waits
//! for it is a set of session ids and no data. It has a thread of its own; a sink that blocks holds up no recording.

mod changed;
mod feed;
mod files;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use self::changed::Changed;
pub(crate) use self::feed::Feed;
#[cfg(feature = "otlp")]
pub(crate) use self::files::Survey;
pub use self::files::{
    DEFAULT_TRACE_FILES_AGE, DEFAULT_TRACE_FILES_BYTES, MAX_OPEN_TRACE_FILES, TraceFiles, default_trace_dir,
};
pub(crate) use self::files::{Epoch, FileName, HEADER_BYTES, Index, index_dir, lock_of_importer, replace};
use crate::model::{InstanceId, SessionId, Timestamp};
use crate::store::{Store, StoreError};

/// Copies sessions to somewhere else.
///
/// All calls come from one thread, and may block.
pub trait Sink: Send + Sync + fmt::Debug + 'static {
    /// What it is called in `/health`.
    fn name(&self) -> &str;

    /// Brings what the sink has of a session to what the store has. Called after commits that changed it, of several at
    /// once only one time.
    ///
    /// # Errors
    ///
    /// When it could not; the session is tried again later.
    fn follow(&self, session: &SessionId, history: &History<'_>) -> Result<(), SinkError>;

    /// As [`follow`](Self::follow), for a session that ended and may have been packed meanwhile. A sink that has dropped it
    /// need not take it again.
    ///
    /// # Errors
    ///
    /// As [`follow`](Self::follow).
    fn refresh(&self, session: &SessionId, history: &History<'_>) -> Result<(), SinkError> {
        self.follow(session, history)
    }

    /// The session is no more: all its traces turned out to belong to another one, which was followed before.
    ///
    /// # Errors
    ///
    /// When what the sink has of it could not be removed; it is tried again later.
    fn forget(&self, session: &SessionId, history: &History<'_>) -> Result<(), SinkError>;

    /// Looks after what the sink has: at the start, before anything else, and about every half minute.
    ///
    /// # Errors
    ///
    /// When something is wrong that a person should know.
    fn tend(&self, history: &History<'_>) -> Result<(), SinkError> {
        let _ = history;
        Ok(())
    }

    /// Up to when the sink had all that changed, as far as it remembers that from an earlier start with the same history.
    /// Sessions that changed later are followed at the start. `None`: what was before this start is not copied.
    fn complete_until(&self, history: &History<'_>) -> Option<Timestamp> {
        let _ = history;
        None
    }

    /// Everything that changed before `until` was followed.
    fn note_complete(&self, until: Timestamp, history: &History<'_>) {
        let _ = (until, history);
    }

    /// Counts since the start for `/health`, by names that say what they are.
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Bounds in force for `/health`, by names that say what they are.
    fn limits(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// The inspector ends; nothing is called after this.
    fn close(&self) {}
}

/// What a sink copies from.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    store: &'a dyn Store,
    identity: &'a str,
    lasting: bool,
}

/// Names a history, and says whether it outlives the process: then by its own number, and otherwise by the process's.
pub(crate) fn name_of_history(store: &dyn Store, instance: InstanceId) -> (String, bool) {
    match store.identity().ok().flatten() {
        Some(number) => (format!("{number:016x}"), true),
        None => (instance.to_string(), false),
    }
}

impl History<'_> {
    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.store
    }

    /// Names this history: the same for all processes that have it open and after a restart, if it outlives the process.
    /// At most 36 characters of `a-z 0-9 -`.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.identity
    }

    /// Whether it outlives the process.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }
}

/// Why a sink did not take something. The text is for `/health`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// It takes nothing at the moment, from no session: the disk is full, say.
    #[error("{0}")]
    Unavailable(String),
    /// It does not take this; others it may.
    #[error("{0}")]
    Refused(String),
}

impl From<StoreError> for SinkError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(format!("the store cannot be read: {error}"))
    }
}
