//! A tower layer in front of an MCP server: what it is asked becomes spans of `mcp-inbound` sessions.
//!
//! A request is one JSON-RPC message and does not stream, so it is read, up to a bound, before the server gets it: only then
//! is known what the span is to be called. Answers pass by frame by frame.

mod arrival;
mod body;
mod call;
mod exchange;
mod headers;
mod message;
mod said;
mod scope;
#[cfg(feature = "rmcp")]
mod sdk;
mod service;
mod sessions;
mod sse;
mod talk;
mod wait;

use std::time::Duration;

pub use self::body::McpBody;
#[cfg(feature = "rmcp")]
pub use self::sdk::McpHandler;
pub use self::service::{McpLayer, McpService};

/// The largest request or answer, or event of a stream, that is looked into, in bytes. A larger one passes by.
pub const MAX_MCP_BODY_BYTES: usize = 256 * 1024;

/// The most sessions of MCP clients that are known at once; the one that was silent for longest is forgotten first.
pub const MAX_MCP_SESSIONS: usize = 1024;

/// The most requests, and the most questions to the client, that are known by their ids in one client's session.
pub const MAX_MCP_OPEN: usize = 1024;

/// How long a client's session lasts after its last request, unless the client ends it by `DELETE`.
pub const MCP_IDLE_SESSION: Duration = Duration::from_secs(30 * 60);

/// How long a session that is named by its caller's trace lasts after its last request.
pub const MCP_IDLE_REQUEST: Duration = Duration::from_secs(60);

/// What the layer's spans say of how they came here.
const SOURCE: &str = "mcp";

/// The bounds by name, for `/health`.
pub(crate) const fn bounds() -> [(&'static str, u64); 5] {
    [
        ("mcp_body_bytes", MAX_MCP_BODY_BYTES as u64),
        ("mcp_sessions", MAX_MCP_SESSIONS as u64),
        ("mcp_open_requests", MAX_MCP_OPEN as u64),
        ("mcp_session_idle_ms", MCP_IDLE_SESSION.as_secs() * 1000),
        ("mcp_request_idle_ms", MCP_IDLE_REQUEST.as_secs() * 1000),
    ]
}

/// How many messages a body has, as a request and as a stream of events that comes in two frames. For [`crate::fuzzing`].
#[cfg(feature = "otlp")]
pub(crate) fn messages(body: &[u8], cut: usize) -> usize {
    let mut found = 0;
    let mut look = |body: &[u8]| {
        for message in message::Message::read(body).unwrap_or_default() {
            let _ = message.params();
            let result = message.result.map(serde_json::value::RawValue::get).unwrap_or_default();
            let outcome: message::Outcome<'_> = serde_json::from_str(result).unwrap_or_default();
            _ = (outcome.words(), outcome.resource());
            found += 1;
        }
    };
    look(body);
    let (first, second) = body.split_at(cut.min(body.len()));
    let mut events = sse::Events::new(MAX_MCP_BODY_BYTES);
    for frame in [first, second] {
        events.feed(&bytes::Bytes::copy_from_slice(frame), |data| look(&data));
    }
    found
}
