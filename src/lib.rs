//! An embeddable inspector for AI agents.
//!
//! A host that runs agents mounts it in its own router, and from then on a person opens `/_inspector` and sees every agent
//! session, live and past: what runs, what failed and why, every model call and tool call with its attributes.
//!
//! ```no_run
//! use std::net::SocketAddr;
//!
//! use agent_inspector::Inspector;
//! use axum::Router;
//! use tracing_subscriber::prelude::*;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let inspector = Inspector::builder().build()?;
//! tracing_subscriber::registry().with(inspector.layer()).init();
//! let app: Router = Router::new().nest("/_inspector", inspector.router());
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! `into_make_service_with_connect_info` lets the inspector see that a caller is local; without it, callers need the token
//! ([`Inspector::sign_in_url`]).
//!
//! # Where sessions come from
//!
//! * [`Inspector::layer`]: spans of the `tracing` crate with `gen_ai.*`, `mcp.*` or `openinference.*` fields, and all spans
//!   within a session.
//! * [`Inspector::session`]: the explicit API, which works without `tracing`.
//! * `POST {mount}/v1/traces`: any OpenTelemetry program (feature `otlp`).
//! * Trace files that other processes write ([`InspectorBuilder::trace_files`]).
//! * [`registry::SessionRegistry`]: sessions that a framework of the host's knows, and with
//!   [`registry::SessionControl`] answers and cancels.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `ui` | yes | the page at `{mount}/ui/`, embedded |
//! | `sqlite` | yes | history on disk; without it history is bounded memory |
//! | `otlp` | yes | `POST {mount}/v1/traces` |
//! | `metrics` | yes | `GET {mount}/metrics`: OpenMetrics text |
//!
//! # What it promises
//!
//! Recording never waits, never fails and never panics into the host: a host's thread hands a record over, about a hundred
//! nanoseconds, and goes on. What does not fit is counted and shown. Secrets are masked before anything is published.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod model;

mod clock;
mod error;

mod bus;
pub mod redact;
pub mod registry;
pub mod sink;
pub mod store;

mod normalize;
#[cfg(feature = "otlp")]
mod otlp;

mod capture;
mod ingest;

mod pipeline;

mod import;

mod http;

mod inspector;

pub use self::bus::{DEFAULT_RING_BYTES, DEFAULT_RING_EVENTS};
pub use self::capture::{
    CaptureFilter, DEFAULT_EXCLUDED_TARGETS, EnteredContext, InSession, Inspect, InspectFuture,
    InspectOutput, InspectResult, MAX_HISTORY_BYTES, MAX_HISTORY_MESSAGES, SessionBuilder, SessionContext,
    SessionHandle, SpanGuard, current_session, current_traceparent, in_current_session,
};
pub use self::error::Error;
pub use self::http::{Access, DEFAULT_BODY_IDLE_TIMEOUT, DEFAULT_BODY_TIMEOUT, PublicPath};
pub use self::inspector::{Inspector, InspectorBuilder};
pub use self::pipeline::{DEFAULT_ABANDON_AFTER, DEFAULT_STORE_BACKLOG_BYTES};

#[cfg(feature = "otlp")]
#[doc(hidden)]
pub mod fuzzing;

#[cfg(test)]
#[cfg(feature = "otlp")]
mod real_inputs;
