//! A run's turns, and what started its sub-agents.

use std::time::Duration;

use super::{MAX_OPEN, MAX_TURNS, Run, Turn};
use crate::model::{Reported, Span, SpanId, Timestamp, TraceId};

impl Run {
    /// Takes the span that the program itself reported of a turn. It may not say of which; then what hangs below it may, or
    /// when it began.
    pub(in crate::ingest::agents) fn observe_turn(
        &mut self,
        span: &mut Span,
        within: Duration,
        out: &mut Reported,
    ) {
        let place = (span.trace_id, span.span_id);
        let distance = |turn: &Turn| turn.start.since(span.start_time).max(span.start_time.since(turn.start));
        let said = self.turns.iter().position(|turn| turn.span == Some(place));
        let near = || {
            let free = self.turns.iter().enumerate().filter(|(_, turn)| turn.span.is_none());
            let near = free.filter(|(_, turn)| distance(turn) <= within);
            near.min_by_key(|(_, turn)| distance(turn)).map(|(at, _)| at)
        };
        match said.or_else(near) {
            Some(at) => {
                self.turns[at].span = Some(place);
                let call_id = self.turns[at].call_id.clone();
                self.observe(&call_id, span, out);
            }
            None => {
                self.unknown_turns.push_back(span.clone());
                if self.unknown_turns.len() > MAX_TURNS {
                    self.unknown_turns.pop_front();
                }
            }
        }
    }

    /// Notes which span a turn was reported as.
    pub(in crate::ingest::agents) fn turn_is(
        &mut self,
        call_id: &str,
        place: (TraceId, SpanId),
        out: &mut Reported,
    ) {
        let Some(turn) = self.turns.iter_mut().find(|turn| turn.call_id == call_id) else { return };
        turn.span.get_or_insert(place);
        let known = self.unknown_turns.iter().position(|span| (span.trace_id, span.span_id) == place);
        if let Some(mut span) = known.and_then(|at| self.unknown_turns.remove(at)) {
            self.observe(call_id, &mut span, out);
            out.spans.push(span);
        }
    }

    /// The turn that is under way or was last.
    pub(in crate::ingest::agents) fn turn(&self) -> Option<String> {
        self.turns.back().map(|turn| turn.call_id.clone())
    }

    /// Notes a turn; says whether it is a new one.
    pub(in crate::ingest::agents) fn begin_turn(&mut self, call_id: &str, start: Timestamp) -> bool {
        let new = !self.turns.iter().any(|turn| turn.call_id == call_id);
        if new {
            self.turns.push_back(Turn { call_id: call_id.to_owned(), start, span: None });
            if self.turns.len() > MAX_TURNS {
                self.turns.pop_front();
            }
        }
        new
    }

    /// The sub-agent that a tool call started.
    pub(in crate::ingest::agents) fn started(&self, tool: &str) -> Option<&str> {
        self.starters.iter().find(|(_, starter)| starter == tool).map(|(agent, _)| agent.as_str())
    }

    /// Notes which tool call started a sub-agent.
    pub(in crate::ingest::agents) fn started_by(&mut self, agent: &str, tool: &str) {
        self.starters.retain(|(known, _)| known != agent);
        self.starters.push_back((agent.to_owned(), tool.to_owned()));
        if self.starters.len() > MAX_OPEN {
            self.starters.pop_front();
        }
    }
}
