//! Permission requests of agent programs, answered from the page.
//!
//! A program that may ask for this by `?answer=SECONDS` at the address of its hook is answered when a person has decided, or
//! with `{}` when nobody did within that time: then its own prompt decides. Nothing that goes wrong here ever approves
//! anything.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::state::AppState;
use crate::control::{AnswerSchema, Outcome, Question, Reply};
use crate::model::{SessionId, SpanId, Timestamp};

/// The longest that a program may have its request wait: ten minutes. Programs give up a hook sooner or later by themselves.
pub(crate) const MAX_PERMISSION_WAIT: Duration = Duration::from_secs(600);

/// How many requests wait for a person at once. Each holds a connection; one more is answered `{}` at once.
pub(crate) const MAX_PERMISSION_REQUESTS: usize = 256;

/// The signal that answers, the same as that of the wait which the hook reports.
const SIGNAL: &str = "permission";

/// The longest question, in characters.
const MAX_PROMPT_CHARS: usize = 4_000;

/// What a person is asked for a program.
pub(super) struct Asked {
    session: SessionId,
    prompt: String,
    within: Duration,
}

impl Asked {
    /// The request in a hook's payload, when it is one and its sender wants it answered from the page.
    pub(super) fn of(query: Option<&str>, body: &[u8]) -> Option<Self> {
        let within = seconds(query?)?;
        let payload: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let text = |name: &str| payload.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("hook_event_name") != Some("PermissionRequest") {
            return None;
        }
        let input = payload.get("tool_input").map(Value::to_string).unwrap_or_default();
        let mut prompt = format!("{} {input}", text("tool_name")?);
        if let Some((end, _)) = prompt.char_indices().nth(MAX_PROMPT_CHARS) {
            prompt.truncate(end);
            prompt.push('…');
        }
        let (session, _) = SessionId::from_external(text("session_id")?);
        Some(Self { session, prompt, within })
    }
}

/// The seconds in `answer=`, as far as they may go.
fn seconds(query: &str) -> Option<Duration> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("answer="))?;
    let seconds: u64 = value.parse().ok().filter(|seconds| *seconds > 0)?;
    Some(Duration::from_secs(seconds).min(MAX_PERMISSION_WAIT))
}

/// What a person may answer.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "behavior": { "enum": ["allow", "deny"], "title": "Decision" },
            "message": { "type": "string", "title": "Message", "description": "For the agent, when it is denied.", "maxLength": 2000 },
        },
        "required": ["behavior"],
        "additionalProperties": false,
    })
}

impl AppState {
    /// Waits for a person's decision and gives it in the form that the programs read; `{}` decides nothing.
    pub(super) async fn permission(&self, asked: Asked) -> Value {
        let nothing = json!({});
        if self.control.read_only {
            return nothing;
        }
        let Ok(_place) = self.control.own.permissions.try_acquire() else { return nothing };
        let (Ok(schema), Some(id)) =
            (AnswerSchema::new(schema()), SpanId::from_bytes(fastrand::u64(1..).to_be_bytes()))
        else {
            return nothing;
        };
        let since = Timestamp::from(SystemTime::now());
        let question = Question {
            signal: SIGNAL.to_owned(),
            prompt: Some(asked.prompt),
            schema: Some(schema),
            check: None,
            since,
            until: Some(since.plus(asked.within)),
            trace_id: None,
            step: None,
        };
        // Dropped, and with it the wait, when the program hangs up.
        let Some(mut waiting) = self.control.own.controls.waits().open(&asked.session, id, question) else {
            return nothing;
        };
        let reply = tokio::select! {
            biased;
            reply = &mut waiting => Some(reply),
            () = tokio::time::sleep(asked.within) => waiting.give_up(),
            () = self.shuts_down() => waiting.give_up(),
        };
        reply.map_or(nothing, |reply| decision(&reply))
    }
}

fn decision(reply: &Reply) -> Value {
    let decision = match &reply.outcome {
        Outcome::Answered(answer) if answer["behavior"] == "allow" => json!({ "behavior": "allow" }),
        Outcome::Answered(answer) => json!({
            "behavior": "deny",
            "message": answer["message"].as_str().unwrap_or("A person denied this on the inspector's page."),
        }),
        Outcome::Denied(reason) => json!({
            "behavior": "deny",
            "message": reason.as_deref().unwrap_or("A person denied this on the inspector's page."),
        }),
        // The session is to end: its own prompt is still there.
        Outcome::Cancelled => return json!({}),
    };
    json!({ "hookSpecificOutput": { "hookEventName": "PermissionRequest", "decision": decision } })
}
