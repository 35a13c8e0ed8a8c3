//! What any program posts: one object for each thing that happens.
//!
//! `{"type": .., "session_id": .., "timestamp"?: .., ...}`, or with the fields in `payload` and the type in `event_type`, as
//! task queues write it. An `id` beside the type says that the event is the same when it comes again. Types that open and close sessions and spans do so; every other one is an event of the session
//! with all its fields.

use serde_json::Value;

use super::call::{Call, Outcome};
use super::hooks::{Payload, as_text, count, text};
use super::run::Run;
use super::{ids, wait};
use crate::model::{
    Attributes, EventKey, EventKind, Reported, ReportedEvent, ReportedOf, SUM_CALL, SessionChange,
    SessionStatus, SpanKind, Timestamp,
};

/// The `source` of what events tell.
const SOURCE: &str = "events";

/// The names under which the id of a session is looked for, in this order. A task of a queue is a session.
const SESSION_IDS: [&str; 3] = ["session_id", "task_id", "run_id"];

/// An event as it was posted.
#[derive(Debug)]
pub(super) struct Posted {
    kind: String,
    at: Option<Timestamp>,
    session: Option<String>,
    key: Option<EventKey>,
    fields: Payload,
}

/// Why an event was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EventRefused {
    /// It is no JSON object.
    #[error("an event is a JSON object")]
    NoObject,
    /// It has no type.
    #[error("`type` must be a text of 1 to 128 characters")]
    NoType,
    /// The id is unfit.
    #[error("`session_id` must be a text or a number, of at most 1024 bytes")]
    SessionId,
    /// The event's own id is unfit.
    #[error("`id` must be a text or a number, of at most 1024 bytes")]
    Id,
    /// The time cannot be read.
    #[error("`timestamp` must be RFC 3339, or seconds since 1970 as a number")]
    Timestamp,
    /// It tells of a session, but not of which.
    #[error("an event of this type needs `session_id`")]
    NoSession,
}

impl Posted {
    /// Reads an event.
    pub(super) fn read(event: Value) -> Result<Self, EventRefused> {
        let Value::Object(mut event) = event else { return Err(EventRefused::NoObject) };
        let kind = event.remove("type").or_else(|| event.remove("event_type"));
        let kind = kind.as_ref().and_then(Value::as_str).map(str::trim).unwrap_or_default().to_owned();
        if kind.is_empty() || kind.chars().count() > 128 {
            return Err(EventRefused::NoType);
        }
        // Not in `payload`: there it may be the id of whatever the event is about.
        let id = ["id", "event_id"].iter().find_map(|name| event.get(*name).filter(|id| !id.is_null()));
        let id = id.map(|id| own_id(id).ok_or(EventRefused::Id)).transpose()?;
        if let Some(Value::Object(payload)) = event.remove("payload") {
            // What stands outside counts more.
            for (name, value) in payload {
                event.entry(name).or_insert(value);
            }
        }
        let at = event.remove("timestamp").filter(|at| !at.is_null());
        let at = at.map(|at| time(&at).ok_or(EventRefused::Timestamp)).transpose()?;
        let session = SESSION_IDS.iter().find_map(|name| event.get(*name).filter(|id| !id.is_null()));
        let session = session.map(|id| own_id(id).ok_or(EventRefused::SessionId)).transpose()?;
        if session.is_none() && tells_of_a_session(&kind) {
            return Err(EventRefused::NoSession);
        }
        event.remove("session_id");
        let key = session.as_ref().zip(id).map(|(session, id)| ids::event_key(session, &kind, &id));
        Ok(Self { kind, at, session, key, fields: event })
    }

    /// What tells it from others, if its sender gave it an id.
    pub(super) fn key(&self) -> Option<EventKey> {
        self.key
    }

    /// The session that it is of.
    pub(super) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// When it happened, if it says so.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.at
    }

    fn publish(&self, of: ReportedOf, at: Timestamp, out: &mut Reported) {
        let text = |name| text(&self.fields, name).map(str::to_owned);
        let kind = match &*self.kind {
            "log" => EventKind::Log {
                level: text("level").unwrap_or_else(|| "info".to_owned()).to_ascii_lowercase(),
                message: text("message").unwrap_or_default(),
                span_id: None,
                attributes: self.attributes(&["level", "message"]),
            },
            "progress" => {
                let percent = self.fields.get("percent").and_then(Value::as_f64);
                EventKind::progress(None, percent, text("message").unwrap_or_default())
            }
            name => {
                EventKind::Custom { name: name.to_owned().into(), data: Value::Object(self.fields.clone()) }
            }
        };
        out.events.push(ReportedEvent { of, at, kind });
    }

    fn attributes(&self, but: &[&str]) -> Attributes {
        let rest = self.fields.iter().filter(|(name, _)| !but.contains(&&***name));
        rest.map(|(name, value)| (name.clone(), as_text(value))).collect()
    }

    /// An event of no session.
    pub(super) fn of_nobody(&self, at: Timestamp, out: &mut Reported) {
        self.publish(ReportedOf::Nobody, at, out);
    }
}

/// An id that a sender gave.
fn own_id(id: &Value) -> Option<String> {
    match id {
        Value::String(id) if !id.trim().is_empty() && id.len() <= 1024 => Some(id.trim().to_owned()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Seconds since 1970, or milliseconds, microseconds or nanoseconds where the number is too large for seconds; RFC 3339.
fn time(at: &Value) -> Option<Timestamp> {
    /// Ten thousand million seconds are the year 2286.
    const UNITS: [(u64, i64); 3] =
        [(10_000_000_000, 1_000_000_000), (10_000_000_000_000, 1_000_000), (10_000_000_000_000_000, 1_000)];
    if let Some(text) = at.as_str() {
        return Timestamp::parse(text).ok();
    }
    if let Some(whole) = at.as_u64() {
        let unit = UNITS.iter().find(|(most, _)| whole < *most).map_or(1, |(_, unit)| *unit);
        return Some(Timestamp::from_nanos(i64::try_from(whole).ok()?.saturating_mul(unit)));
    }
    let number = at.as_f64().filter(|number| number.is_finite() && *number >= 0.0)?;
    #[expect(clippy::cast_precision_loss, reason = "units are powers of ten")]
    let unit = UNITS.iter().find(|(most, _)| number < *most as f64).map_or(1.0, |(_, unit)| *unit as f64);
    // A number of that size is exact to a fraction of a microsecond.
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let micros = (number * unit / 1e3).round() as i64;
    Some(Timestamp::from_nanos(micros.saturating_mul(1_000)))
}

fn tells_of_a_session(kind: &str) -> bool {
    matches!(
        kind,
        "session_started"
            | "session_finished"
            | "span_started"
            | "span_finished"
            | "agent_started"
            | "agent_completed"
            | "task_queued"
            | "validation_complete"
            | "hitl_escalated"
            | "hitl_resolved"
    )
}

/// Takes an event of a session in.
pub(super) fn event(run: &mut Run, posted: &Posted, at: Timestamp, out: &mut Reported) {
    let fields = &posted.fields;
    let title = ["title", "feature", "name"].iter().find_map(|name| text(fields, name));
    let mut report = run.report(at, SessionChange::Heard);
    report.parent = text(fields, "parent_session_id").map(str::to_owned);
    match &*posted.kind {
        "session_started" | "task_queued" => {
            report.change = SessionChange::Began;
            report.title = title.map(str::to_owned);
            report.agent = text(fields, "agent").map(str::to_owned);
        }
        "session_finished" => {
            let failure = failure(fields);
            let status =
                text(fields, "status").and_then(SessionStatus::parse).filter(|status| status.is_ended());
            let status = status.unwrap_or(match failure {
                Some(_) => SessionStatus::Failed,
                None => SessionStatus::Completed,
            });
            run.give_up_all(SOURCE, |_, _| true, at, out);
            report.change = SessionChange::Ended { status: Some(status), error: failure };
        }
        "agent_started" => agent_started(run, fields, at, out),
        "agent_completed" => agent_completed(run, fields, at, out),
        "span_started" => {
            let (id, call) = span(run, fields, at, true);
            run.tell(SOURCE, &id, call.began(at), at, out);
        }
        "span_finished" => {
            let (id, call) = span(run, fields, at, false);
            run.tell(SOURCE, &id, ended(call, fields, at), at, out);
        }
        "validation_complete" => {
            let id = run.number("validation", at);
            let call = Call::new(SpanKind::Other, "validation")
                .with_some("result", fields.get("result").map(as_text));
            run.tell(SOURCE, &id, ended(call, fields, at), at, out);
        }
        "hitl_escalated" => escalated(run, fields, at, out),
        "hitl_resolved" => end_wait(run, at, out),
        _ => {}
    }
    out.sessions.push(report);
    if !matches!(&*posted.kind, "span_started" | "span_finished") {
        posted.publish(ReportedOf::Session(run.session().to_owned()), at, out);
    }
}

/// The error that an event tells of: by its own word, or by a status or result that is one.
fn failure(fields: &Payload) -> Option<String> {
    if let Some(error) =
        fields.get("error").filter(|error| !matches!(error, Value::Null | Value::Bool(false)))
    {
        return Some(as_text(error));
    }
    if fields.get("success").and_then(Value::as_bool) == Some(false) {
        return Some("it did not succeed".to_owned());
    }
    let word = text(fields, "status").or_else(|| text(fields, "result"))?;
    let failed = ["failed", "failure", "error", "fail", "timeout", "crashed"];
    failed.iter().any(|failed| word.eq_ignore_ascii_case(failed)).then(|| word.to_owned())
}

fn ended(mut call: Call, fields: &Payload, at: Timestamp) -> Call {
    if let Some(took) = count(fields, "duration_ms") {
        call.start = Some(at.minus(std::time::Duration::from_millis(took)));
    }
    let outcome = failure(fields).map_or(Outcome::Ok, |error| Outcome::Failed("error", error));
    call.ended(at, outcome)
}

fn agent_started(run: &mut Run, fields: &Payload, at: Timestamp, out: &mut Reported) {
    end_wait(run, at, out);
    let name = text(fields, "agent").unwrap_or("agent");
    let id = run.number("agent", at);
    run.tell(SOURCE, &id, agent(name, fields).began(at), at, out);
}

fn agent(name: &str, fields: &Payload) -> Call {
    Call::new(SpanKind::Agent, name)
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", name.to_owned())
        .with_some("gen_ai.request.model", text(fields, "model"))
        .with_some("tools", fields.get("tools").map(as_text))
}

fn agent_completed(run: &mut Run, fields: &Payload, at: Timestamp, out: &mut Reported) {
    end_wait(run, at, out);
    let name = text(fields, "agent").unwrap_or("agent");
    let open = run.open_call(|id, span| id.starts_with("agent:") && span.name == name);
    let id = open.unwrap_or_else(|| run.number("agent", at));
    let call = ended(agent(name, fields), fields, at)
        .with_some("status", text(fields, "status"))
        .with_message("gen_ai.output.messages", "assistant", fields.get("output").map(as_text).as_deref());
    run.tell(SOURCE, &id, call.clone(), at, out);
    // What the agent's calls cost together, unless they are reported one by one.
    let usage = usage(Call::new(SpanKind::Llm, "model calls"), fields);
    if !usage.attributes.is_empty() {
        let mut usage = usage.below(Some(id.clone())).ended(at, Outcome::Ok);
        usage.start = call.start;
        let usage = usage.with_some("gen_ai.request.model", text(fields, "model"));
        run.tell(SOURCE, &format!("{SUM_CALL}{id}"), usage, at, out);
    }
}

/// Tokens and cost, of an event or of its `usage`.
fn usage(mut call: Call, fields: &Payload) -> Call {
    let parts = match fields.get("usage") {
        Some(Value::Object(usage)) => usage,
        _ => fields,
    };
    for (name, attribute) in [
        ("input_tokens", "gen_ai.usage.input_tokens"),
        ("output_tokens", "gen_ai.usage.output_tokens"),
        ("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens"),
        ("cache_write_tokens", "gen_ai.usage.cache_creation.input_tokens"),
        ("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens"),
    ] {
        let tokens = count(parts, name).and_then(|tokens| i64::try_from(tokens).ok());
        call = call.with_some(attribute, tokens);
    }
    call.with_some("gen_ai.usage.cost", fields.get("cost_usd").and_then(Value::as_f64))
}

/// A span of the program's own, by its `span_id`, or by its name.
fn span(run: &mut Run, fields: &Payload, at: Timestamp, begins: bool) -> (String, Call) {
    let name = text(fields, "name").unwrap_or("span").to_owned();
    let kind = text(fields, "kind").and_then(SpanKind::parse).unwrap_or_default();
    let given = fields.get("span_id").filter(|id| id.is_string() || id.is_number()).map(as_text);
    let id = given.map(|id| format!("span:{id}"));
    let open =
        || if begins { None } else { run.open_call(|id, span| id.starts_with("span:") && span.name == name) };
    let id = id.or_else(open).unwrap_or_else(|| run.number("span", at));
    let parent = fields.get("parent_span_id").filter(|id| id.is_string() || id.is_number());
    let (input, output) = (fields.get("input").map(as_text), fields.get("output").map(as_text));
    let call =
        usage(Call::new(kind, name.clone()), fields).below(parent.map(|id| format!("span:{}", as_text(id))));
    let call = call.with_some("gen_ai.request.model", text(fields, "model"));
    let call = match kind {
        SpanKind::Tool => call
            .with("gen_ai.operation.name", "execute_tool")
            .with("gen_ai.tool.name", text(fields, "tool").map_or(name, str::to_owned))
            .with_some("gen_ai.tool.call.arguments", input)
            .with_some("gen_ai.tool.call.result", output),
        _ => call.with_message("gen_ai.input.messages", "user", input.as_deref()).with_message(
            "gen_ai.output.messages",
            "assistant",
            output.as_deref(),
        ),
    };
    (id, call)
}

fn escalated(run: &mut Run, fields: &Payload, at: Timestamp, out: &mut Reported) {
    end_wait(run, at, out);
    let words = ["prompt", "question", "reason", "message", "last_error"];
    let prompt = words.iter().find_map(|name| text(fields, name)).unwrap_or("A person is asked for.");
    let call = wait::asking("human_input", prompt.to_owned(), at);
    wait::begin(run, SOURCE, call.with_some("priority", text(fields, "priority")), None, at, out);
}

fn end_wait(run: &mut Run, at: Timestamp, out: &mut Reported) {
    wait::end(run, SOURCE, Outcome::Ok, at, out);
}
