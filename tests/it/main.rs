//! Integration tests: through the mounted router, as a host and its visitors meet the inspector.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "what a test cannot do fails it")]

mod access;
#[cfg(all(feature = "metrics", feature = "otlp", feature = "sqlite", feature = "ws"))]
mod api_docs;
mod capture;
#[cfg(feature = "otlp")]
mod claude_code;
#[cfg(feature = "otlp")]
mod codex;
#[cfg(feature = "otlp")]
mod content;
mod context;
#[cfg(all(feature = "otlp", feature = "sqlite"))]
mod crashes;
mod enrich;
#[cfg(feature = "sqlite")]
mod erased;
#[cfg(feature = "otlp")]
mod export;
#[cfg(feature = "otlp")]
mod exporters;
mod faults;
mod files;
#[cfg(feature = "sqlite")]
mod files_kill;
mod filters;
mod floods;
mod foreign_files;
mod foreign_store;
#[cfg(all(target_os = "linux", feature = "otlp", feature = "sqlite"))]
mod full_disk;
mod heartbeat;
mod host_events;
mod keep;
#[cfg(feature = "otlp")]
mod kill;
mod leaks;
#[cfg(all(feature = "control", feature = "otlp"))]
mod limits;
mod live;
#[cfg(all(feature = "otlp", feature = "sqlite"))]
mod locked;
mod losses;
#[cfg(feature = "mcp")]
mod mcp;
#[cfg(feature = "metrics")]
mod metrics;
mod mount;
#[cfg(all(feature = "metrics", feature = "otlp"))]
mod openapi;
#[cfg(all(feature = "otlp", feature = "sqlite"))]
mod orders;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod otlp_bad;
#[cfg(feature = "otlp")]
mod otlp_listener;
#[cfg(feature = "otlp")]
mod otlp_logs;
#[cfg(feature = "otlp")]
mod otlp_metrics;
#[cfg(all(feature = "control", feature = "otlp"))]
mod permission;
mod planted;
#[cfg(feature = "otlp")]
mod posted_events;
#[cfg(feature = "otlp")]
mod prices;
#[cfg(feature = "otlp")]
mod recordings;
mod redaction;
mod registry;
mod registry_spans;
mod restart;
#[cfg(all(feature = "control", feature = "metrics", feature = "otlp", feature = "ws"))]
mod roles;
#[cfg(feature = "otlp")]
mod running;
mod search;
mod serve;
mod sessions;
#[cfg(feature = "otlp")]
mod siblings;
mod soak;
#[cfg(feature = "otel")]
mod sources;
#[cfg(feature = "control")]
mod stepping;
#[cfg(feature = "otlp")]
mod store_faults;
mod support;
mod surroundings;
mod trace_clients;
#[cfg(feature = "otlp")]
mod trace_joins;
mod traces;
#[cfg(feature = "control")]
mod waiting;
#[cfg(feature = "ws")]
mod ws;
