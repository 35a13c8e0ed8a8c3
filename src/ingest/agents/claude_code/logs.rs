//! The log records that Claude Code sends: each tells of a call when it is over.

use std::time::Duration;

use super::super::call::{Call, Outcome};
use super::super::run::Run;
use super::{AGENT, PROVIDER, calls, waits};
use crate::model::{AttributeValue, Attributes, Reported, SpanKind, Timestamp};
use crate::otlp::LogRecord;

/// The scope of its records.
const SCOPE: &str = "com.anthropic.claude_code.events";

/// The `source` of what records tell.
const LOGS: &str = "logs";

/// What the program writes where it may not write what was said.
const REDACTED: &str = "<REDACTED>";

/// The session that a record is of, when it is one of Claude Code's.
pub(in super::super) fn session_of_log(record: &LogRecord) -> Option<String> {
    let session = || text(&record.attributes, "session.id").map(str::to_owned);
    (record.scope.name == SCOPE).then(session).flatten()
}

/// Takes a record in, if it tells of a call; says whether it does.
pub(in super::super) fn log(run: &mut Run, record: &LogRecord, out: &mut Reported) -> bool {
    let attributes = &record.attributes;
    let name = record.event_name.as_deref().or_else(|| text(attributes, "event.name")).unwrap_or_default();
    let within = within(run, record, out);
    match name.strip_prefix("claude_code.").unwrap_or(name) {
        "user_prompt" => prompt(run, record, out),
        "api_request" => request(run, record, within, out),
        "api_error" => error(run, record, within, out),
        "assistant_response" => {
            let Some(id) = text(attributes, "request_id").map(calls::llm) else { return false };
            let answer = text(attributes, "response").filter(|text| *text != REDACTED);
            let call = llm(attributes).with_message("gen_ai.output.messages", "assistant", answer);
            run.tell(LOGS, &id, call.within(within).ended(record.time, Outcome::Ok), record.time, out);
        }
        "tool_decision" => return decision(run, record, within, out),
        "tool_result" => tool(run, record, within, out),
        _ => return false,
    }
    true
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.text(name).map(str::trim).filter(|text| !text.is_empty())
}

/// What a record is said within, the sub-agent's call or the turn, and whether that is only likely.
fn within(run: &mut Run, record: &LogRecord, out: &mut Reported) -> Option<(String, bool)> {
    let turn = text(&record.attributes, "prompt.id").map(calls::turn);
    if let Some(turn) = &turn
        && let (Some(trace), Some(span)) = (record.trace_id, record.span_id)
        && text(&record.attributes, "event.name") != Some("tool_decision")
    {
        run.begin_turn(turn, record.time);
        run.turn_is(turn, (trace, span), out);
    }
    let said = text(&record.attributes, "agent_id").map(calls::agent).or(turn);
    said.map(|said| (said, false)).or_else(|| Some((run.turn()?, true)))
}

fn count(attributes: &Attributes, name: &str) -> Option<i64> {
    attributes.get(name).and_then(AttributeValue::as_count).and_then(|count| i64::try_from(count).ok())
}

/// A call that ended when the record was written, and when it began.
fn over(call: Call, record: &LogRecord, outcome: Outcome) -> Call {
    let took = count(&record.attributes, "duration_ms").and_then(|took| u64::try_from(took).ok());
    let began: Timestamp = record.time.minus(Duration::from_millis(took.unwrap_or(0)));
    call.began(began).ended(record.time, outcome)
}

fn prompt(run: &mut Run, record: &LogRecord, out: &mut Reported) {
    let attributes = &record.attributes;
    let id = text(attributes, "prompt.id").map_or_else(|| run.number("turn", record.time), calls::turn);
    run.begin_turn(&id, record.time);
    let prompt = text(attributes, "prompt").filter(|prompt| *prompt != REDACTED);
    if run.knows(&id) {
        // Hooks tell of the turn while it goes on, and when it ends.
        let call = Call::new(SpanKind::Agent, "").with_message("gen_ai.input.messages", "user", prompt);
        return run.tell(LOGS, &id, call, record.time, out);
    }
    // Nobody tells when it ends: with the last of its parts, as far as was told.
    let call = Call::new(SpanKind::Agent, format!("invoke_agent {AGENT}"))
        .began(record.time)
        .ended(record.time, Outcome::Ok)
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", AGENT)
        .with("gen_ai.provider.name", PROVIDER)
        .with_message("gen_ai.input.messages", "user", prompt);
    run.tell(LOGS, &id, call, record.time, out);
    let mut report = run.report(record.time, crate::model::SessionChange::Heard);
    report.title = prompt.map(str::to_owned);
    out.sessions.push(report);
}

fn llm(attributes: &Attributes) -> Call {
    let model = text(attributes, "model");
    Call::new(SpanKind::Llm, format!("chat {}", model.unwrap_or("claude")))
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.provider.name", PROVIDER)
        .with_some("gen_ai.request.model", model)
}

fn request(run: &mut Run, record: &LogRecord, within: Option<(String, bool)>, out: &mut Reported) {
    let attributes = &record.attributes;
    let id = text(attributes, "request_id").map_or_else(|| run.number("llm", record.time), calls::llm);
    let tokens = |name| count(attributes, name);
    let (read, write) = (tokens("cache_read_tokens"), tokens("cache_creation_tokens"));
    // Anthropic counts the cached part beside the input, OpenTelemetry within.
    let input = tokens("input_tokens")
        .map(|input| input.saturating_add(read.unwrap_or(0)).saturating_add(write.unwrap_or(0)));
    let call = over(llm(attributes), record, Outcome::Ok)
        .within(within.clone())
        .with_some("gen_ai.usage.input_tokens", input)
        .with_some("gen_ai.usage.output_tokens", tokens("output_tokens"))
        .with_some("gen_ai.usage.cache_read.input_tokens", read)
        .with_some("gen_ai.usage.cache_creation.input_tokens", write)
        .with_some("gen_ai.usage.cost", attributes.get("cost_usd").and_then(AttributeValue::as_f64))
        .with_some("claude_code.query_source", text(attributes, "query_source"));
    run.tell(LOGS, &id, call, record.time, out);
    go_on(run, within, record.time, out);
}

fn error(run: &mut Run, record: &LogRecord, within: Option<(String, bool)>, out: &mut Reported) {
    let attributes = &record.attributes;
    let id = text(attributes, "request_id").map_or_else(|| run.number("llm", record.time), calls::llm);
    let message = text(attributes, "error").unwrap_or("the request failed").to_owned();
    let call = over(llm(attributes), record, Outcome::Failed("api_error", message))
        .within(within.clone())
        .with_some("http.response.status_code", count(attributes, "status_code"))
        .with_some("claude_code.attempt", count(attributes, "attempt"));
    run.tell(LOGS, &id, call, record.time, out);
    go_on(run, within, record.time, out);
}

fn decision(run: &mut Run, record: &LogRecord, within: Option<(String, bool)>, out: &mut Reported) -> bool {
    let attributes = &record.attributes;
    let Some(id) = text(attributes, "tool_use_id").map(calls::tool) else { return false };
    waits::decided(run, &id, record.time, out);
    let decided = text(attributes, "decision").unwrap_or_default();
    let call = Call::new(SpanKind::Tool, "execute_tool")
        .with_some("claude_code.decision", text(attributes, "decision"))
        .with_some("claude_code.decision.source", text(attributes, "source"));
    if decided == "reject" {
        // There is no other word of a refused call.
        let name = text(attributes, "tool_name").unwrap_or("tool");
        let refused = Outcome::Failed("permission_denied", "permission was denied".to_owned());
        let mut call = call.ended(record.time, refused).within(within);
        call.name = format!("execute_tool {name}");
        let call =
            call.with("gen_ai.operation.name", "execute_tool").with("gen_ai.tool.name", name.to_owned());
        run.tell(LOGS, &id, call, record.time, out);
    } else {
        run.note(&id, call, record.time, out);
    }
    true
}

fn tool(run: &mut Run, record: &LogRecord, within: Option<(String, bool)>, out: &mut Reported) {
    let attributes = &record.attributes;
    let id = text(attributes, "tool_use_id").map_or_else(|| run.number("tool", record.time), calls::tool);
    let name = text(attributes, "tool_name").unwrap_or("tool");
    let failed = attributes.get("success").and_then(AttributeValue::as_bool) == Some(false);
    let outcome = match failed {
        true => Outcome::Failed("tool_error", text(attributes, "error").unwrap_or_default().to_owned()),
        false => Outcome::Ok,
    };
    let input = text(attributes, "tool_input").or_else(|| text(attributes, "tool_parameters"));
    let call = over(Call::new(SpanKind::Tool, format!("execute_tool {name}")), record, outcome)
        .within(within.clone())
        .with("gen_ai.operation.name", "execute_tool")
        .with("gen_ai.tool.name", name.to_owned())
        .with_some("gen_ai.tool.call.id", text(attributes, "tool_use_id"))
        .with_some("gen_ai.tool.call.arguments", input);
    run.tell(LOGS, &id, call, record.time, out);
    go_on(run, within, record.time, out);
}

/// A turn that only records tell of goes on as long as its parts do.
fn go_on(run: &mut Run, within: Option<(String, bool)>, at: Timestamp, out: &mut Reported) {
    if let Some((turn, _)) = within.filter(|(within, _)| within.starts_with("turn:")) {
        run.extend(LOGS, &turn, at, out);
    }
}
