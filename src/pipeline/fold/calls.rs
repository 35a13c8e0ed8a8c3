//! The calls that a session's program reports in several ways: as spans, and again in hooks, log records, a transcript.
//!
//! Of the reports of one call the spans count, and what was put together from the others only when there is none. Sums, as
//! metrics report them, count only in a session of which nothing else says any tokens.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::trace::{Claim, Trace};
use super::{Fold, Remembered};
use crate::model::{Engine, LONE_CALL, SUM_CALL, SessionId, SpanId, SpanKind, SpanSummary, TraceId};

/// What a span says of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The call id as a number, 0 without one; collisions would take more calls than a session has.
    call: u64,
    /// The span was put together.
    derived: bool,
    /// It counts only when nothing else says any tokens of the session.
    fallback: bool,
    /// It is a sum of several calls.
    sum: bool,
    /// It is a model call of which the tokens are known.
    tokens: bool,
}

impl Told {
    pub(super) fn of(span: &SpanSummary) -> Self {
        let begins_with = |prefix| span.call_id.as_deref().is_some_and(|call| call.starts_with(prefix));
        let call = span.call_id.as_deref().map_or(0, |call_id| {
            let mut hasher = DefaultHasher::new();
            call_id.hash(&mut hasher);
            hasher.finish().max(1)
        });
        Self {
            call,
            derived: span.derived,
            fallback: begins_with(SUM_CALL) || begins_with(LONE_CALL),
            sum: begins_with(SUM_CALL),
            tokens: span.kind == SpanKind::Llm
                && (span.usage.is_some() || span.cost.is_some())
                && !span.detail,
        }
    }

    pub(super) fn is_sum(self) -> bool {
        self.sum
    }

    pub(super) fn is_of_call(self) -> bool {
        self.call != 0
    }
}

type Place = (TraceId, SpanId);

/// Which reports of its calls a session has.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: HashMap<u64, Call>,
    fallbacks: Vec<Place>,
    /// A model call with tokens was reported by itself.
    counted: bool,
}

#[derive(Debug, Default)]
struct Call {
    /// It was reported as a span.
    real: bool,
    /// The spans that were put together.
    derived: Vec<Place>,
}

impl Calls {
    /// The reports that counted until now and would give way to this one.
    fn beaten_by(&self, told: Told) -> Vec<Place> {
        if told.fallback {
            return Vec::new();
        }
        let fallbacks = if told.tokens && !self.counted { &*self.fallbacks } else { &[] };
        let call = self.calls.get(&told.call).filter(|call| told.is_of_call() && !told.derived && !call.real);
        let derived = call.map_or(&[][..], |call| &call.derived);
        fallbacks.iter().chain(derived).copied().collect()
    }

    /// Notes a report.
    fn hear(&mut self, at: Place, told: Told) {
        let known = if told.fallback {
            &mut self.fallbacks
        } else {
            self.counted |= told.tokens;
            if !told.is_of_call() {
                return;
            }
            let call = self.calls.entry(told.call).or_default();
            call.real |= !told.derived;
            &mut call.derived
        };
        if told.derived && !known.contains(&at) {
            known.push(at);
        }
    }

    /// Whether a report counts for nothing because of others.
    fn mutes(&self, told: Told) -> bool {
        let beaten = || self.calls.get(&told.call).is_some_and(|call| call.real);
        if told.fallback { self.counted } else { told.derived && told.is_of_call() && beaten() }
    }
}

impl Fold {
    /// Notes what a span says of a call, takes back what gives way to it, and says whether it counts for nothing itself.
    pub(super) fn hear_call(&mut self, session: &SessionId, span: &SpanSummary) -> bool {
        let told = Told::of(span);
        if told == Told::default() {
            return false;
        }
        let reports = |engine: &str| matches!(engine, Engine::CLAUDE_CODE | Engine::CODEX | Engine::EVENTS);
        let engine = self.sessions.get(session).map(|live| &*live.session.engine);
        // What else was said of a session's tokens may be a sum that gives way, where its program says sums.
        if told.is_of_call() || (told.tokens && engine.is_some_and(reports)) {
            self.know_calls(session);
        }
        let Some(calls) = self.sessions.get(session).and_then(|live| live.calls.as_ref()) else {
            return false;
        };
        let beaten = calls.beaten_by(told);
        for (trace, _) in &beaten {
            // Before it is noted what beats them: as they were counted until now.
            if !self.traces.contains_key(trace) {
                self.restore_trace(*trace);
            }
        }
        let calls = self.sessions.get_mut(session).and_then(|live| live.calls.as_mut());
        let Some(calls) = calls else { return false };
        calls.hear((span.trace_id, span.span_id), told);
        let muted = calls.mutes(told);
        for (trace, span) in beaten {
            self.change_trace(session, trace, |trace| trace.mute_one(span));
        }
        muted
    }

    /// Asks the store what was heard of the calls of a session that comes from there.
    fn know_calls(&mut self, session: &SessionId) {
        if self.sessions.get(session).is_some_and(|live| live.calls.is_none()) {
            let mut calls = Calls::default();
            for span in self.store.session_spans(session).unwrap_or_default() {
                calls.hear((span.trace_id, span.span_id), Told::of(&span));
            }
            if let Some(live) = self.sessions.get_mut(session) {
                live.calls = Some(calls);
            }
        }
    }

    /// Changes what spans of a trace count for, and with them what the session does.
    fn change_trace(&mut self, session: &SessionId, trace: TraceId, change: impl FnOnce(&mut Trace)) {
        let (Some(Remembered { trace, .. }), Some(live)) =
            (self.traces.get_mut(&trace), self.sessions.get_mut(session))
        else {
            return;
        };
        if trace.session == *session {
            live.totals.subtract(trace.totals);
            change(trace);
            live.totals.add(trace.totals);
            self.dirty.insert(session.clone());
        }
    }

    /// Loads a trace from the store, counted as it was.
    pub(super) fn restore_trace(&mut self, trace: TraceId) -> Option<(Claim, SessionId)> {
        let session = self.store.session_of_trace(trace).ok().flatten()?;
        let claim = if session == SessionId::of_trace(trace) { Claim::None } else { Claim::Span };
        let spans = self.store.trace_spans(trace).unwrap_or_default();
        self.load(&session)?;
        if spans.iter().any(|span| span.call_id.is_some()) {
            self.know_calls(&session);
        }
        self.remembered += spans.len();
        let live = self.sessions.get_mut(&session)?;
        let calls = live.calls.as_ref();
        let mutes = |span: &SpanSummary| calls.is_some_and(|calls| calls.mutes(Told::of(span)));
        let restored = Trace::restore(session.clone(), claim, &spans, mutes);
        live.traces.insert(trace);
        self.remember(trace, restored);
        Some((claim, session))
    }

    /// A trace moved: which reports of a call count is decided anew in the session that it left and in the one that it
    /// joined.
    pub(super) fn settle_calls(&mut self, moved: TraceId, sessions: [&SessionId; 2]) {
        if !self.traces.get(&moved).is_some_and(|known| known.trace.tells_of_calls()) {
            return;
        }
        for session in sessions {
            for trace in self.store.traces(session).unwrap_or_default() {
                if !self.traces.contains_key(&trace) {
                    self.restore_trace(trace);
                }
            }
            let Some(live) = self.sessions.get_mut(session) else { continue };
            let ids: Vec<TraceId> = live.traces.iter().copied().collect();
            let mut calls = Calls::default();
            let mut told_by = Vec::new();
            for id in ids {
                let Some(Remembered { trace, .. }) = self.traces.get(&id) else { continue };
                for (span, told) in trace.told() {
                    calls.hear((id, span), told);
                    told_by.push(((id, span), told));
                }
            }
            let muted: HashMap<Place, bool> =
                told_by.into_iter().map(|(at, told)| (at, calls.mutes(told))).collect();
            live.calls = Some(calls);
            let traces: Vec<TraceId> = live.traces.iter().copied().collect();
            for id in traces {
                self.change_trace(session, id, |trace| trace.mute(|span| muted.get(&(id, span)).copied()));
            }
        }
    }
}
