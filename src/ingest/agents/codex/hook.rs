//! A hook's payload, and a notification's.

use serde_json::Value;

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, as_text, publish, same_call, text};
use super::super::run::Run;
use super::super::wait;
use super::turns::Named;
use super::{AGENT, HOOKS, calls, tools};
use crate::model::{Reported, SessionChange, SessionReport, SpanKind, Timestamp};

/// Takes a hook's payload in. Whatever it is, its session is known from then on.
pub(super) fn hook(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let event = text(payload, "hook_event_name").unwrap_or_default();
    out.sessions.push(run.report(at, SessionChange::Heard));
    for name in ["transcript_path", "agent_transcript_path"] {
        text(payload, name).map(|path| run.codex.rollouts.know(path));
    }
    if ["Stop", "StopFailure", "Interrupt", "SubagentStop", "SessionEnd"].contains(&event) {
        run.codex.rollouts.look_again();
    }
    if event != "PermissionRequest" {
        wait::end_of(run, HOOKS, text(payload, "agent_id"), at, out);
    }
    match event {
        "SessionStart" => {
            // A compaction goes on in the midst of a turn.
            if text(payload, "source") != Some("compact") {
                out.sessions.push(run.report(at, SessionChange::Began));
            }
            publish(run, event, payload, at, out);
        }
        "SessionEnd" => {
            run.give_up_all(HOOKS, |_, _| true, at, out);
            publish(run, event, payload, at, out);
            out.sessions.push(run.report(at, SessionChange::Ended { status: None, error: None }));
        }
        "UserPromptSubmit" => prompt(run, payload, at, out),
        "Stop" => stop(run, payload, at, Outcome::Ok, out),
        "StopFailure" => {
            let error = payload.get("error").map_or_else(|| "the turn failed".to_owned(), as_text);
            stop(run, payload, at, Outcome::Failed("turn_failed", error), out);
        }
        "Interrupt" => stop(run, payload, at, Outcome::Failed("interrupted", String::new()), out),
        "PreToolUse" => tools::began(run, payload, at, out),
        "PostToolUse" => tools::ended(run, payload, at, out),
        "PermissionRequest" => asked(run, payload, at, out),
        "SubagentStart" => make_agent_known(run, payload, at, out),
        "SubagentStop" => {
            make_agent_known(run, payload, at, out);
            if let Some(thread) = text(payload, "agent_id") {
                let answer = text(payload, "last_assistant_message");
                let call = agent(payload).ended(at, Outcome::Ok);
                let call = call.with_message("gen_ai.output.messages", "assistant", answer);
                run.tell(HOOKS, &calls::agent(thread), call, at, out);
            }
        }
        "PreCompact" => {
            let id = run.number("compact", at);
            let within = context(run, payload, at);
            let call = Call::new(SpanKind::Other, "compaction").began(at).below(within);
            run.tell(
                HOOKS,
                &id,
                call.with_some("codex.compaction.trigger", text(payload, "trigger")),
                at,
                out,
            );
        }
        "PostCompact" => {
            if let Some(id) = run.open_call(|id, _| id.starts_with("compact:")) {
                run.tell(
                    HOOKS,
                    &id,
                    Call::new(SpanKind::Other, "compaction").ended(at, Outcome::Ok),
                    at,
                    out,
                );
            }
        }
        _ => publish(run, event, payload, at, out),
    }
}

/// Takes in what the program given as `notify` is told when a turn is over.
pub(super) fn notification(
    run: &mut Run,
    thread: &str,
    payload: &Payload,
    at: Timestamp,
    out: &mut Reported,
) {
    out.sessions.push(run.report(at, SessionChange::Heard));
    if text(payload, "type") != Some("agent-turn-complete") || thread != run.session() {
        // A sub-agent's turns are told of by others.
        return publish(run, text(payload, "type").unwrap_or("notify"), payload, at, out);
    }
    let id = text(payload, "turn-id");
    let call_id = run.codex.turns.named(Named { thread, id, trace: None }, at);
    let asked = payload.get("input-messages").and_then(Value::as_array);
    let asked = asked.map(|asked| asked.iter().map(as_text).collect::<Vec<_>>().join("\n"));
    let call = turn()
        .ended(at, Outcome::Ok)
        .with_message("gen_ai.input.messages", "user", asked.as_deref())
        .with_message("gen_ai.output.messages", "assistant", text(payload, "last-assistant-message"))
        .with_some("codex.cwd", text(payload, "cwd"));
    run.tell(HOOKS, &call_id, call, at, out);
    title(run, &call_id, asked.as_deref(), out);
}

/// Takes what a person asked for in the first turn as the title of the session. To be called again when more is known of when
/// that turn began: of what names a session, what came first counts.
pub(super) fn title(run: &mut Run, call_id: &str, prompt: Option<&str>, out: &mut Reported) {
    if let (None, Some(prompt)) = (&run.codex.asked, prompt) {
        run.codex.asked = Some((call_id.to_owned(), prompt.to_owned()));
    }
    let asked = run.codex.asked.as_ref().filter(|(turn, _)| turn == call_id);
    if let Some(((_, prompt), at)) = asked.zip(run.codex.turns.start_of(call_id)) {
        let title = Some(prompt.clone());
        out.sessions.push(SessionReport { title, ..run.report(at, SessionChange::Heard) });
    }
}

/// A turn.
pub(super) fn turn() -> Call {
    Call::new(SpanKind::Agent, format!("invoke_agent {AGENT}"))
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", AGENT)
}

/// The call id of the turn that a payload is of.
fn turn_of(run: &mut Run, payload: &Payload, at: Timestamp) -> String {
    let thread = run.session().to_owned();
    run.codex.turns.named(Named { thread: &thread, id: text(payload, "turn_id"), trace: None }, at)
}

fn prompt(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let prompt = text(payload, "prompt");
    if let Some(thread) = text(payload, "agent_id") {
        // What another agent asked.
        make_agent_known(run, payload, at, out);
        let call = agent(payload).with_message("gen_ai.input.messages", "user", prompt);
        return run.tell(HOOKS, &calls::agent(thread), call, at, out);
    }
    // Who interrupts a turn gets no `Stop`.
    run.give_up_all(HOOKS, |id, _| id.starts_with("turn:"), at, out);
    let call_id = turn_of(run, payload, at);
    let call = turn()
        .began(at)
        .with_message("gen_ai.input.messages", "user", prompt)
        .with_some("gen_ai.request.model", text(payload, "model"))
        .with_some("codex.cwd", text(payload, "cwd"))
        .with_some("codex.permission_mode", text(payload, "permission_mode"));
    run.tell(HOOKS, &call_id, call, at, out);
    out.sessions.push(run.report(at, SessionChange::Began));
    title(run, &call_id, prompt, out);
}

fn stop(run: &mut Run, payload: &Payload, at: Timestamp, outcome: Outcome, out: &mut Reported) {
    let call_id = turn_of(run, payload, at);
    run.give_up_all(HOOKS, |open, _| open != call_id && !open.starts_with("agent:"), at, out);
    let answer = text(payload, "last_assistant_message");
    let call = turn().ended(at, outcome).with_message("gen_ai.output.messages", "assistant", answer);
    run.tell(HOOKS, &call_id, call, at, out);
}

/// The call that a payload is said within: the sub-agent's, or the turn's.
pub(super) fn context(run: &mut Run, payload: &Payload, at: Timestamp) -> Option<String> {
    match text(payload, "agent_id") {
        Some(thread) => Some(calls::agent(thread)),
        None => Some(turn_of(run, payload, at)),
    }
}

/// Tells of a turn or a sub-agent that was not heard of before its parts.
pub(super) fn make_context_known(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    make_agent_known(run, payload, at, out);
    if text(payload, "agent_id").is_none() {
        let call_id = turn_of(run, payload, at);
        if !run.knows(&call_id) {
            // The store may have it, when the inspector was started in the midst of the turn.
            run.recall_or_tell(HOOKS, &call_id, turn().began(at), at, out);
        }
    }
}

fn make_agent_known(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    if let Some(thread) = text(payload, "agent_id") {
        tools::make_agent_known(run, HOOKS, thread, text(payload, "agent_type"), at, out);
    }
}

fn agent(payload: &Payload) -> Call {
    tools::agent(text(payload, "agent_id").unwrap_or_default(), text(payload, "agent_type"))
}

/// A person is asked whether the program may do something. That an answer came is not told: whatever comes next from the
/// same agent says it.
fn asked(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    let agent = text(payload, "agent_id");
    wait::end_of(run, HOOKS, agent, at, out);
    make_context_known(run, payload, at, out);
    let tool = text(payload, "tool_name").unwrap_or("tool");
    let input = payload.get("tool_input").map(as_text).unwrap_or_default();
    let open = same_call(run, payload).or_else(|| tools::asked_about(run, payload));
    let within = open.or_else(|| context(run, payload, at));
    let call = wait::asking("permission", format!("{tool} {input}"), at).likely_below(within);
    wait::begin(run, HOOKS, call, agent, at, out);
}
