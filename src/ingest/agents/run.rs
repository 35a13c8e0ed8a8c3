//! One run of a program: what is known of it while it goes on.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use super::bounded::Bounded;
use super::call::{Call, Outcome};
use super::known::Known;
use super::transcripts::Transcripts;
use super::{Recall, RecallEvent, ids};
use crate::model::{
    AttributeValue, EventKey, Reported, SessionChange, SessionReport, Span, SpanId, Timestamp, TraceId,
};

/// How many calls of a run are remembered, and how many bytes of them. Others are looked up in the store.
const MAX_CALLS: usize = 512;
const MAX_CALL_BYTES: usize = 1 << 20;

/// Of how many calls it is remembered that they were stored before.
const MAX_STORED: usize = 8192;

/// How many turns of a run are remembered.
const MAX_TURNS: usize = 32;

/// How many calls of a run may be open; the oldest is taken for ended then.
const MAX_OPEN: usize = 256;

/// A person's request, and all that the program does for it.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) call_id: String,
    pub(super) start: Timestamp,
    /// The span that the program itself reported of it.
    pub(super) span: Option<(TraceId, SpanId)>,
}

pub(super) struct Run {
    engine: &'static str,
    session: String,
    trace_id: TraceId,
    recall: Recall,
    heard: Timestamp,
    calls: HashMap<String, Known>,
    /// The calls that were stored before this run was known here.
    stored: HashSet<String>,
    /// The call ids that are remembered, the one that was told of last at the end.
    order: VecDeque<String>,
    bytes: usize,
    /// Calls that began and did not end, the newest last.
    open: Vec<String>,
    /// The newest is the last.
    turns: VecDeque<Turn>,
    /// Turns that were reported as spans, and nobody knows yet which they are.
    unknown_turns: VecDeque<Span>,
    /// The open wait for a person, and which part of the run waits.
    wait: Option<(String, Option<String>)>,
    /// The calls of sub-agents and of the tools that started them, as far as is known or likely.
    starters: VecDeque<(String, String)>,
    /// The tool calls for which a person was asked.
    pub(super) asked: VecDeque<String>,
    numbered: u64,
    /// The posted events that must not be taken again.
    taken: Bounded<EventKey, ()>,
    /// The transcripts of a run of Claude Code.
    pub(super) transcripts: Transcripts<super::claude_code::Followed>,
    /// What joins the reports of a run of Codex.
    pub(super) codex: super::codex::Memory,
}

impl Run {
    pub(super) fn new(engine: &'static str, session: String, recall: Recall) -> Self {
        Self {
            engine,
            trace_id: ids::trace_id(engine, &session),
            session,
            recall,
            heard: Timestamp::EPOCH,
            calls: HashMap::new(),
            stored: HashSet::new(),
            order: VecDeque::new(),
            bytes: 0,
            open: Vec::new(),
            turns: VecDeque::new(),
            unknown_turns: VecDeque::new(),
            wait: None,
            starters: VecDeque::new(),
            asked: VecDeque::new(),
            numbered: 0,
            taken: Bounded::default(),
            transcripts: Transcripts::default(),
            codex: super::codex::Memory::default(),
        }
    }

    pub(super) fn hear(&mut self, at: Timestamp) {
        self.heard = at;
    }

    pub(super) fn heard(&self) -> Timestamp {
        self.heard
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }

    /// The trace of what is put together.
    pub(super) fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// An id for a call that the program gives none.
    pub(super) fn number(&mut self, kind: &str, at: Timestamp) -> String {
        self.numbered += 1;
        format!("{kind}:{}:{}", at.as_nanos(), self.numbered)
    }

    /// What is said of the session itself.
    pub(super) fn report(&self, at: Timestamp, change: SessionChange) -> SessionReport {
        SessionReport { change, ..SessionReport::new(self.session.clone(), self.engine, at) }
    }

    /// Says that the session was heard of, once for all that comes together.
    pub(super) fn is_heard(&self, at: Timestamp, out: &mut Reported) {
        let known = out.sessions.iter_mut().rev().find(|report| report.id == self.session);
        match known {
            Some(known) if known.change == SessionChange::Heard => known.at = known.at.min(at),
            Some(_) => {}
            None => out.sessions.push(self.report(at, SessionChange::Heard)),
        }
    }

    /// Takes what `source` says of a call.
    pub(super) fn tell(
        &mut self,
        source: &'static str,
        call_id: &str,
        call: Call,
        at: Timestamp,
        out: &mut Reported,
    ) {
        let mut known =
            self.take(call_id, call.end.is_some()).unwrap_or_else(|| self.derived(call_id, &call, at));
        let before = known.span.clone();
        if known.span.source.is_empty() {
            known.span.source = source.into();
        }
        if let Some((parent, likely)) = &call.parent {
            self.belongs(&mut known, parent, *likely, out);
        }
        let starter = self.starters.iter().find(|(agent, _)| agent == call_id);
        let starter = starter.and_then(|(_, tool)| self.calls.get(tool));
        known.span.detail |= !known.real && starter.is_some_and(|tool| tool.real);
        known.learn(call);
        if known.span != before {
            out.spans.push(known.span.clone());
        }
        let open = !known.real && known.span.end_time.is_none();
        self.keep(call_id, known);
        self.open.retain(|open| open != call_id);
        if open {
            self.open.push(call_id.to_owned());
            if self.open.len() > MAX_OPEN {
                let oldest = self.open.remove(0);
                self.give_up(source, &oldest, at, out);
            }
        }
    }

    /// Takes what is said of the cause of a call. What was only likely gives way to what is certain.
    fn belongs(&mut self, known: &mut Known, parent: &str, likely: bool, out: &mut Reported) {
        let span = &mut known.span;
        if known.real {
            if let Some(above) = span.parent_span_id {
                self.turn_is(parent, (span.trace_id, above), out);
            }
        } else if span.parent_span_id.is_none() || (span.inferred_parent && !likely) {
            let (trace, id) = self.place_of(parent);
            span.parent_span_id = Some(id);
            span.parent_trace_id = Some(trace).filter(|trace| *trace != self.trace_id);
            span.inferred_parent = likely;
        }
    }

    /// Notes what was said of a call without making a span of it: it belongs to one that is still to be reported.
    pub(super) fn note(&mut self, call_id: &str, call: Call, at: Timestamp, out: &mut Reported) {
        if let Some(known) = self.calls.get(call_id)
            && !known.span.name.is_empty()
        {
            return self.tell("", call_id, call, at, out);
        }
        let mut known = self.take(call_id, false).unwrap_or_else(|| self.derived(call_id, &call, at));
        let name = std::mem::take(&mut known.span.name);
        known.learn(call);
        known.span.name = name;
        self.keep(call_id, known);
    }

    /// Has a call known that began before anything was heard of the run: from the store, or from what is said now.
    pub(super) fn recall_or_tell(
        &mut self,
        source: &'static str,
        call_id: &str,
        call: Call,
        at: Timestamp,
        out: &mut Reported,
    ) {
        match self.take(call_id, true) {
            Some(known) => {
                if known.span.end_time.is_none() {
                    self.open.push(call_id.to_owned());
                }
                self.keep(call_id, known);
            }
            None => self.tell(source, call_id, call, at, out),
        }
    }

    fn derived(&self, call_id: &str, call: &Call, at: Timestamp) -> Known {
        let start = call.start.or(call.end.as_ref().map(|(end, _)| *end)).unwrap_or(at);
        let mut span = Span::new(self.trace_id, ids::span_id(call_id), String::new(), start);
        span.call_id = Some(call_id.to_owned());
        span.resource.set("service.name", self.engine);
        span.attributes.set("gen_ai.conversation.id", self.session.clone());
        Known { span, real: false, partial: false }
    }

    /// Takes a span that the program itself reported of a call: it learns what else is known, and what is said later is
    /// added to it.
    pub(super) fn observe(&mut self, call_id: &str, span: &mut Span, out: &mut Reported) {
        span.call_id = Some(call_id.to_owned());
        // Also what was added to it before, when it comes twice.
        if let Some(known) = self.take(call_id, true) {
            known.complete(span);
            // What it hangs below in hooks is what it hangs below as a span.
            let turns = self.turns.iter().map(|turn| turn.call_id.clone());
            let turn = turns.into_iter().find(|turn| Some(ids::span_id(turn)) == known.span.parent_span_id);
            if let (Some(turn), Some(above)) = (turn, span.parent_span_id) {
                self.turn_is(&turn, (span.trace_id, above), out);
            }
        }
        self.open.retain(|open| open != call_id);
        self.keep(call_id, Known { span: span.clone(), real: true, partial: false });
        if let Some(agent) = self.started(call_id).map(str::to_owned) {
            self.is_within_its_call(&agent, out);
        }
    }

    /// What a sub-agent does hangs below the span of the call that started it: the one that was put together says nothing more.
    fn is_within_its_call(&mut self, agent: &str, out: &mut Reported) {
        let Some(known) = self.calls.get_mut(agent) else { return };
        if !known.real && !known.span.detail {
            known.span.detail = true;
            out.spans.push(known.span.clone());
        }
    }

    /// Takes the span that the program itself reported of a turn. It may not say of which; then what hangs below it may, or
    /// when it began.
    pub(super) fn observe_turn(&mut self, span: &mut Span, within: Duration, out: &mut Reported) {
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
    pub(super) fn turn_is(&mut self, call_id: &str, place: (TraceId, SpanId), out: &mut Reported) {
        let Some(turn) = self.turns.iter_mut().find(|turn| turn.call_id == call_id) else { return };
        turn.span.get_or_insert(place);
        let known = self.unknown_turns.iter().position(|span| (span.trace_id, span.span_id) == place);
        if let Some(mut span) = known.and_then(|at| self.unknown_turns.remove(at)) {
            self.observe(call_id, &mut span, out);
            out.spans.push(span);
        }
    }

    /// What is remembered of a call, whole; or what the store has of it when it is `sought` there.
    fn take(&mut self, call_id: &str, sought: bool) -> Option<Known> {
        match self.calls.remove(call_id) {
            Some(mut known) => {
                self.bytes = self.bytes.saturating_sub(known.size());
                if known.partial {
                    known.recalled((self.recall)(&self.session, known.span.trace_id, known.span.span_id));
                }
                Some(known)
            }
            None if sought || self.stored.contains(call_id) => {
                let mut span = (self.recall)(&self.session, self.trace_id, ids::span_id(call_id))?;
                // What was understood of its attributes is understood anew from what is added to them.
                (span.usage, span.cost, span.model) = (None, None, None);
                Some(Known { span, real: false, partial: false })
            }
            None => None,
        }
    }

    fn keep(&mut self, call_id: &str, known: Known) {
        let known = known.remembered();
        self.bytes += known.size();
        self.order.retain(|id| id != call_id);
        self.order.push_back(call_id.to_owned());
        self.calls.insert(call_id.to_owned(), known);
        while (self.calls.len() > MAX_CALLS || self.bytes > MAX_CALL_BYTES) && self.order.len() > 1 {
            let oldest = self.order.pop_front().and_then(|oldest| self.calls.remove(&oldest));
            self.bytes = self.bytes.saturating_sub(oldest.map_or(0, |known| known.size()));
        }
    }

    /// Where the span of a call is: the one that the program reported, or the derived one.
    fn place_of(&self, call_id: &str) -> (TraceId, SpanId) {
        let known = self.calls.get(call_id).map(|known| (known.span.trace_id, known.span.span_id));
        known.unwrap_or((self.trace_id, ids::span_id(call_id)))
    }

    /// What is known of a call under the name of an attribute.
    pub(super) fn attribute(&mut self, call_id: &str, name: &str) -> Option<AttributeValue> {
        let known = self.take(call_id, true)?;
        let value = known.span.attributes.get(name).cloned();
        self.keep(call_id, known);
        value
    }

    /// Has a call end later, when it is one that ended because nobody told how long it takes.
    pub(super) fn extend(&mut self, source: &'static str, call_id: &str, at: Timestamp, out: &mut Reported) {
        let Some(known) = self.calls.get_mut(call_id) else { return };
        let is_of_source = !known.real && known.span.source == source;
        if is_of_source && known.span.end_time.is_some_and(|end| end < at) {
            known.span.end_time = Some(at);
            out.spans.push(known.span.clone());
        }
    }

    /// Notes that a call was stored before. Whatever is told of it first is then told of what is known of it.
    pub(super) fn is_stored(&mut self, call_id: &str) {
        if self.stored.len() < MAX_STORED {
            self.stored.insert(call_id.to_owned());
        }
    }

    /// Forgets what was told of calls: it may not be stored, and is told again then.
    pub(super) fn forget_calls(&mut self) {
        self.calls.clear();
        self.order.clear();
        self.taken.clear();
        self.bytes = 0;
    }

    /// Whether a posted event is to be taken: once. What is not remembered is asked of the store.
    pub(super) fn takes_event(&mut self, event: EventKey, stored: &RecallEvent, out: &mut Reported) -> bool {
        let taken = self.taken.get(&event).is_some() || stored(event);
        self.taken.put(event, ());
        if !taken {
            out.taken.push((self.session.clone(), event));
        }
        !taken
    }

    /// How many calls are remembered, and how many bytes of them.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> (usize, usize) {
        (self.calls.len(), self.bytes)
    }

    /// Whether a call is remembered.
    pub(super) fn knows(&self, call_id: &str) -> bool {
        self.calls.contains_key(call_id)
    }

    /// The newest open call of which `fits` holds.
    pub(super) fn open_call(&self, fits: impl Fn(&str, &Span) -> bool) -> Option<String> {
        let fits =
            |call_id: &&String| self.calls.get(*call_id).is_some_and(|known| fits(call_id, &known.span));
        self.open.iter().rev().find(fits).cloned()
    }

    /// Ends all open calls of which `fits` holds: nobody will say any more how they ended.
    pub(super) fn give_up_all(
        &mut self,
        source: &'static str,
        fits: impl Fn(&str, &Span) -> bool,
        at: Timestamp,
        out: &mut Reported,
    ) {
        let fits =
            |call_id: &&String| self.calls.get(*call_id).is_none_or(|known| fits(call_id, &known.span));
        let open: Vec<_> = self.open.iter().rev().filter(fits).cloned().collect();
        for call_id in open {
            self.give_up(source, &call_id, at, out);
        }
    }

    fn give_up(&mut self, source: &'static str, call_id: &str, at: Timestamp, out: &mut Reported) {
        let Some(kind) = self.calls.get(call_id).map(|known| known.span.kind) else {
            self.open.retain(|open| open != call_id);
            return;
        };
        self.tell(source, call_id, Call::new(kind, "").ended(at, Outcome::Unknown), at, out);
    }

    /// The turn that is under way or was last.
    pub(super) fn turn(&self) -> Option<String> {
        self.turns.back().map(|turn| turn.call_id.clone())
    }

    /// Notes a turn; says whether it is a new one.
    pub(super) fn begin_turn(&mut self, call_id: &str, start: Timestamp) -> bool {
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
    pub(super) fn started(&self, tool: &str) -> Option<&str> {
        self.starters.iter().find(|(_, starter)| starter == tool).map(|(agent, _)| agent.as_str())
    }

    /// Notes which tool call started a sub-agent.
    pub(super) fn started_by(&mut self, agent: &str, tool: &str) {
        self.starters.retain(|(known, _)| known != agent);
        self.starters.push_back((agent.to_owned(), tool.to_owned()));
        if self.starters.len() > MAX_OPEN {
            self.starters.pop_front();
        }
    }

    /// Notes that a person was asked about a tool call.
    pub(super) fn ask(&mut self, tool: String) {
        self.asked.push_back(tool);
        if self.asked.len() > MAX_OPEN {
            self.asked.pop_front();
        }
    }

    pub(super) fn wait(&self) -> Option<&(String, Option<String>)> {
        self.wait.as_ref()
    }

    pub(super) fn set_wait(
        &mut self,
        wait: Option<(String, Option<String>)>,
    ) -> Option<(String, Option<String>)> {
        std::mem::replace(&mut self.wait, wait)
    }
}
