//! Log records.

use std::time::Duration;

use super::super::call::Outcome;
use super::super::run::Run;
use super::models::{self, Teller, Tokens};
use super::threads::Threads;
use super::turns::Named;
use super::{LOGS, calls, hook, tools};
use crate::model::{AttributeValue, Reported, Timestamp, TraceId};
use crate::otlp::LogRecord;

/// What stands for a prompt that may not be sent.
const NOT_SENT: &str = "[REDACTED]";

/// The session that a log record is of, when it is one of Codex's: to be asked before [`log`].
pub(in super::super) fn session_of(threads: &mut Threads, record: &LogRecord) -> Option<String> {
    record.attributes.text("event.name")?.strip_prefix("codex.")?;
    let thread = record.attributes.text("conversation.id").filter(|thread| !thread.is_empty())?;
    Some(threads.heard(thread, record.trace_id))
}

/// Takes a log record in. Says whether that is all it tells: each piece of an answer is told of in a record of its own, and
/// nobody asked for those who watches a session.
pub(in super::super) fn log(run: &mut Run, record: &LogRecord, out: &mut Reported) -> bool {
    let (attributes, trace, at) = (&record.attributes, record.trace_id, record.time);
    let text = |name: &str| attributes.text(name).filter(|text| !text.is_empty());
    let number = |name: &str| attributes.get(name).and_then(AttributeValue::as_count);
    let thread = text("conversation.id").unwrap_or_default();
    let took = Duration::from_millis(number("duration_ms").unwrap_or(0));
    match text("event.name").unwrap_or_default() {
        "codex.conversation_starts" => {
            let provider = text("provider_name").map(str::to_lowercase);
            run.codex.provider = run.codex.provider.take().or(provider);
            return false;
        }
        "codex.user_prompt" => {
            let prompt = text("prompt").filter(|prompt| *prompt != NOT_SENT);
            prompted(run, (thread, trace), prompt, text("model"), at, out);
        }
        "codex.api_request" => {
            let status = number("http.response.status_code");
            run.codex.models.asked(thread, at.minus(took));
            if status.is_some_and(|status| status >= 400) || text("error.message").is_some() {
                let message = text("error.message").map(str::to_owned);
                let message = message.unwrap_or_else(|| format!("status {}", status.unwrap_or_default()));
                let call_id = format!("llm:{thread}:failed:{}", at.as_nanos());
                let within = context(run, thread, trace, at, out);
                let call = models::call(text("model"), run.codex.provider.as_deref())
                    .began(at.minus(took))
                    .below(within);
                let call = call.ended(at, Outcome::Failed("api_error", message));
                run.tell(LOGS, &call_id, call, at, out);
            }
        }
        "codex.sse_event" | "codex.websocket_event" => {
            let Some((input, output)) = number("input_token_count").zip(number("output_token_count")) else {
                return true;
            };
            let of = |name: &str| number(name).unwrap_or(0);
            let tokens = Tokens {
                input,
                output,
                cache_read: of("cached_token_count"),
                cache_write: of("cache_write_token_count"),
                reasoning: of("reasoning_token_count"),
            };
            let call_id = run.codex.models.call(thread, tokens, at, Teller::Log);
            let start = run.codex.models.answered(thread);
            let within = context(run, thread, trace, start.unwrap_or(at), out);
            let call = tokens.of(models::call(text("model"), run.codex.provider.as_deref()));
            run.tell(LOGS, &call_id, models::answered(call, start, at).below(within), at, out);
        }
        "codex.tool_result" => {
            let Some(id) = text("call_id") else { return false };
            let arguments = text("arguments");
            let input = arguments.and_then(|arguments| serde_json::from_str(arguments).ok());
            let call_id = run.codex.tools.named(id, input.as_ref().and_then(tools::input_of).as_deref());
            let within = context(run, thread, trace, at.minus(took), out);
            let (answer, success) =
                (text("output"), attributes.get("success").and_then(AttributeValue::as_bool));
            let mut call = tools::tool(text("tool_name").unwrap_or("tool"), Some(id))
                .below(within)
                .with_some("gen_ai.tool.call.arguments", arguments.map(str::to_owned))
                .with_some("gen_ai.tool.call.result", answer.map(str::to_owned))
                .with_some("mcp.server.name", text("mcp_server").map(str::to_owned))
                .ended(at, outcome(success, answer.unwrap_or_default()));
            tools::note_starter(run, &call, &call_id);
            tools::note_answer(run, LOGS, &call_id, answer, at, out);
            call.start = Some(at.minus(took));
            run.tell(LOGS, &call_id, call, at, out);
        }
        _ => return false,
    }
    // Nobody tells in a record that a turn is over: it lasts until the last record of it.
    let within =
        if thread == run.session() { run.codex.turns.at(thread, at) } else { Some(calls::agent(thread)) };
    within.iter().for_each(|within| run.extend(LOGS, within, at, out));
    true
}

/// A command that failed is told of as a success, with its exit code in the text.
fn outcome(success: Option<bool>, answer: &str) -> Outcome {
    if success == Some(false) {
        let line = answer.lines().next().unwrap_or_default();
        return Outcome::Failed("tool_error", line.to_owned());
    }
    let head = answer.lines().take_while(|line| *line != "Output:");
    let code = head.filter_map(|line| line.strip_prefix("Process exited with code ")).next();
    match code.filter(|code| *code != "0") {
        Some(code) => Outcome::Failed("command_failed", format!("exit code {code}")),
        None => Outcome::Ok,
    }
}

/// What a person asked, or, in a sub-agent, another agent.
fn prompted(
    run: &mut Run,
    (thread, trace): (&str, Option<TraceId>),
    prompt: Option<&str>,
    model: Option<&str>,
    at: Timestamp,
    out: &mut Reported,
) {
    if let Some(call_id) = context(run, thread, trace, at, out) {
        let call = if thread == run.session() { hook::turn() } else { tools::agent(thread, None) };
        let call = call
            .with_message("gen_ai.input.messages", "user", prompt)
            .with_some("gen_ai.request.model", model.map(str::to_owned));
        run.tell(LOGS, &call_id, call, at, out);
        if thread == run.session() {
            hook::title(run, &call_id, prompt, out);
        }
    }
}

/// The call that a record is said within, which is told of when nobody did: the turn's, or the sub-agent's.
fn context(
    run: &mut Run,
    thread: &str,
    trace: Option<TraceId>,
    at: Timestamp,
    out: &mut Reported,
) -> Option<String> {
    if thread != run.session() {
        let call_id = calls::agent(thread);
        if !run.knows(&call_id) {
            tools::make_agent_known(run, LOGS, thread, None, at, out);
            run.tell(LOGS, &call_id, tools::agent(thread, None).ended(at, Outcome::Ok), at, out);
        }
        return Some(call_id);
    }
    // Records of the model's answers have no trace: they are of whatever is under way.
    let under_way = if trace.is_none() { run.codex.turns.at(thread, at) } else { None };
    let call_id = under_way.unwrap_or_else(|| run.codex.turns.named(Named { thread, id: None, trace }, at));
    if !run.knows(&call_id) {
        run.recall_or_tell(LOGS, &call_id, hook::turn().began(at).ended(at, Outcome::Ok), at, out);
    }
    Some(call_id)
}
