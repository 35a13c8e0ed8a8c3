//! Lines that `claude -p --output-format stream-json` prints.
//!
//! They name the same calls as hooks, log records and transcripts do, so that they add to what these say. Their tokens are
//! those of the beginning of an answer; the sums come with the last line.

use std::time::Duration;

use serde_json::Value;

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, as_text, count, text};
use super::super::run::Run;
use super::transcript::{answer, parts};
use super::{AGENT, PROVIDER, calls};
use crate::model::{LONE_CALL, Reported, SUM_CALL, SessionChange, SpanKind, Timestamp};

/// The `source` of what lines tell.
const LINES: &str = "lines";

pub(super) fn line(run: &mut Run, payload: &Payload, arrived: Timestamp, out: &mut Reported) {
    let at = text(payload, "timestamp").and_then(|at| Timestamp::parse(at).ok()).unwrap_or(arrived);
    out.sessions.push(run.report(at, SessionChange::Heard));
    let empty = Payload::new();
    let message = payload.get("message").and_then(Value::as_object).unwrap_or(&empty);
    match (text(payload, "type"), text(payload, "subtype")) {
        (Some("system"), Some("init")) => began(run, payload, at, out),
        (Some("system"), Some("task_started")) => agent_started(run, payload, at, out),
        (Some("system"), Some("task_notification")) => {
            if let Some(agent) = text(payload, "task_id").map(calls::agent).filter(|agent| run.knows(agent)) {
                let summary = text(payload, "summary");
                let call = Call::new(SpanKind::Agent, "").ended(at, Outcome::Ok);
                let call = call.with_message("gen_ai.output.messages", "assistant", summary);
                run.tell(LINES, &agent, call, at, out);
            }
        }
        (Some("assistant"), _) => said(run, payload, message, at, out),
        (Some("user"), _) => tool_results(run, message, at, out),
        (Some("result"), _) => ended(run, payload, at, out),
        _ => {}
    }
}

/// What a line is said within: the sub-agent's call, or the turn that lines or hooks tell of.
fn context(run: &Run, payload: &Payload) -> Option<String> {
    text(payload, "agent_id").map(calls::agent).or_else(|| own_turn(run)).or_else(|| run.turn())
}

/// The turn that is under way as far as the lines say.
fn own_turn(run: &Run) -> Option<String> {
    run.open_call(|id, _| id.starts_with(LONE_CALL))
}

fn began(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    if own_turn(run).is_some() {
        return;
    }
    let id = format!("{LONE_CALL}{}", run.number("turn", at));
    let call = Call::new(SpanKind::Agent, format!("invoke_agent {AGENT}"))
        .began(at)
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", AGENT)
        .with("gen_ai.provider.name", PROVIDER)
        .with_some("gen_ai.request.model", text(payload, "model"))
        .with_some("claude_code.cwd", text(payload, "cwd"))
        .with_some("claude_code.permission_mode", text(payload, "permissionMode"));
    run.tell(LINES, &id, call, at, out);
}

fn agent_started(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let Some(id) = text(payload, "task_id").map(calls::agent) else { return };
    let name = text(payload, "subagent_type").unwrap_or("sub-agent");
    let tool = text(payload, "tool_use_id").map(calls::tool);
    if let Some(tool) = &tool {
        run.started_by(&id, tool);
    }
    let call = Call::new(SpanKind::Agent, format!("invoke_agent {name}"))
        .began(at)
        .below(tool)
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", name.to_owned())
        .with("gen_ai.provider.name", PROVIDER)
        .with_message("gen_ai.input.messages", "user", text(payload, "prompt"));
    run.tell(LINES, &id, call, at, out);
}

fn said(run: &mut Run, payload: &Payload, message: &Payload, at: Timestamp, out: &mut Reported) {
    let within = context(run, payload);
    let content = message.get("content").unwrap_or(&Value::Null);
    if let Some(id) = text(payload, "request_id").or_else(|| text(message, "id")).map(calls::llm) {
        let call = answer(text(message, "model"), &parts(content), text(message, "stop_reason"));
        run.tell(LINES, &id, call.ended(at, Outcome::Ok).likely_below(within.clone()), at, out);
    }
    for block in content.as_array().into_iter().flatten().filter_map(Value::as_object) {
        let (Some("tool_use"), Some(id)) = (text(block, "type"), text(block, "id")) else { continue };
        let name = text(block, "name").unwrap_or("tool");
        let call = Call::new(SpanKind::Tool, format!("execute_tool {name}"))
            .began(at)
            .below(within.clone())
            .with("gen_ai.operation.name", "execute_tool")
            .with("gen_ai.tool.name", name.to_owned())
            .with("gen_ai.tool.call.id", id.to_owned())
            .with_some("gen_ai.tool.call.arguments", block.get("input").map(as_text));
        run.tell(LINES, &calls::tool(id), call, at, out);
    }
}

fn tool_results(run: &mut Run, message: &Payload, at: Timestamp, out: &mut Reported) {
    let blocks = message.get("content").and_then(Value::as_array).into_iter().flatten();
    for block in blocks.filter_map(Value::as_object) {
        let Some(id) = text(block, "tool_use_id").map(calls::tool) else { continue };
        let result = block.get("content").map(as_text);
        let failed = block.get("is_error").and_then(Value::as_bool) == Some(true);
        let outcome = match failed {
            true => Outcome::Failed("tool_error", result.clone().unwrap_or_default()),
            false => Outcome::Ok,
        };
        let call = Call::new(SpanKind::Tool, "execute_tool").ended(at, outcome);
        run.tell(LINES, &id, call.with_some("gen_ai.tool.call.result", result), at, out);
    }
}

fn ended(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let failed = payload.get("is_error").and_then(Value::as_bool) == Some(true);
    let result = text(payload, "result");
    if let Some(turn) = own_turn(run) {
        let outcome = match failed {
            true => Outcome::Failed("api_error", result.unwrap_or_default().to_owned()),
            false => Outcome::Ok,
        };
        let call = Call::new(SpanKind::Agent, "").ended(at, outcome);
        run.tell(LINES, &turn, call.with_message("gen_ai.output.messages", "assistant", result), at, out);
    }
    let took = count(payload, "duration_ms").map_or(Duration::ZERO, Duration::from_millis);
    let models = payload.get("modelUsage").and_then(Value::as_object);
    for (model, used) in models.into_iter().flatten() {
        let Some(used) = used.as_object() else { continue };
        // All of the session until now, so that it replaces what an earlier line said.
        let tokens = |name| count(used, name).and_then(|tokens| i64::try_from(tokens).ok()).unwrap_or(0);
        let (read, write) = (tokens("cacheReadInputTokens"), tokens("cacheCreationInputTokens"));
        let call = Call::new(SpanKind::Llm, format!("model calls of {model}"))
            .began(at.minus(took))
            .ended(at, Outcome::Ok)
            .with("gen_ai.request.model", model.clone())
            .with("gen_ai.provider.name", PROVIDER)
            .with(
                "gen_ai.usage.input_tokens",
                tokens("inputTokens").saturating_add(read).saturating_add(write),
            )
            .with("gen_ai.usage.output_tokens", tokens("outputTokens"))
            .with("gen_ai.usage.cache_read.input_tokens", read)
            .with("gen_ai.usage.cache_creation.input_tokens", write)
            .with_some("gen_ai.usage.cost", used.get("costUSD").and_then(Value::as_f64))
            .replacing();
        run.tell(LINES, &format!("{SUM_CALL}lines:{model}"), call, at, out);
    }
}
