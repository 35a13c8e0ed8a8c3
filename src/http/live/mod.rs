//! The live stream, and its transports over one reader.

mod filter;
mod reader;
mod sse;

pub(super) use self::sse::{__path_stream_events, stream_events};
