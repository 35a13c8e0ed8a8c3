//! What happens in the host becomes records.
//!
//! These doors lead here: the `tracing` layer ([`CaptureLayer`](layer::CaptureLayer)), the span processor of hosts on the
//! OpenTelemetry SDK (`otel`), the explicit session API ([`SessionHandle`], [`SpanGuard`]) and events. All end in the [`Lane`](lane::Lane), which never waits: the host's
//! thread hands a record over and goes on. It neither serialises a span nor redacts it, takes no id and wakes nobody.

#![cfg_attr(
    not(feature = "otel"),
    allow(dead_code, reason = "the door for spans of other libraries has no user then")
)]

mod around;
#[cfg(feature = "control")]
mod cancel;
mod carry;
#[cfg(feature = "control")]
mod checkpoint;
mod context;
mod enrich;
mod fields;
mod filter;
pub(crate) mod flat;
mod inspect;
pub(crate) mod lane;
mod layer;
#[cfg(feature = "mcp")]
mod mcp;
#[cfg(feature = "otel")]
mod otel;
pub(crate) mod record;
mod recorder;
mod session;
mod span;
mod spans;
mod traceparent;
mod visibility;
#[cfg(feature = "control")]
mod wait;

pub use self::carry::{EnteredContext, SessionContext, current_traceparent};
#[cfg(feature = "control")]
pub use self::checkpoint::{Checkpoint, Reaching, Step};
pub use self::context::{InSession, current_session, in_current_session};
pub use self::enrich::{MAX_HISTORY_BYTES, MAX_HISTORY_MESSAGES};
pub use self::filter::{CaptureFilter, DEFAULT_EXCLUDED_TARGETS};
pub use self::inspect::{Inspect, InspectFuture, InspectOutput, InspectResult};
pub(crate) use self::layer::CaptureLayer;
#[cfg(feature = "rmcp")]
pub use self::mcp::McpHandler;
#[cfg(feature = "mcp")]
pub(crate) use self::mcp::bounds as mcp_bounds;
#[cfg(all(feature = "mcp", feature = "otlp"))]
pub(crate) use self::mcp::messages as mcp_messages;
#[cfg(feature = "mcp")]
pub use self::mcp::{
    MAX_MCP_BODY_BYTES, MAX_MCP_OPEN, MAX_MCP_SESSIONS, MCP_IDLE_REQUEST, MCP_IDLE_SESSION, McpBody,
    McpLayer, McpService,
};
#[cfg(feature = "otel")]
pub(crate) use self::otel::CaptureProcessor;
pub(crate) use self::recorder::Recorder;
pub use self::session::{SessionBuilder, SessionHandle};
pub use self::span::SpanGuard;
#[cfg(feature = "control")]
pub use self::wait::WaitFor;
