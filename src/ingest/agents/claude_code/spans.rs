//! The spans that Claude Code itself reports.

use std::time::Duration;

use super::super::call::{Call, Outcome};
use super::super::run::Run;
use super::calls;
use crate::model::{AttributeValue, Reported, Span, SpanKind, StatusCode};

/// The scope of its spans.
const SCOPE: &str = "com.anthropic.claude_code";

/// How far the beginning of a turn as a span and as a hook may lie apart.
const SAME_TURN: Duration = Duration::from_secs(5);

/// The session that a span is of, when it is one of Claude Code's.
pub(in super::super) fn session_of(span: &Span) -> Option<String> {
    let session = || span.attributes.text("session.id").filter(|id| !id.is_empty());
    span.scope.name.starts_with(SCOPE).then(session).flatten().map(str::to_owned)
}

/// Completes a span, and learns from it.
pub(in super::super) fn observe(run: &mut Run, span: &mut Span, out: &mut Reported) {
    let text = |name: &str| span.attributes.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let call_id = match text("span.type").as_deref() {
        Some("interaction") => {
            run.observe_turn(span, SAME_TURN, out);
            None
        }
        Some("llm_request") => text("request_id").map(|id| calls::llm(&id)),
        Some("tool") => text("tool_use_id").map(|id| calls::tool(&id)),
        Some("tool.execution") => {
            execution(run, span, out);
            None
        }
        // Parts of calls, and what the program does for itself. A sub-agent's start and an MCP request tell more.
        Some(kind) => {
            span.detail = !matches!(kind, "subagent.spawn" | "mcp.rpc" | "compaction");
            None
        }
        None => None,
    };
    if let Some(call_id) = call_id {
        run.observe(&call_id, span, out);
    }
}

/// The part of a tool call that runs it. Whether it failed is said there, and not on the call.
fn execution(run: &mut Run, span: &mut Span, out: &mut Reported) {
    span.detail = true;
    let Some(id) = span.attributes.text("tool_use_id").map(calls::tool) else { return };
    let succeeded = span.attributes.get("success").and_then(AttributeValue::as_bool);
    if span.status.code == StatusCode::Error || succeeded == Some(false) {
        let message = span.attributes.text("error").map(str::to_owned);
        let message = message.or_else(|| span.status.message.clone()).unwrap_or_default();
        let end = span.end_time.unwrap_or(span.start_time);
        let call = Call::new(SpanKind::Tool, "execute_tool")
            .began(span.start_time)
            .ended(end, Outcome::Failed("tool_error", message));
        run.note(&id, call, end, out);
    }
}
