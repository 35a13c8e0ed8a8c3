//! Integration tests: through the mounted router, as a host and its visitors meet the inspector.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "what a test cannot do fails it")]

mod access;
mod capture;
mod faults;
mod files;
#[cfg(feature = "sqlite")]
mod files_kill;
mod floods;
mod foreign_files;
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
mod serve;
#[cfg(feature = "otlp")]
mod siblings;
mod soak;
#[cfg(feature = "otlp")]
mod store_faults;
mod support;
mod trace_clients;
#[cfg(feature = "otlp")]
mod trace_joins;
mod traces;
#[cfg(feature = "ws")]
mod ws;
