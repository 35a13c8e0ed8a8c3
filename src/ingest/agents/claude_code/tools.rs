//! Tool calls, as hooks tell of them.

use std::time::Duration;

use serde_json::Value;

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, as_text, count, same_call, text};
use super::super::run::Run;
use super::hook::{context, make_context_known};
use super::{HOOKS, calls};
use crate::model::{Reported, Span, SpanKind, Timestamp};

/// The tools that start sub-agents.
const AGENT_TOOLS: [&str; 2] = ["Task", "Agent"];

/// Whether a call is of a tool that starts sub-agents.
pub(super) fn starts_agents(span: &Span) -> bool {
    span.attributes.text("gen_ai.tool.name").is_some_and(|name| AGENT_TOOLS.contains(&name))
}

/// A call of the tool that a payload names, with what it was called with.
pub(super) fn tool(payload: &Payload) -> Call {
    let name = text(payload, "tool_name").unwrap_or("tool");
    let call = Call::new(SpanKind::Tool, format!("execute_tool {name}"))
        .with("gen_ai.operation.name", "execute_tool")
        .with("gen_ai.tool.name", name.to_owned())
        .with_some("gen_ai.tool.call.id", text(payload, "tool_use_id"))
        .with_some("gen_ai.tool.call.arguments", payload.get("tool_input").map(as_text));
    // mcp__<server>__<tool>
    let server = name.strip_prefix("mcp__").and_then(|rest| rest.split("__").next());
    call.with_some("mcp.server.name", server)
}

/// The call id: the program's, or for an old payload without one that of the open call with the same tool and input.
fn id_of(run: &mut Run, payload: &Payload, at: Timestamp, begins: bool) -> String {
    if let Some(id) = text(payload, "tool_use_id") {
        return calls::tool(id);
    }
    let open = if begins { None } else { same_call(run, payload) };
    open.unwrap_or_else(|| run.number("tool", at))
}

pub(super) fn began(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    make_context_known(run, payload, at, out);
    let (id, within) = (id_of(run, payload, at, true), context(run, payload));
    run.tell(HOOKS, &id, tool(payload).began(at).below(within), at, out);
}

pub(super) fn ended(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let response = payload.get("tool_response");
    end(run, payload, at, Outcome::Ok, response.map(as_text), out);
    // Here is said which agent it started, which was only likely before.
    let agent = response.and_then(|response| response.get("agentId")).and_then(Value::as_str);
    if let (Some(agent), Some(tool)) =
        (agent.map(calls::agent), text(payload, "tool_use_id").map(calls::tool))
    {
        run.started_by(&agent, &tool);
        if run.knows(&agent) {
            run.tell(HOOKS, &agent, Call::new(SpanKind::Agent, "").below(Some(tool)), at, out);
        }
    }
}

pub(super) fn failed(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let error = payload.get("error").map(as_text).unwrap_or_default();
    let interrupted = payload.get("is_interrupt").and_then(Value::as_bool) == Some(true);
    let kind = if interrupted { "interrupted" } else { "tool_error" };
    end(run, payload, at, Outcome::Failed(kind, error.clone()), Some(error), out);
}

pub(super) fn denied(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let reason = text(payload, "reason").unwrap_or("permission was denied").to_owned();
    end(run, payload, at, Outcome::Failed("permission_denied", reason), None, out);
}

fn end(
    run: &mut Run,
    payload: &Payload,
    at: Timestamp,
    outcome: Outcome,
    result: Option<String>,
    out: &mut Reported,
) {
    make_context_known(run, payload, at, out);
    let (id, within) = (id_of(run, payload, at, false), context(run, payload));
    let took = count(payload, "duration_ms").map(Duration::from_millis);
    let mut call = tool(payload).ended(at, outcome).below(within);
    // Who heard of the beginning knows better.
    if !run.knows(&id) {
        call.start = Some(took.map_or(at, |took| at.minus(took)));
    }
    run.tell(HOOKS, &id, call.with_some("gen_ai.tool.call.result", result), at, out);
}

/// All calls that the model asked for at once, with what it is told of them. Each was told of before by a hook of its own,
/// unless the program's version or settings left that out.
pub(super) fn batch(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let Some(Value::Array(batch)) = payload.get("tool_calls") else { return };
    for call in batch {
        let Value::Object(call) = call else { continue };
        let Some(id) = text(call, "tool_use_id").map(calls::tool) else { continue };
        let open = run.open_call(|open, _| open == id).is_some();
        if open || !run.knows(&id) {
            let mut call = call.clone();
            for name in ["prompt_id", "agent_id", "agent_type"] {
                call.extend(payload.get(name).map(|value| (name.to_owned(), value.clone())));
            }
            if run.asked.contains(&id) {
                // A refused call has no end of its own; this is what the model is told instead of a result.
                let told = call.get("tool_response").map(as_text).unwrap_or_default();
                end(run, &call, at, Outcome::Failed("permission_denied", told), None, out);
            } else {
                ended(run, &call, at, out);
            }
        }
    }
}
