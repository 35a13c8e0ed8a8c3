//! Waits for a person. A run has one at a time: the program asks, and does nothing else in that part of the run.

use super::call::{Call, Outcome};
use super::run::Run;
use crate::model::{Reported, SpanKind, Timestamp, WAIT_PROMPT, WAIT_SIGNAL};

/// A wait for `signal` that begins with this question.
pub(super) fn asking(signal: &'static str, question: String, at: Timestamp) -> Call {
    Call::new(SpanKind::Human, signal).began(at).with(WAIT_SIGNAL, signal).with(WAIT_PROMPT, question)
}

/// Begins a wait of the sub-agent, or of the main agent without one.
pub(super) fn begin(
    run: &mut Run,
    source: &'static str,
    call: Call,
    agent: Option<&str>,
    at: Timestamp,
    out: &mut Reported,
) {
    let id = run.number("wait", at);
    run.tell(source, &id, call, at, out);
    run.set_wait(Some((id, agent.map(str::to_owned))));
}

/// Ends the wait, if there is one.
pub(super) fn end(run: &mut Run, source: &'static str, outcome: Outcome, at: Timestamp, out: &mut Reported) {
    if let Some((id, _)) = run.set_wait(None) {
        run.tell(source, &id, Call::new(SpanKind::Human, "").ended(at, outcome), at, out);
    }
}

/// Ends the wait if it is that of this agent: whatever happens next in the agent that waited shows that nobody waits any more.
pub(super) fn end_of(
    run: &mut Run,
    source: &'static str,
    agent: Option<&str>,
    at: Timestamp,
    out: &mut Reported,
) {
    if run.wait().is_some_and(|(_, waits)| waits.as_deref() == agent) {
        end(run, source, Outcome::Ok, at, out);
    }
}
