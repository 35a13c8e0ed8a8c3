//! An embeddable inspector for AI agents.

pub mod model;

mod bus;
mod normalize;
#[cfg(feature = "otlp")]
mod otlp;
pub mod redact;
pub mod registry;
pub mod store;

#[cfg(feature = "otlp")]
mod ingest;
pub mod pipeline;

mod http;

#[cfg(feature = "otlp")]
#[doc(hidden)]
pub mod fuzzing;

#[cfg(all(test, feature = "otlp"))]
mod real_inputs;
