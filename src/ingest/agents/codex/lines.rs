//! The lines that `codex exec --json` prints.
//!
//! They say when a turn and its items begin and end, and have no ids that others know. Nothing is said of the model's calls but
//! the tokens of all together, in the whole session and not in the turn.

use serde_json::Value;

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, as_text, publish, text};
use super::super::run::Run;
use super::models::Tokens;
use super::{LINES, hook, tools};
use crate::model::{Reported, SUM_CALL, SessionChange, SpanKind, Timestamp};

/// Takes a line in.
pub(super) fn line(run: &mut Run, thread: &str, line: &Payload, at: Timestamp, out: &mut Reported) {
    out.sessions.push(run.report(at, SessionChange::Heard));
    let kind = text(line, "type").unwrap_or_default();
    match kind {
        "thread.started" => {}
        "turn.started" => {
            let call_id = run.codex.turns.printed(thread, at);
            run.tell(LINES, &call_id, hook::turn().began(at), at, out);
        }
        "turn.completed" => {
            usage(run, thread, line, at, out);
            ended(run, thread, Outcome::Ok, at, out);
        }
        "turn.failed" => {
            let error =
                line.get("error").map(|error| error.get("message").map_or_else(|| as_text(error), as_text));
            ended(run, thread, Outcome::Failed("turn_failed", error.unwrap_or_default()), at, out);
        }
        "item.started" | "item.updated" | "item.completed" => {
            let Some(Value::Object(item)) = line.get("item") else { return };
            self::item(run, thread, item, kind == "item.completed", at, out);
        }
        // The turn says the same once more when it fails.
        _ => publish(run, kind, line, at, out),
    }
}

fn turn(run: &mut Run, thread: &str, at: Timestamp) -> String {
    let known = run.codex.turns.last_printed(thread);
    known.unwrap_or_else(|| run.codex.turns.printed(thread, at))
}

fn ended(run: &mut Run, thread: &str, outcome: Outcome, at: Timestamp, out: &mut Reported) {
    let call_id = turn(run, thread, at);
    run.tell(LINES, &call_id, hook::turn().ended(at, outcome), at, out);
}

/// What all model calls of the session cost so far, for a session of which nothing else is said.
fn usage(run: &mut Run, thread: &str, line: &Payload, at: Timestamp, out: &mut Reported) {
    let Some(Value::Object(usage)) = line.get("usage") else { return };
    let within = turn(run, thread, at);
    let call = Tokens::read(usage)
        .of(Call::new(SpanKind::Llm, "model calls"))
        .ended(at, Outcome::Ok)
        .below(Some(within));
    run.tell(LINES, &format!("{SUM_CALL}{thread}"), call.replacing(), at, out);
}

fn item(run: &mut Run, thread: &str, item: &Payload, is_over: bool, at: Timestamp, out: &mut Reported) {
    let kind = text(item, "type").unwrap_or_default();
    match kind {
        "agent_message" => {
            let call_id = turn(run, thread, at);
            let answer = text(item, "text");
            let call = hook::turn().with_message("gen_ai.output.messages", "assistant", answer).replacing();
            run.tell(LINES, &call_id, call, at, out);
        }
        "command_execution" => {
            let command = text(item, "command").unwrap_or_default().to_owned();
            let failed = text(item, "status").is_some_and(|status| status != "completed");
            let code = item.get("exit_code").filter(|code| !code.is_null()).map(as_text);
            let error =
                || code.map_or_else(|| "it did not run".to_owned(), |code| format!("exit code {code}"));
            let outcome = if failed { Outcome::Failed("command_failed", error()) } else { Outcome::Ok };
            let call = tools::tool("shell", None)
                .with("gen_ai.tool.call.arguments", serde_json::json!({"command": command}).to_string());
            let printed = item.get("aggregated_output").filter(|_| is_over).map(as_text);
            let call = call.with_some("gen_ai.tool.call.result", printed);
            call_of(run, thread, item, (&command, call), is_over.then_some(outcome), at, out);
        }
        "mcp_tool_call" => {
            let (server, name) =
                (text(item, "server").unwrap_or("mcp"), text(item, "tool").unwrap_or("tool"));
            let input = item.get("arguments").map(as_text).unwrap_or_default();
            let call = tools::tool(&format!("mcp__{server}__{name}"), None)
                .with("gen_ai.tool.call.arguments", input.clone())
                .with_some(
                    "gen_ai.tool.call.result",
                    item.get("result").filter(|result| !result.is_null()).map(as_text),
                );
            call_of(run, thread, item, (&input, call), is_over.then(|| outcome(item)), at, out);
        }
        "collab_tool_call" => {
            // `wait` is the tool `wait_agent`, and so on.
            let name = text(item, "tool").unwrap_or("agent");
            let input = text(item, "prompt").unwrap_or(name).to_owned();
            let name = if name.ends_with("_agent") { name.to_owned() } else { format!("{name}_agent") };
            let call = tools::tool(&name, None)
                .with("gen_ai.tool.call.arguments", Value::Object(item.clone()).to_string());
            call_of(run, thread, item, (&input, call), is_over.then(|| outcome(item)), at, out);
        }
        "file_change" | "web_search" => {
            let name = if kind == "file_change" { "apply_patch" } else { kind };
            let input = item.get("changes").or_else(|| item.get("query")).map(as_text).unwrap_or_default();
            let call = tools::tool(name, None).with("gen_ai.tool.call.arguments", input.clone());
            call_of(run, thread, item, (&input, call), is_over.then(|| outcome(item)), at, out);
        }
        // Reasoning, plans, and warnings, which the program prints as items of the type `error`.
        _ if is_over => publish(run, kind, item, at, out),
        _ => {}
    }
}

fn outcome(item: &Payload) -> Outcome {
    match text(item, "status") {
        Some("failed" | "declined") => {
            let error = item.get("error").filter(|error| !error.is_null());
            let error = error.map(|error| error.get("message").map_or_else(|| as_text(error), as_text));
            Outcome::Failed("tool_error", error.unwrap_or_default())
        }
        _ => Outcome::Ok,
    }
}

fn call_of(
    run: &mut Run,
    thread: &str,
    item: &Payload,
    (input, call): (&str, Call),
    ended: Option<Outcome>,
    at: Timestamp,
    out: &mut Reported,
) {
    let within = turn(run, thread, at);
    // The items of each process are numbered from 0.
    let id = format!("{within}:{}", text(item, "id").unwrap_or_default());
    let call_id = run.codex.tools.printed(&id, input);
    let call = call.below(Some(within));
    let call = match ended {
        Some(outcome) => call.ended(at, outcome),
        None => call.began(at),
    };
    run.tell(LINES, &call_id, call, at, out);
}
