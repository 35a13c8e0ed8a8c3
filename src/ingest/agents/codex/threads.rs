//! Which session a thread is of: a sub-agent has a thread of its own, and belongs to the session of who started it.

use super::super::bounded::Bounded;
use crate::model::TraceId;

/// What is known of the threads of all sessions.
#[derive(Debug, Default)]
pub(in super::super) struct Threads {
    /// The session of each thread that is a sub-agent's.
    sessions: Bounded<String, String>,
    /// The session of each trace. All that a turn does is one trace, its sub-agents included.
    traces: Bounded<TraceId, String>,
    /// The thread of each turn.
    turns: Bounded<String, String>,
    /// The thread of which lines were printed last.
    pub(super) printing: Option<String>,
}

impl Threads {
    /// The session of a thread.
    pub(super) fn session(&self, thread: &str) -> String {
        self.sessions.get(&thread.to_owned()).cloned().unwrap_or_else(|| thread.to_owned())
    }

    /// Notes that a thread is a sub-agent's.
    pub(super) fn belongs_to(&mut self, thread: &str, session: &str) {
        if thread != session {
            self.sessions.put(thread.to_owned(), session.to_owned());
        }
    }

    /// The session of a thread that was heard of in a trace. Who is heard of first in a trace is whose turn it is; all others
    /// there are sub-agents.
    pub(super) fn heard(&mut self, thread: &str, trace: Option<TraceId>) -> String {
        let Some(trace) = trace else { return self.session(thread) };
        match self.traces.get(&trace).cloned() {
            Some(session) => self.belongs_to(thread, &session),
            None => self.traces.put(trace, self.session(thread)),
        }
        self.session(thread)
    }

    /// The session of a trace.
    pub(super) fn of_trace(&self, trace: TraceId) -> Option<String> {
        self.traces.get(&trace).cloned()
    }

    /// Notes whose turn one is.
    pub(super) fn turn_is_of(&mut self, turn: &str, thread: &str) {
        self.turns.put(turn.to_owned(), thread.to_owned());
    }

    /// The thread of a turn.
    pub(super) fn of_turn(&self, turn: &str) -> Option<String> {
        self.turns.get(&turn.to_owned()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_heard_of_later_in_a_trace_is_a_sub_agent_of_the_first() {
        let trace = |number| TraceId::from_bytes([number; 16]);
        let mut threads = Threads::default();
        assert_eq!(threads.heard("main", trace(1)), "main");
        assert_eq!(threads.heard("sub", trace(1)), "main");
        assert_eq!(threads.heard("sub", trace(2)), "main", "wherever it is heard of");
        assert_eq!(threads.heard("sub of sub", trace(2)), "main");
        assert_eq!(threads.heard("other", trace(3)), "other");
        assert_eq!(threads.heard("other", None), "other");
    }
}
