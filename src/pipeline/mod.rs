//! The pump and the store writer: two threads of their own, so that a host whose runtime is blocked, the very one a person
//! wants to look at, is still recorded.
//!
//! ```text
//! capture lane (never waits) ─┐
//!                             ├─> pump: normalise, redact, fold, id, serialise once ─> ring ─> readers
//! ingest lane (waits)        ─┘        └─> store writer: group commit ─> answers to outside senders
//! ```

mod fold;
mod handle;
mod ids;
mod lane;
mod open;
mod prepare;
mod pump;
mod rate;
mod writer;

pub use self::fold::{DEFAULT_ABANDON_AFTER, SESSION_UPDATE_INTERVAL};
pub(crate) use self::handle::StartError;
pub use self::handle::{Counters, DEFAULT_INGEST_BYTES, INGEST_TIMEOUT, IngestRefused, Parts, Pipeline};
pub use self::ids::EVENT_ID_BLOCK;
pub use self::open::SPAN_UPDATE_INTERVAL;
pub use self::pump::{IDLE_PUMP_TICK, PUMP_TICK};
pub use self::writer::DEFAULT_STORE_BACKLOG_BYTES;
