//! Rollout files, `~/.codex/sessions/Y/M/D/rollout-*.jsonl`: what the model answered, for how many tokens, and how commands and
//! turns ended, of which hooks say nothing.
//!
//! A `token_usage_record` follows the items of each answer and counts its tokens. Versions before it wrote only `token_count`
//! events, which come after the tools' answers and may say the same once more: they tell of a call when the total has changed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::call::Outcome;
use super::super::hooks::{Payload, as_text, text};
use super::super::run::Run;
use super::super::transcripts::TranscriptRead;
use super::models::{self, Teller, Tokens};
use super::turns::Named;
use super::{ROLLOUT, calls, hook, tools};
use crate::model::{Reported, Timestamp};

/// How much of one answer is remembered until its tokens are told, in bytes of its lines.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What is known of a file from what was read of it.
#[derive(Debug, Default)]
pub(in super::super) struct Rollout {
    /// Whose it is, as its first line says.
    thread: Option<String>,
    /// It is of another session than the hook that named it, so that nothing in it counts.
    foreign: bool,
    turn: Option<String>,
    model: Option<String>,
    /// When the model was last told something.
    told: Option<Timestamp>,
    answer: Option<Answer>,
    /// There are records of the tokens of each call.
    records: bool,
    /// What all calls took together, as was said last.
    total: Option<Tokens>,
}

/// An answer of the model, as far as it was noted.
#[derive(Debug)]
struct Answer {
    began: Timestamp,
    ended: Timestamp,
    parts: Vec<Value>,
    bytes: usize,
    /// Something was said to the model since: the next item is of another answer.
    over: bool,
}

#[derive(Deserialize)]
struct Line {
    timestamp: String,
    #[serde(rename = "type")]
    kind: String,
    payload: Payload,
}

/// Takes what was read of a file.
pub(in super::super) fn rollout(run: &mut Run, read: &TranscriptRead, bytes: &[u8], out: &mut Reported) {
    let Some((mut rollout, lines)) = run.codex.rollouts.take(read, bytes) else { return };
    for line in lines {
        // Lines of other kinds have other fields, and come and go with the program's versions.
        let Ok(Line { timestamp, kind, payload }) = serde_json::from_slice(line) else { continue };
        if let Ok(at) = Timestamp::parse(&timestamp) {
            rollout.line(run, &kind, &payload, (at, line.len()), out);
        }
    }
    run.codex.rollouts.put_back(&read.path, rollout);
}

impl Rollout {
    fn line(
        &mut self,
        run: &mut Run,
        kind: &str,
        payload: &Payload,
        (at, bytes): (Timestamp, usize),
        out: &mut Reported,
    ) {
        if kind == "session_meta" && self.thread.is_none() {
            return self.begin(run, payload);
        }
        if self.thread.is_none() || self.foreign {
            return;
        }
        if let Some(turn) = text(payload, "turn_id") {
            self.turn = Some(turn.to_owned());
        }
        match kind {
            "turn_context" => self.model = text(payload, "model").map(str::to_owned).or(self.model.take()),
            "response_item" => self.item(payload, at, bytes),
            "token_usage_record" => {
                self.records = true;
                // A conversation that was forked repeats what the other one did.
                if text(payload, "thread_id").is_none_or(|thread| self.thread.as_deref() == Some(thread))
                    && let Some(Value::Object(usage)) = payload.get("usage")
                {
                    let id = text(payload, "response_id");
                    self.answered(run, Tokens::read(usage), id, Some(at), out);
                }
            }
            "event_msg" => self.event(run, payload, at, out),
            _ => {}
        }
    }

    fn begin(&mut self, run: &mut Run, payload: &Payload) {
        let Some(thread) = text(payload, "id") else { return };
        // A sub-agent's file names the session of who started it. Who posts hooks may name any file.
        let own = [text(payload, "session_id"), Some(thread)].contains(&Some(run.session()));
        self.foreign = !own && run.codex.started.get(&thread.to_owned()).is_none();
        self.thread = Some(thread.to_owned());
        let provider = text(payload, "model_provider").map(str::to_lowercase);
        run.codex.provider = run.codex.provider.take().or(provider);
    }

    /// Something that was said to the model, or by it.
    fn item(&mut self, item: &Payload, at: Timestamp, bytes: usize) {
        let kind = text(item, "type").unwrap_or_default();
        let by_model = kind == "reasoning"
            || kind.ends_with("_call")
            || (kind == "message" && text(item, "role") == Some("assistant"));
        if !by_model {
            self.told = Some(at);
            self.answer.iter_mut().for_each(|answer| answer.over = true);
            return;
        }
        let began = self.told.unwrap_or(at).min(at);
        let new = || Answer { began, ended: at, parts: Vec::new(), bytes: 0, over: false };
        let mut answer = self.answer.take().filter(|answer| !answer.over).unwrap_or_else(new);
        answer.ended = at;
        answer.bytes += bytes;
        if answer.bytes <= MAX_ANSWER_BYTES {
            answer.parts.extend(part(kind, item));
        }
        self.answer = Some(answer);
    }

    fn event(&mut self, run: &mut Run, event: &Payload, at: Timestamp, out: &mut Reported) {
        match text(event, "type").unwrap_or_default() {
            "task_started" => self.told = Some(at),
            "token_count" if !self.records => {
                let info = event.get("info").and_then(Value::as_object);
                let tokens = |name| info?.get(name)?.as_object().map(Tokens::read);
                let total = tokens("total_token_usage");
                if let (Some(last), true) = (tokens("last_token_usage"), total != self.total) {
                    self.total = total;
                    let end = if self.answer.is_none() { Some(at) } else { None };
                    self.answered(run, last, None, end, out);
                }
            }
            "item_completed" => {
                if let Some(Value::Object(item)) = event.get("item") {
                    self.command(run, item, at, out);
                }
            }
            "task_complete" => {
                let error = event.get("error").filter(|error| !error.is_null());
                let error = error.map(|error| error.get("message").map_or_else(|| as_text(error), as_text));
                if let (Some(error), true) = (error, self.is_of_session(run)) {
                    let call_id = self.turn_of(run, at);
                    let call = hook::turn().ended(at, Outcome::Failed("turn_failed", error));
                    run.tell(ROLLOUT, &call_id, call, at, out);
                }
            }
            _ => {}
        }
    }

    /// Tells of an answer whose tokens are known. Without `end` it ended with its last item.
    fn answered(
        &mut self,
        run: &mut Run,
        tokens: Tokens,
        id: Option<&str>,
        end: Option<Timestamp>,
        out: &mut Reported,
    ) {
        let answer = self.answer.take();
        let Some(end) = end.or_else(|| answer.as_ref().map(|answer| answer.ended)) else { return };
        let thread = self.thread.clone().unwrap_or_default();
        let start = answer.as_ref().map(|answer| answer.began).or(self.told);
        let call_id = run.codex.models.call(&thread, tokens, end, Teller::Rollout);
        let within = self.within(run, start.unwrap_or(end), out);
        let call = models::call(self.model.as_deref(), run.codex.provider.as_deref())
            .with_some("gen_ai.response.id", id.map(str::to_owned));
        let parts = answer.map(|answer| answer.parts).filter(|parts| !parts.is_empty());
        let said = parts.map(|parts| json!([{"role": "assistant", "parts": parts}]).to_string());
        let call = tokens.of(call).with_some("gen_ai.output.messages", said);
        run.tell(ROLLOUT, &call_id, models::answered(call, start, end).below(Some(within)), end, out);
    }

    /// A command that ended in an error, which hooks tell of as if it had ended well.
    fn command(&mut self, run: &mut Run, item: &Payload, at: Timestamp, out: &mut Reported) {
        let code = item.get("exit_code").filter(|code| !code.is_null()).map(as_text);
        let (Some(id), Some("failed"), Some(code)) = (text(item, "id"), text(item, "status"), code) else {
            return;
        };
        let call_id = run.codex.tools.named(id, None);
        let within = self.within(run, at, out);
        let outcome = Outcome::Failed("command_failed", format!("exit code {code}"));
        let call = tools::tool("exec_command", Some(id)).ended(at, outcome).below(Some(within));
        run.tell(ROLLOUT, &call_id, call, at, out);
    }

    fn is_of_session(&self, run: &Run) -> bool {
        self.thread.as_deref() == Some(run.session())
    }

    fn turn_of(&self, run: &mut Run, at: Timestamp) -> String {
        let thread = self.thread.as_deref().unwrap_or_default();
        run.codex.turns.named(Named { thread, id: self.turn.as_deref(), trace: None }, at)
    }

    /// The call that a line is said within, which is told of when nobody did: the turn's, or the sub-agent's.
    fn within(&self, run: &mut Run, at: Timestamp, out: &mut Reported) -> String {
        if !self.is_of_session(run) {
            let thread = self.thread.as_deref().unwrap_or_default();
            tools::make_agent_known(run, ROLLOUT, thread, None, at, out);
            return calls::agent(thread);
        }
        let call_id = self.turn_of(run, at);
        if !run.knows(&call_id) {
            run.recall_or_tell(ROLLOUT, &call_id, hook::turn().began(at).ended(at, Outcome::Ok), at, out);
        }
        call_id
    }
}

/// A part of an answer, in OpenTelemetry's words.
fn part(kind: &str, item: &Payload) -> Option<Value> {
    match kind {
        "message" => Some(json!({"type": "text", "content": texts(item, "content")?})),
        "reasoning" => {
            let said = texts(item, "content").or_else(|| texts(item, "summary"))?;
            Some(json!({"type": "reasoning", "content": said}))
        }
        _ => {
            let name = text(item, "name").or_else(|| kind.strip_suffix("_call"));
            let input = ["arguments", "input", "action"].iter().find_map(|name| item.get(*name));
            let input = match input {
                // Arguments are a text in which JSON stands.
                Some(Value::String(text)) => {
                    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
                }
                other => other.cloned().unwrap_or_default(),
            };
            Some(json!({"type": "tool_call", "id": item.get("call_id"), "name": name, "arguments": input}))
        }
    }
}

/// The texts of a list of parts.
fn texts(item: &Payload, name: &str) -> Option<String> {
    let parts = item.get(name)?.as_array()?.iter();
    let texts: Vec<_> = parts.filter_map(|part| part.get("text")?.as_str()).collect();
    if texts.is_empty() { None } else { Some(texts.join("\n")) }
}
