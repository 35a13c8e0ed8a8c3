//! What the rest of the inspector sees of the pipeline.

use crate::model::Span;

/// Why a batch from outside was not taken. The sender should send it again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestRefused {
    /// Too much is waiting already, or the store cannot keep up.
    #[error("the inspector is busy; send again later")]
    Busy,
    /// The store could not take it.
    #[error("the inspector cannot store at the moment; send again later")]
    NotStored,
    /// The inspector is shutting down.
    #[error("the inspector is shutting down")]
    Closed,
}

/// Counts since the start. Each is a loss that was counted, or the base to compare it with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events published.
    pub published: u64,
    /// Records of the host that did not fit into the capture lane.
    pub dropped_capture: u64,
    /// Records that could not be stored in time and are only in the ring.
    pub not_stored: u64,
    /// Panics in host-supplied code that were contained.
    pub panics_contained: u64,
    /// Spans taken from outside senders.
    pub ingested_spans: u64,
}

/// A handle on the running pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {}

impl Pipeline {
    /// Takes spans from outside. On `Ok` they are in the store: they survive `kill -9`.
    ///
    /// Normalising, redacting and compressing happens on the calling thread, so call it where blocking is fine up to
    /// the `.await`; the wait for the commit does not block.
    ///
    /// # Errors
    ///
    /// When they are not stored.
    pub async fn ingest(&self, spans: Vec<Span>) -> Result<(), IngestRefused> {
        let _ = spans;
        Err(IngestRefused::Closed)
    }

    /// Counts since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// What is wrong with the store writer at the moment, in words for a person.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        None
    }

    /// Events published in the last minute.
    #[must_use]
    pub fn events_last_minute(&self) -> u64 {
        0
    }
}
