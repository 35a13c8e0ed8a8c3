//! One run of a program: what is known of it while it goes on.

mod remembered;
mod turns;

use std::collections::{HashMap, HashSet, VecDeque};

use super::bounded::Bounded;
use super::call::Call;
use super::known::Known;
use super::transcripts::Transcripts;
use super::{Recall, ids};
use crate::model::{EventKey, Reported, SessionChange, SessionReport, Span, SpanId, Timestamp, TraceId};

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
