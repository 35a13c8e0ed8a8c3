//! A tower layer in front of an MCP server: what it is asked becomes spans of `mcp-inbound` sessions.
//!
//! A request is one JSON-RPC message and does not stream, so it is read, up to a bound, before the server gets it: only then
//! is known what the span is to be called. Answers pass by frame by frame.

mod body;
mod exchange;
mod message;
mod service;
mod sessions;
mod sse;

use std::time::Duration;

pub use self::body::McpBody;
pub use self::service::{McpLayer, McpService};

/// The largest request or answer, or event of a stream, that is looked into, in bytes. A larger one passes by.
pub const MAX_MCP_BODY_BYTES: usize = 256 * 1024;

/// The most sessions of MCP clients that are known at once; the one that was silent for longest is forgotten first.
pub const MAX_MCP_SESSIONS: usize = 1024;

/// After which silence a client's session is over, unless it ends it by `DELETE`. Looked at whenever a request comes.
pub const MCP_IDLE_SESSION: Duration = Duration::from_secs(30 * 60);
