//! Spans.

use super::super::bounded::Bounded;
use super::super::call::{Call, Outcome};
use super::super::run::Run;
use super::models::{self, Teller, Tokens};
use super::threads::Threads;
use super::turns::Named;
use super::{calls, hook, tools};
use crate::model::{AttributeValue, Reported, Span, SpanId, Timestamp, TraceId};

/// The `source` of what spans tell.
const SPANS: &str = "otlp";

/// Which session a span was found to be of.
#[derive(Debug)]
pub(in super::super) enum Of {
    /// It is none of Codex's.
    Others,
    /// It belongs to a session.
    Session(String),
    /// It is what the program does for itself, in a trace that names no thread.
    Nobody,
}

/// What the parts of model calls said that have not ended yet.
#[derive(Debug, Default)]
pub(in super::super) struct Answers(Bounded<(TraceId, SpanId), (Tokens, Timestamp)>);

/// Whether a span is one of Codex's: they name the module that recorded them.
pub(in super::super) fn is_codex(span: &Span) -> bool {
    span.resource.text("service.name").is_some_and(|name| name.starts_with("codex"))
        && span.attributes.text("code.module.name").is_some_and(|name| name.starts_with("codex_"))
}

/// The thread that a span names. `thread.id` is a number on all of them, of a thread of the operating system, and on some a
/// text too, which is meant here.
fn thread_of(span: &Span) -> Option<&str> {
    let own =
        ["conversation.id", "thread_id", "thread.id"].iter().find_map(|name| span.attributes.text(name));
    let of_event = || span.events.iter().find_map(|event| event.attributes.text("conversation.id"));
    own.or_else(of_event).filter(|thread| !thread.is_empty())
}

fn turn_of(span: &Span) -> Option<&str> {
    ["turn.id", "turn_id"].iter().find_map(|name| span.attributes.text(name)).filter(|turn| !turn.is_empty())
}

/// Learns from a span whose its trace and its turn are. To be asked of all spans of a request before any is observed: those
/// of a call end before those that say whose it is.
pub(in super::super) fn learn(threads: &mut Threads, span: &Span) {
    if let Some(thread) = thread_of(span).filter(|_| is_codex(span)) {
        threads.heard(thread, Some(span.trace_id));
        if let Some(turn) = turn_of(span) {
            threads.turn_is_of(turn, thread);
        }
    }
}

/// The session of a span.
pub(in super::super) fn session_of(threads: &Threads, span: &Span) -> Of {
    match is_codex(span).then(|| threads.of_trace(span.trace_id)) {
        None => Of::Others,
        Some(Some(session)) => Of::Session(session),
        Some(None) => Of::Nobody,
    }
}

/// Takes a span in, and leaves it as the detail that it is.
pub(in super::super) fn observe(
    run: &mut Run,
    threads: &Threads,
    answers: &mut Answers,
    span: &mut Span,
    out: &mut Reported,
) {
    span.detail = true;
    span.attributes.set("gen_ai.conversation.id", run.session().to_owned());
    let Some(end) = span.end_time else { return };
    let place = |id: SpanId| (span.trace_id, id);
    let thread = || {
        let named = thread_of(span).map(str::to_owned);
        named.or_else(|| threads.of_turn(turn_of(span)?))
    };
    match span.name.as_str() {
        "session_task.turn" => {
            if let Some(thread) = thread() {
                turn(run, &thread, span, end, out);
            }
        }
        "handle_responses" => {
            if let (Some(parent), Some(tokens)) = (span.parent_span_id, tokens(span)) {
                answers.0.put(place(parent), (tokens, end));
            }
        }
        // Between a call and its answers.
        "receiving_stream" => {
            if let (Some(parent), Some(answer)) = (span.parent_span_id, answers.0.take(&place(span.span_id)))
            {
                answers.0.put(place(parent), answer);
            }
        }
        "try_run_sampling_request" => {
            if let (Some((tokens, ended)), Some(thread)) = (answers.0.take(&place(span.span_id)), thread()) {
                let call_id = run.codex.models.call(&thread, tokens, ended, Teller::Span);
                let within = context(run, &thread, span, out);
                let call = models::call(span.attributes.text("model"), run.codex.provider.as_deref());
                let call = models::answered(tokens.of(call), Some(span.start_time), ended).below(within);
                run.tell(SPANS, &call_id, call, end, out);
            }
        }
        _ if span.attributes.text("codex.tool.phase") == Some("dispatch") => {
            let text = |name: &str| span.attributes.text(name).map(str::to_owned);
            if let (Some(id), Some(thread)) = (text("call_id"), thread()) {
                let call_id = run.codex.tools.named(&id, None);
                let within = context(run, &thread, span, out);
                let name = text("tool_name").unwrap_or_else(|| span.name.clone());
                let call = tools::tool(&name, Some(&id)).below(within);
                tools::note_starter(run, &call, &call_id);
                let aborted = span.attributes.get("aborted").and_then(AttributeValue::as_bool) == Some(true);
                let outcome = if aborted { Outcome::Failed("aborted", String::new()) } else { Outcome::Ok };
                run.tell(SPANS, &call_id, lasted(call, span.start_time, end, outcome), end, out);
            }
        }
        _ => {}
    }
}

fn lasted(call: Call, start: Timestamp, end: Timestamp, outcome: Outcome) -> Call {
    let mut call = call.ended(end, outcome);
    call.start = Some(start);
    call
}

/// The tokens that one of the parts of an answer says.
fn tokens(span: &Span) -> Option<Tokens> {
    let count = |name: &str| span.attributes.get(name).and_then(AttributeValue::as_count);
    let of = |name: &str| count(name).unwrap_or(0);
    Some(Tokens {
        input: count("gen_ai.usage.input_tokens")?,
        cache_read: of("gen_ai.usage.cache_read.input_tokens"),
        cache_write: of("gen_ai.usage.cache_write.input_tokens"),
        output: count("gen_ai.usage.output_tokens")?,
        reasoning: of("codex.usage.reasoning_output_tokens"),
    })
}

/// A turn, or all that a sub-agent does for one request.
fn turn(run: &mut Run, thread: &str, span: &Span, end: Timestamp, out: &mut Reported) {
    let Some(call_id) = context(run, thread, span, out) else { return };
    let call = if thread == run.session() { hook::turn() } else { tools::agent(thread, None) };
    let call = call.with_some("gen_ai.request.model", span.attributes.text("model").map(str::to_owned));
    run.tell(SPANS, &call_id, lasted(call, span.start_time, end, Outcome::Ok), end, out);
    hook::title(run, &call_id, None, out);
}

/// The call that a span is within, which is told of when nobody did: the turn's, or the sub-agent's.
fn context(run: &mut Run, thread: &str, span: &Span, out: &mut Reported) -> Option<String> {
    let start = span.start_time;
    if thread != run.session() {
        tools::make_agent_known(run, SPANS, thread, None, start, out);
        return Some(calls::agent(thread));
    }
    let named = Named { thread, id: turn_of(span), trace: Some(span.trace_id) };
    let call_id = run.codex.turns.named(named, start);
    if !run.knows(&call_id) {
        run.recall_or_tell(SPANS, &call_id, hook::turn().began(start), start, out);
    }
    Some(call_id)
}
