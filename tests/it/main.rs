//! Integration tests: through the mounted router, as a host and its visitors meet the inspector.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "what a test cannot do fails it")]

mod access;
mod capture;
mod faults;
mod floods;
mod heartbeat;
#[cfg(feature = "otlp")]
mod kill;
mod live;
mod losses;
#[cfg(feature = "metrics")]
mod metrics;
mod mount;
#[cfg(all(feature = "metrics", feature = "otlp"))]
mod openapi;
#[cfg(feature = "otlp")]
mod otlp;
mod redaction;
mod registry;
mod restart;
mod search;
mod serve;
#[cfg(feature = "otlp")]
mod siblings;
mod soak;
#[cfg(feature = "otlp")]
mod store_faults;
mod support;
mod traces;
#[cfg(feature = "ws")]
mod ws;
