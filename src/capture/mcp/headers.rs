//! The headers that are looked at, parsed once: each request is asked for all of them.

use axum::http::HeaderName;

/// By which a client names its session with the server, up to revision 2025-11-25.
pub(super) static MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The revision of the protocol.
pub(super) static MCP_PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// The method, from revision 2026-07-28 on.
pub(super) static MCP_METHOD: HeaderName = HeaderName::from_static("mcp-method");

/// The name of the tool or prompt, or the address of the resource, from revision 2026-07-28 on.
pub(super) static MCP_NAME: HeaderName = HeaderName::from_static("mcp-name");

/// A name for the request, given by whoever sends it on.
pub(super) static MCP_REQUEST_ID: HeaderName = HeaderName::from_static("x-mcp-request-id");

/// The caller's span, as W3C Trace Context writes it.
pub(super) static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What belongs to it.
pub(super) static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
