//! The pump and the store writer.

mod handle;

pub use self::handle::{Counters, IngestRefused, Pipeline};
