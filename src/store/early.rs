//! Events that came before it was known whose they are: log records of a trace of which nothing else was heard yet. They are
//! nobody's in the stream, and are found with the session of their trace for as long as the replay has them.

use std::collections::HashSet;

use memchr::memmem;

use crate::model::{EventFrame, TraceId};

/// What stands before the trace of a log record. Within a text the quotes would be escaped.
const BEFORE_TRACE: &[u8] = b"\"trace_id\":\"";

/// Whether an event is nobody's log record that names one of these traces. It is asked of thousands, so it reads no JSON.
pub(super) fn is_of(event: &EventFrame, traces: &HashSet<TraceId>) -> bool {
    const DIGITS: usize = 32;
    let json = event.json();
    let names = |at: usize| {
        let from = at + BEFORE_TRACE.len();
        let digits = json.get(from..from + DIGITS).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| TraceId::parse(digits).ok()).is_some_and(|trace| traces.contains(&trace))
    };
    event.session_id.is_none()
        && event.event_type == "Log"
        && memmem::find_iter(json, BEFORE_TRACE).any(names)
}

/// Whether an event that was of a provisional session is of the one that this became a part of. What is said of the session
/// itself is not.
pub(super) fn moves(event: &EventFrame) -> bool {
    !event.event_type.starts_with("Session")
}
