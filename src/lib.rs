//! An embeddable inspector for AI agents.

pub mod model;

mod bus;
#[cfg(feature = "otlp")]
mod otlp;
pub mod registry;
pub mod store;

#[cfg(feature = "otlp")]
mod ingest;
pub mod pipeline;

mod http;

#[cfg(feature = "otlp")]
#[doc(hidden)]
pub mod fuzzing;
