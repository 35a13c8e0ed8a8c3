//! When the program waits for a person.
//!
//! That a person has answered is not told by a hook of its own: the wait is over with the next event of the same agent.

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, as_text, same_call, text};
use super::super::run::Run;
use super::super::wait;
use super::HOOKS;
use super::hook::{context, make_context_known};
use crate::model::{Reported, SpanKind, Timestamp};

/// Whether an event begins a wait, or only says again that there is one.
pub(super) fn is_about_waiting(event: &str, payload: &Payload) -> bool {
    match event {
        "PermissionRequest" | "Elicitation" => true,
        "Notification" => waits_for(payload).is_some(),
        _ => false,
    }
}

/// What a notification says that is waited for. One that the program has nothing to do is no wait in a run.
fn waits_for(payload: &Payload) -> Option<&'static str> {
    match text(payload, "notification_type")? {
        "permission_prompt" => Some("permission"),
        "elicitation_dialog" => Some("elicitation"),
        _ => None,
    }
}

pub(super) fn asked(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    make_context_known(run, payload, at, out);
    let tool = text(payload, "tool_name");
    let (signal, prompt, within) = match tool {
        Some(tool) => {
            let input = payload.get("tool_input").map(as_text).unwrap_or_default();
            let asked = same_call(run, payload);
            if let Some(asked) = &asked {
                run.ask(asked.clone());
            }
            let call = asked.or_else(|| context(run, payload));
            ("permission", format!("{tool} {input}"), call)
        }
        None => {
            let message = text(payload, "message").unwrap_or("An answer is wanted.").to_owned();
            ("elicitation", message, context(run, payload))
        }
    };
    begin(run, payload, at, (signal, prompt, within), out);
}

pub(super) fn notified(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    match waits_for(payload) {
        // The request itself says more, where there is one.
        Some(signal) if run.wait().is_none() => {
            let message = text(payload, "message").unwrap_or("Claude Code waits for you.").to_owned();
            let within = context(run, payload);
            begin(run, payload, at, (signal, message, within), out);
        }
        Some(_) => {}
        // The turn was interrupted: there is no other word of that.
        None if text(payload, "notification_type") == Some("idle_prompt") => {
            run.give_up_all(HOOKS, |open, _| !open.starts_with("agent:"), at, out);
        }
        None => {}
    }
}

fn begin(
    run: &mut Run,
    payload: &Payload,
    at: Timestamp,
    (signal, prompt, within): (&'static str, String, Option<String>),
    out: &mut Reported,
) {
    wait::end(run, HOOKS, Outcome::Unknown, at, out);
    let call = wait::asking(signal, prompt, at)
        .likely_below(within)
        .with_some("mcp.server.name", text(payload, "mcp_server_name"))
        .with_some("claude_code.requested_schema", payload.get("requested_schema").map(as_text));
    wait::begin(run, HOOKS, call, text(payload, "agent_id"), at, out);
}

/// It was decided about a tool call: whoever was asked about it has answered.
pub(super) fn decided(run: &mut Run, tool: &str, at: Timestamp, out: &mut Reported) {
    let is_asked = run.asked.back().is_some_and(|asked| asked == tool);
    if is_asked {
        wait::end(run, HOOKS, Outcome::Ok, at, out);
    }
}

pub(super) fn answered(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    if let Some((id, _)) = run.set_wait(None) {
        let call = Call::new(SpanKind::Human, "elicitation")
            .ended(at, Outcome::Ok)
            .with_some("claude_code.elicitation.action", text(payload, "action"))
            .with_some("claude_code.elicitation.content", payload.get("content").map(as_text));
        run.tell(HOOKS, &id, call, at, out);
    }
}
