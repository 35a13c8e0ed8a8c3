//! Transcripts: what a session's file says of the calls of the model, with their tokens and the whole of what they answered.
//!
//! One answer of `k` parts is `k` lines, and each repeats the tokens: it is one call, by its request and message id. A line
//! says when it was written, so a call is taken to have begun with what was said to the model before.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::call::{Call, Outcome};
use super::super::run::Run;
use super::super::transcripts::TranscriptRead;
use super::{PROVIDER, calls};
use crate::model::{Reported, SpanKind, Timestamp};

/// The `source` of what transcripts tell.
const SOURCE: &str = "transcript";

/// What is known of a transcript.
#[derive(Debug, Default)]
pub(in super::super) struct Followed {
    /// The call id of the sub-agent that it is of.
    pub(super) agent: Option<String>,
    /// The turn that the last line was of.
    turn: Option<String>,
    /// When the model was last told something.
    told: Option<Timestamp>,
    /// The answer that the last line was of: its next part may follow.
    answer: Option<Answer>,
}

/// One answer of the model.
#[derive(Clone, Debug)]
struct Answer {
    call_id: String,
    began: Timestamp,
    ended: Timestamp,
    message: Message,
    parts: Vec<Value>,
    error: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    timestamp: Option<String>,
    prompt_id: Option<String>,
    request_id: Option<String>,
    agent_id: Option<String>,
    #[serde(default)]
    is_api_error_message: bool,
    message: Option<Message>,
}

#[derive(Clone, Debug, Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    stop_reason: Option<String>,
    #[serde(default)]
    content: Value,
    usage: Option<Tokens>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_creation: Lifetimes,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Lifetimes {
    ephemeral_1h_input_tokens: u64,
}

/// Takes what was read of a transcript.
pub(in super::super) fn transcript(run: &mut Run, read: &TranscriptRead, bytes: &[u8], out: &mut Reported) {
    let Some((mut followed, lines)) = run.transcripts.take(read, bytes) else { return };
    for line in lines {
        // Lines of other kinds have other fields, and come and go with the program's versions.
        if let Ok(line) = serde_json::from_slice::<Line>(line) {
            followed.line(run, line, out);
        }
    }
    if let Some(answer) = followed.answer.clone() {
        followed.tell(run, answer, out);
    }
    run.transcripts.put_back(&read.path, followed);
}

impl Followed {
    fn line(&mut self, run: &mut Run, line: Line, out: &mut Reported) {
        let Some(at) = line.timestamp.as_deref().and_then(|at| Timestamp::parse(at).ok()) else { return };
        if let Some(prompt) = &line.prompt_id {
            self.turn = Some(calls::turn(prompt));
        }
        let Some(message) = line.message.filter(|_| line.kind == "assistant") else {
            if line.kind == "user" {
                self.told = Some(at);
            }
            return;
        };
        let Some(id) = line.request_id.as_ref().or(message.id.as_ref()) else { return };
        if let Some(agent) = &line.agent_id {
            self.agent = Some(calls::agent(agent));
        }
        let call_id = calls::llm(id);
        let parts = parts(&message.content);
        match &mut self.answer {
            Some(answer) if answer.call_id == call_id => {
                answer.parts.extend(parts);
                answer.ended = answer.ended.max(at);
                // The last line has the final count, where a version writes it as it comes.
                answer.message = Message { content: Value::Null, ..message };
            }
            _ => {
                if let Some(before) = self.answer.take() {
                    self.tell(run, before, out);
                }
                let message = Message { content: Value::Null, ..message };
                let began = self.told.unwrap_or(at).min(at);
                let error = line.is_api_error_message;
                self.answer = Some(Answer { call_id, began, ended: at, message, parts, error });
            }
        }
    }

    /// What an answer is part of: the sub-agent whose transcript it is, or the turn that the lines name.
    fn within(&self, run: &Run) -> Option<(String, bool)> {
        let said = self.agent.clone().or_else(|| self.turn.clone());
        said.map(|said| (said, false)).or_else(|| Some((run.turn()?, true)))
    }

    fn tell(&self, run: &mut Run, told: Answer, out: &mut Reported) {
        let Answer { call_id, began, ended, message, parts, error } = told;
        let model = message.model.filter(|model| model != "<synthetic>");
        let outcome = if error {
            let text = parts.iter().find_map(|part| part["content"].as_str()).unwrap_or_default();
            Outcome::Failed("api_error", text.to_owned())
        } else {
            Outcome::Ok
        };
        let mut call = answer(model.as_deref(), &parts, message.stop_reason.as_deref())
            .began(began)
            .ended(ended, outcome)
            .within(self.within(run))
            .replacing();
        if let Some(tokens) = message.usage.filter(|_| !error) {
            call = tokens.of(call);
        }
        run.tell(SOURCE, &call_id, call, ended, out);
    }
}

impl Tokens {
    /// Anthropic counts the cached part beside the input, OpenTelemetry within.
    fn of(self, call: Call) -> Call {
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let cached = self.cache_read_input_tokens.saturating_add(self.cache_creation_input_tokens);
        let hour = self.cache_creation.ephemeral_1h_input_tokens;
        call.with("gen_ai.usage.input_tokens", count(self.input_tokens.saturating_add(cached)))
            .with("gen_ai.usage.output_tokens", count(self.output_tokens))
            .with("gen_ai.usage.cache_read.input_tokens", count(self.cache_read_input_tokens))
            .with("gen_ai.usage.cache_creation.input_tokens", count(self.cache_creation_input_tokens))
            .with_some(
                "gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",
                (hour > 0).then(|| count(hour)),
            )
    }
}

/// A call of the model, with what it answered.
pub(super) fn answer(model: Option<&str>, parts: &[Value], finish: Option<&str>) -> Call {
    let answered =
        json!([{"role": "assistant", "parts": parts, "finish_reason": finish.unwrap_or_default()}]);
    Call::new(SpanKind::Llm, format!("chat {}", model.unwrap_or("claude")))
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.provider.name", PROVIDER)
        .with_some("gen_ai.request.model", model)
        .with("gen_ai.output.messages", answered.to_string())
}

/// The parts of an answer, in OpenTelemetry's words.
pub(super) fn parts(content: &Value) -> Vec<Value> {
    match content {
        Value::String(text) => vec![json!({"type": "text", "content": text})],
        Value::Array(blocks) => blocks.iter().map(part).collect(),
        _ => Vec::new(),
    }
}

fn part(block: &Value) -> Value {
    match block["type"].as_str() {
        Some("text") => json!({"type": "text", "content": block["text"]}),
        Some("thinking") => json!({"type": "reasoning", "content": block["thinking"]}),
        Some("tool_use") => {
            json!({"type": "tool_call", "id": block["id"], "name": block["name"], "arguments": block["input"]})
        }
        _ => block.clone(),
    }
}
