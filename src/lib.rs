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
//! * [`Inspector::layer`]: spans of the `tracing` crate with `gen_ai.*`, `mcp.*` or `openinference.*` fields, what is around
//!   and below them, and all spans within a session.
//! * `Inspector::span_processor` (feature `otel`): the same for hosts on the OpenTelemetry SDK.
//! * [`Inspector::session`]: the explicit API, which works without either.
//! * `POST {mount}/v1/traces` and `{mount}/v1/logs`: any OpenTelemetry program; `{mount}/hooks/…`: Claude Code and Codex;
//!   `{mount}/events`: any program (feature `otlp`).
//! * Trace files that other processes write ([`InspectorBuilder::trace_files`]).
//! * [`registry::SessionRegistry`]: sessions that a framework of the host's knows, and with
//!   [`registry::SessionControl`] answers and cancels.
//!
//! # What each source sees
//!
//! | | the layer | the span processor | the session API | `POST /v1/traces` |
//! |---|---|---|---|---|
//! | spans | in a session; with agent fields, and around and below these | in a session; with agent attributes, and whatever is open in their trace or begins in it later | those it opens | all that are sent |
//! | of these, visible while they run | all | all | all | those that are sent at their start |
//! | attributes | fields at creation and recorded later; of spans around an agent's only those recorded later | at the start, and all at the end | as they are set | as sent |
//! | events | `tracing` events in a recorded span | of the span, at its end | none; [`SessionHandle::emit`] publishes one at once | of the span |
//! | links | `follows_from` | yes | to a caller whose trace is another session's | yes |
//! | status | `otel.status_code`, `otel.status_message` | yes | [`SpanGuard::error`] | yes |
//! | resource, scope | the target as scope | both | neither | both |
//! | what it leaves out | what [`CaptureFilter`] leaves out, and what the host's own filters hide (`GET /health` says so) | spans that are not sampled; those of `tracing-opentelemetry` beside the layer | nothing | nothing |
//! | session of its own | the trace, named after its outermost span | the trace, named after its root | [`Inspector::session`] | the sender's, or the trace |
//!
//! An agent recorded by any of them looks the same. What happens inside [`SessionHandle::run`] belongs to that session,
//! whichever source tells of it; [`SessionContext`] says how to carry it to other threads and tasks, and `traceparent`
//! ([`SessionBuilder::traceparent`], [`current_traceparent`]) to other processes and from them.
//!
//! [`Inspect::inspect_as`] puts a value on the current span with one word:
//!
//! ```
//! use agent_inspector::Inspect;
//! # fn answer() -> u32 { 42 }
//! let answer = answer().inspect_as("answer");
//! ```
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `ui` | yes | the page at `{mount}/ui/`, embedded |
//! | `sqlite` | yes | history on disk; without it history is bounded memory |
//! | `otlp` | yes | what other programs report: `POST {mount}/v1/…`, `{mount}/hooks/…`, `{mount}/events` |
//! | `metrics` | yes | `GET {mount}/metrics`: OpenMetrics text |
//! | `control` | yes | sessions that wait for a person, are stepped through and cancelled: [`SessionHandle::wait_for`], [`SessionHandle::checkpoint`] |
//! | `mcp` | no | `Inspector::mcp_layer`, a tower layer: the requests to an MCP server of the host's become sessions |
//! | `rmcp` | no | `McpLayer::handler`: the same of the official Rust SDK's server, also over other transports |
//! | `otel` | no | `Inspector::span_processor`, for hosts on the OpenTelemetry SDK |
//! | `temporal` | no | [`registry::SessionRegistry`] over a Temporal service: its workflows, answered and cancelled |
//! | `cli` | no | the program `agent-inspector`, for those who have no Rust host |
//!
//! # What it promises
//!
//! Recording never waits, never fails and never panics into the host: a host's thread hands a record over, about a hundred
//! nanoseconds, and goes on. What does not fit is counted and shown. Secrets are masked before anything is published.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod model;

mod clock;
mod error;
mod work;

mod bus;
pub mod redact;
pub mod registry;
pub mod sink;
pub mod store;

mod normalize;
#[cfg(feature = "otlp")]
mod otlp;
mod pricing;

#[cfg(feature = "control")]
mod control;

mod capture;
mod ingest;

mod pipeline;

mod import;

mod http;

mod inspector;

pub use self::bus::{DEFAULT_RING_BYTES, DEFAULT_RING_EVENTS};
#[cfg(feature = "rmcp")]
#[cfg_attr(docsrs, doc(cfg(feature = "rmcp")))]
pub use self::capture::McpHandler;
pub use self::capture::{
    CaptureFilter, DEFAULT_EXCLUDED_TARGETS, EnteredContext, InSession, Inspect, InspectFuture,
    InspectOutput, InspectResult, MAX_HISTORY_BYTES, MAX_HISTORY_MESSAGES, SessionBuilder, SessionContext,
    SessionHandle, SpanGuard, current_session, current_traceparent, in_current_session,
};
#[cfg(feature = "control")]
#[cfg_attr(docsrs, doc(cfg(feature = "control")))]
pub use self::capture::{Checkpoint, Reaching, Step, WaitFor};
#[cfg(feature = "mcp")]
#[cfg_attr(docsrs, doc(cfg(feature = "mcp")))]
pub use self::capture::{
    MAX_MCP_BODY_BYTES, MAX_MCP_OPEN, MAX_MCP_SESSIONS, MCP_IDLE_REQUEST, MCP_IDLE_SESSION, McpBody,
    McpLayer, McpService,
};
#[cfg(feature = "control")]
#[cfg_attr(docsrs, doc(cfg(feature = "control")))]
pub use self::control::{Answer, MAX_BREAKPOINTS, MAX_OPEN_WAITS, WaitError};
pub use self::error::Error;
pub use self::http::{
    Access, DEFAULT_BODY_IDLE_TIMEOUT, DEFAULT_BODY_TIMEOUT, Events, Identity, PublicPath, Role,
};
pub use self::inspector::{Inspector, InspectorBuilder};
pub use self::pipeline::{DEFAULT_ABANDON_AFTER, DEFAULT_STORE_BACKLOG_BYTES};

/// The crate that derives an [`Answer`]'s schema from a type: `#[derive(schemars::JsonSchema)]`.
#[cfg(feature = "control")]
#[cfg_attr(docsrs, doc(cfg(feature = "control")))]
pub use schemars;

#[cfg(feature = "otlp")]
#[doc(hidden)]
pub mod fuzzing;

#[cfg(test)]
#[cfg(feature = "otlp")]
mod real_inputs;
