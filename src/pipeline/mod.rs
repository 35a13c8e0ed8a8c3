//! The pump, the store writer and what looks after the store: threads of their own, so that a host whose runtime is
//! blocked, the very one a person wants to look at, is still recorded.
//!
//! ```text
//! capture lane (never waits) ─┐
//!                             ├─> pump: normalise, redact, fold, id, serialise once ─> ring ─> readers
//! ingest lane (waits)        ─┘        └─> store writer: group commit ─> answers to outside senders
//! ```

#![cfg_attr(
    not(feature = "otlp"),
    allow(dead_code, reason = "the lane for outside senders has no door then")
)]

mod change;
mod fold;
mod handle;
mod ids;
mod lane;
mod open;
mod prepare;
mod preparer;
mod pump;
mod rate;
mod turn;
mod upkeep;
mod writer;

pub(crate) use self::change::{Change, ChangeRefused};
pub use self::fold::DEFAULT_ABANDON_AFTER;
pub(crate) use self::fold::{FromFile, MAX_LIVE_SESSIONS, MAX_REMEMBERED_SPANS};
#[cfg(feature = "otlp")]
pub(crate) use self::handle::INGEST_TIMEOUT;
pub(crate) use self::handle::{Counters, IngestRefused, Parts, Pipeline, StartError};
pub use self::writer::DEFAULT_STORE_BACKLOG_BYTES;
