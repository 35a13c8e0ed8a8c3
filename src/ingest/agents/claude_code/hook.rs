//! A hook's payload.

use serde_json::Value;

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, as_text, publish, text};
use super::super::ids;
use super::super::run::Run;
use super::super::wait;
use super::{AGENT, HOOKS, PROVIDER, calls, lines, tools, waits};
use crate::model::{Reported, SessionChange, Span, SpanId, SpanKind, Timestamp};

/// Takes a payload in. Whatever it is, its session is known from then on.
pub(in super::super) fn hook(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    if !payload.contains_key("hook_event_name") && payload.contains_key("type") {
        return lines::line(run, payload, at, out);
    }
    let event = text(payload, "hook_event_name").unwrap_or_default();
    if let Some(path) = text(payload, "transcript_path") {
        run.transcripts.know(path);
    }
    out.sessions.push(run.report(at, SessionChange::Heard));
    if !waits::is_about_waiting(event, payload) {
        wait::end_of(run, HOOKS, text(payload, "agent_id"), at, out);
    }
    match event {
        "SessionStart" => began(run, payload, at, out),
        "SessionEnd" => ended(run, payload, at, out),
        "UserPromptSubmit" => prompt(run, payload, at, out),
        "Stop" => stop(run, payload, at, Outcome::Ok, out),
        "StopFailure" => {
            let error = text(payload, "error").unwrap_or("the model could not be reached");
            // What the program shows instead of an answer says more than the category, which may be `unknown`.
            let details = text(payload, "error_details").or_else(|| text(payload, "last_assistant_message"));
            let details = details.map_or(String::new(), |details| format!(": {details}"));
            stop(run, payload, at, Outcome::Failed("api_error", format!("{error}{details}")), out);
        }
        "PreToolUse" => tools::began(run, payload, at, out),
        "PostToolUse" => tools::ended(run, payload, at, out),
        "PostToolUseFailure" => tools::failed(run, payload, at, out),
        "PostToolBatch" => tools::batch(run, payload, at, out),
        "PermissionDenied" => tools::denied(run, payload, at, out),
        "PermissionRequest" | "Elicitation" => waits::asked(run, payload, at, out),
        "ElicitationResult" => waits::answered(run, payload, at, out),
        "Notification" => {
            waits::notified(run, payload, at, out);
            publish(run, event, payload, at, out);
        }
        "SubagentStart" => subagent(run, payload, at, None, out),
        "SubagentStop" => subagent(run, payload, at, Some(Outcome::Ok), out),
        "PreCompact" => {
            let id = run.number("compact", at);
            let call = Call::new(SpanKind::Other, "compaction").began(at).below(context(run, payload));
            let call = call.with_some("claude_code.compaction.trigger", text(payload, "trigger"));
            run.tell(HOOKS, &id, call, at, out);
        }
        "PostCompact" => {
            if let Some(id) = run.open_call(|id, _| id.starts_with("compact:")) {
                let call = Call::new(SpanKind::Other, "compaction").ended(at, Outcome::Ok);
                run.tell(HOOKS, &id, call, at, out);
            }
        }
        // The answer as it is written, word by word; the whole of it comes with the end of the turn.
        "MessageDisplay" if payload.get("final").and_then(Value::as_bool) != Some(true) => {}
        _ => publish(run, event, payload, at, out),
    }
}

fn began(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    // A compaction goes on in the midst of a turn.
    if text(payload, "source") != Some("compact") {
        let mut report = run.report(at, SessionChange::Began);
        report.title = text(payload, "session_title").map(str::to_owned);
        report.agent = text(payload, "agent_type").map(str::to_owned);
        out.sessions.push(report);
    }
    publish(run, "SessionStart", payload, at, out);
}

fn ended(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    run.give_up_all(HOOKS, |_, _| true, at, out);
    run.transcripts.look_again();
    publish(run, "SessionEnd", payload, at, out);
    out.sessions.push(run.report(at, SessionChange::Ended { status: None, error: None }));
}

fn prompt(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    // Who interrupts a turn gets no `Stop`. Sub-agents may go on in the background.
    if let Some(turn) = run.turn() {
        let place = ids::span_id(&turn);
        let of_turn = |id: &str, span: &Span| id == turn || is_directly_below(place, id, span);
        run.give_up_all(HOOKS, of_turn, at, out);
    }
    let id = text(payload, "prompt_id").map_or_else(|| run.number("turn", at), calls::turn);
    run.begin_turn(&id, at);
    let prompt = text(payload, "prompt");
    let call = turn(payload).began(at).with_message("gen_ai.input.messages", "user", prompt);
    run.tell(HOOKS, &id, call, at, out);
    let mut report = run.report(at, SessionChange::Began);
    report.title = text(payload, "session_title").or(prompt).map(str::to_owned);
    out.sessions.push(report);
}

fn turn(payload: &Payload) -> Call {
    let agent = text(payload, "agent_type").unwrap_or(AGENT);
    Call::new(SpanKind::Agent, format!("invoke_agent {agent}"))
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", agent.to_owned())
        .with("gen_ai.provider.name", PROVIDER)
        .with_some("claude_code.cwd", text(payload, "cwd"))
        .with_some("claude_code.permission_mode", text(payload, "permission_mode"))
}

fn stop(run: &mut Run, payload: &Payload, at: Timestamp, outcome: Outcome, out: &mut Reported) {
    run.transcripts.look_again();
    let Some(id) = text(payload, "prompt_id").map(calls::turn).or_else(|| run.turn()) else { return };
    // What was started in the background goes on.
    let place = ids::span_id(&id);
    run.give_up_all(HOOKS, |open, span| is_directly_below(place, open, span), at, out);
    run.begin_turn(&id, at);
    let answer = text(payload, "last_assistant_message");
    let call = turn(payload).ended(at, outcome).with_message("gen_ai.output.messages", "assistant", answer);
    run.tell(HOOKS, &id, call, at, out);
}

fn is_directly_below(place: SpanId, call_id: &str, span: &Span) -> bool {
    span.parent_span_id == Some(place) && !call_id.starts_with("agent:")
}

/// The call that a payload is said within: the sub-agent's, or the turn's.
pub(super) fn context(run: &Run, payload: &Payload) -> Option<String> {
    let agent = text(payload, "agent_id").map(calls::agent);
    agent.or_else(|| text(payload, "prompt_id").map(calls::turn)).or_else(|| run.turn())
}

/// Tells of a turn or a sub-agent that was not heard of before its parts.
pub(super) fn make_context_known(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    if let Some(prompt) = text(payload, "prompt_id").map(calls::turn)
        && run.begin_turn(&prompt, at)
        && !run.knows(&prompt)
    {
        // The store may have it, when the inspector was started in the midst of the turn.
        run.recall_or_tell(HOOKS, &prompt, turn(payload).began(at), at, out);
    }
    if let Some(agent) = text(payload, "agent_id")
        && !run.knows(&calls::agent(agent))
    {
        subagent(run, payload, at, None, out);
    }
}

fn subagent(run: &mut Run, payload: &Payload, at: Timestamp, ended: Option<Outcome>, out: &mut Reported) {
    let Some(agent_id) = text(payload, "agent_id") else { return };
    let id = calls::agent(agent_id);
    let name = text(payload, "agent_type").unwrap_or("sub-agent");
    let mut call = Call::new(SpanKind::Agent, format!("invoke_agent {name}"))
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", name.to_owned())
        .with("gen_ai.agent.id", agent_id.to_owned())
        .with("gen_ai.provider.name", PROVIDER);
    if !run.knows(&id) {
        // Nobody says which tool call started it: most likely the newest that starts agents and has none yet.
        let starter = run.open_call(|id, span| tools::starts_agents(span) && run.started(id).is_none());
        call = match &starter {
            Some(_) => call.likely_below(starter.clone()),
            None => call.below(text(payload, "prompt_id").map(calls::turn).or_else(|| run.turn())),
        };
        call = call.began(at);
        if let Some(starter) = starter {
            run.started_by(&id, &starter);
        }
    }
    if let Some(outcome) = ended {
        let answer = payload.get("last_assistant_message").map(as_text);
        call = call.ended(at, outcome).with_message("gen_ai.output.messages", "assistant", answer.as_deref());
        if let Some(path) = text(payload, "agent_transcript_path") {
            if let Some(followed) = run.transcripts.know(path) {
                followed.agent = Some(id.clone());
            }
            run.transcripts.look_again_at(path);
        }
    }
    run.tell(HOOKS, &id, call, at, out);
}
