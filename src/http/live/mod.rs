//! The live stream, and its transports over one reader.

mod begin;
mod filter;
mod gap;
mod host;
mod reader;
mod readers;
mod sse;
#[cfg(feature = "ws")]
mod ws;

pub use self::host::Events;
pub(crate) use self::reader::{CATCHING_UP, STORE_CATCH_UP, WAITING_TO_CATCH_UP};
pub(super) use self::readers::Held;
pub(crate) use self::readers::{MAX_STREAMS, Place, Readers, SLOW_READER_CUT};
pub(super) use self::sse::{__path_stream_events, stream_events};
#[cfg(feature = "ws")]
pub(super) use self::ws::{__path_stream_events_ws, stream_events_ws};
