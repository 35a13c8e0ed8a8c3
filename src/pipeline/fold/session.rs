//! One live session.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::calls::Calls;
use super::facts::Facts;
use super::totals::Totals;
use super::trace::Trace;
use super::{Folded, HEARTBEAT_INTERVAL, SESSION_UPDATE_INTERVAL};
use crate::model::{
    Activity, Counters, Engine, EventKind, Session, SessionStatus, Timestamp, TraceId, WaitingOn,
};

/// A program that reports by what it does says nothing while a tool of its runs: it may be silent so many times as long as
/// others.
const SILENT_TIMES: u32 = 6;

/// Who says when a session begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The host, by the session API.
    Explicit,
    /// Spans in the host: it is over when its roots have ended, and the host lives as long as we do.
    Host,
    /// Spans from outside: the sender may fall silent without a word.
    Outside,
}

/// What a sender said of its session, without a span.
#[derive(Debug, Default)]
struct Said {
    began: Option<Timestamp>,
    over: Option<(Timestamp, Option<SessionStatus>)>,
}

#[derive(Debug)]
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) origin: Origin,
    pub(super) totals: Totals,
    /// When its spans began; unknown for one that an older version stored.
    pub(super) activity: Option<Activity>,
    pub(super) traces: HashSet<TraceId>,
    /// The turn that stores its last change.
    pub(super) turn: u64,
    /// Which reports of its calls are known; not asked yet, for one that comes from the store.
    pub(super) calls: Option<Calls>,
    /// The explicit end, once it came.
    ended: Option<(SessionStatus, Timestamp)>,
    /// What its sender said last of when it began, and of its end.
    said: Said,
    /// When the last of its spans began that were heard of.
    last_start: Option<Timestamp>,
    /// The root that ended last, in any of its traces that are not in memory.
    ended_root: Option<(Timestamp, bool)>,
    /// What is known of it but for what its traces in memory say.
    facts: Facts,
    /// Some of its traces are not in memory, and what they say stands in `facts` and `ended_root`.
    summed_up: bool,
    gave_up: bool,
    heard: Instant,
    /// When the last heartbeat was due, and what the counters were.
    beat: (Instant, Counters),
    open_spans: usize,
    told: Option<Instant>,
    told_status: SessionStatus,
}

impl Live {
    /// One that the host opened.
    pub(super) fn explicit(session: Session) -> Self {
        Self { facts: Facts::given(&session), ..Self::new(session, Origin::Explicit) }
    }

    /// One that spans tell of.
    pub(super) fn new(session: Session, origin: Origin) -> Self {
        Self {
            told_status: session.status,
            session,
            origin,
            totals: Totals::default(),
            activity: Some(Activity::default()),
            traces: HashSet::new(),
            turn: 0,
            calls: Some(Calls::default()),
            ended: None,
            said: Said::default(),
            last_start: None,
            ended_root: None,
            facts: Facts::default(),
            summed_up: false,
            gave_up: false,
            heard: Instant::now(),
            beat: (Instant::now(), Counters::default()),
            open_spans: 0,
            told: None,
        }
    }

    /// From what is stored of it.
    pub(super) fn restore(session: Session) -> Self {
        let of_host = [Engine::TOKIO, Engine::MCP_INBOUND].contains(&&*session.engine);
        let origin = if of_host { Origin::Host } else { Origin::Outside };
        let mut live = Self::new(session, origin);
        live.totals = Totals::from_counters(live.session.counters);
        // What is known of a part of it would look like the whole.
        let counted = live.session.activity.clone();
        live.activity = counted.or_else(|| (live.session.counters.spans == 0).then(Activity::default));
        live.beat.1 = live.session.counters;
        live.facts = Facts::stored(&live.session);
        live.summed_up = true;
        live.calls = None;
        let (status, end) = (live.session.status, live.session.ended_at);
        match status {
            SessionStatus::Running | SessionStatus::Paused | SessionStatus::Abandoned => {}
            // The host said how it ended; what comes late does not change that.
            _ if origin == Origin::Host => live.ended = end.map(|end| (status, end)),
            _ => live.ended_root = end.map(|end| (end, status == SessionStatus::Failed)),
        }
        live
    }

    /// The host began a session under an id that is known: it goes on.
    pub(super) fn reopen(&mut self, again: Session) {
        self.origin = Origin::Explicit;
        self.ended = None;
        self.session.title = again.title;
        self.session.agent = again.agent.or(self.session.agent.take());
        self.session.status = SessionStatus::Running;
        self.session.ended_at = None;
        self.facts = Facts::given(&self.session);
    }

    pub(super) fn end(&mut self, status: SessionStatus, error: Option<String>, at: Timestamp) {
        self.ended = Some((status, at));
        if let Some(error) = error {
            self.facts.set_error(error);
        }
    }

    /// Notes that something was heard of it.
    pub(super) fn hear(&mut self) {
        self.heard = Instant::now();
        self.gave_up = false;
    }

    pub(super) fn was_quiet(&mut self, quiet_for: Duration) {
        self.heard = Instant::now().checked_sub(quiet_for).unwrap_or(self.heard);
    }

    /// Notes when one of its spans began.
    pub(super) fn span_began(&mut self, at: Timestamp) {
        self.last_start = self.last_start.max(Some(at));
    }

    pub(super) fn facts_mut(&mut self) -> &mut Facts {
        &mut self.facts
    }

    /// Its sender says that it began, or goes on.
    pub(super) fn began_at(&mut self, at: Timestamp) {
        self.said.began = self.said.began.max(Some(at));
    }

    /// Its sender says that it ended.
    pub(super) fn ended_at(&mut self, at: Timestamp, status: Option<SessionStatus>, error: Option<String>) {
        if self.said.over.is_none_or(|(known, _)| known <= at) {
            self.said.over = Some((at, status));
            if let Some(error) = error {
                self.facts.set_error(error);
            }
        }
    }

    /// When its sender said that it ended, unless something began after that.
    fn over(&self) -> Option<(Timestamp, Option<SessionStatus>)> {
        let began = self.said.began.max(self.last_start);
        self.said.over.filter(|(at, _)| began.is_none_or(|began| began <= *at))
    }

    /// Keeps what a trace says of it that is in memory no more.
    pub(super) fn forget_trace(&mut self, id: TraceId, trace: &Trace) {
        self.traces.remove(&id);
        self.ended_root = self.ended_root.max(trace.ended_root);
        self.facts.merge(&trace.facts);
        self.summed_up = true;
    }

    /// A trace left it, and what that said of it counts no more. Says whether the traces that are not in memory are to be
    /// asked again, since nobody knows any more which of them said what.
    pub(super) fn unsay(&mut self) -> bool {
        let anew = self.summed_up && self.origin != Origin::Explicit && self.ended.is_none();
        if anew {
            self.ended_root = None;
            self.facts.unsay();
            self.summed_up = false;
        }
        anew
    }

    /// Derives everything that the spans say of it, from its `traces` in memory and what it knows of the others.
    pub(super) fn refresh<'a>(&mut self, traces: impl Iterator<Item = &'a Trace> + Clone, now: Timestamp) {
        let open = traces.clone().map(|trace| trace.open).sum();
        // Later beats earlier, and of two at one moment the error counts.
        let root = traces.clone().filter_map(|trace| trace.ended_root).max().max(self.ended_root);
        let wait = traces.clone().filter_map(Trace::waits).min_by_key(|wait| wait.since).cloned();
        let mut facts = self.facts.clone();
        traces.for_each(|trace| facts.merge(&trace.facts));
        facts.apply_to(&mut self.session);
        let over = self.over();
        let wait = wait.map(|wait| self.as_known(wait));
        let by_root =
            || root.map(|(_, error)| if error { SessionStatus::Failed } else { SessionStatus::Completed });
        self.session.status = match (self.ended, over) {
            (Some((status, _)), _) => status,
            (None, Some((_, status))) => status.or_else(by_root).unwrap_or(SessionStatus::Completed),
            (None, None) if self.gave_up => SessionStatus::Abandoned,
            (None, None) if wait.is_some() => SessionStatus::Paused,
            (None, None) if open == 0 && self.ends_with_its_roots(root) => {
                by_root().unwrap_or(SessionStatus::Running)
            }
            _ => SessionStatus::Running,
        };
        self.session.waiting_on = wait.filter(|_| self.session.status == SessionStatus::Paused);
        self.session.ended_at = match (self.session.status.is_ended(), self.ended, over) {
            (false, ..) => None,
            (true, Some((_, at)), _) | (true, None, Some((at, _))) => Some(at),
            (true, None, None) => facts.last_end().or(Some(self.session.started_at)),
        };
        self.session.counters = self.totals.counters();
        self.session.activity.clone_from(&self.activity);
        self.open_spans = open;
        self.session.updated_at = now;
    }

    /// Whether it ended because its roots did: none says otherwise.
    fn ends_with_its_roots(&self, root: Option<(Timestamp, bool)>) -> bool {
        let goes_on = self.said.began.is_some_and(|began| root.is_none_or(|(ended, _)| ended < began));
        self.origin != Origin::Explicit && !goes_on
    }

    /// A wait, with the question that was stored with it when only its span is known.
    fn as_known(&self, wait: WaitingOn) -> WaitingOn {
        let known = self.session.waiting_on.as_ref().filter(|known| known.since == wait.since);
        match known {
            Some(known) if wait.prompt.is_none() => {
                WaitingOn { trace_id: wait.trace_id, span_id: wait.span_id, ..known.clone() }
            }
            _ => wait,
        }
    }

    /// Gives up a session that has been silent for longer than `after`: one of an outside sender, or `any` session when the
    /// inspector ends. Says whether it did.
    pub(super) fn give_up(&mut self, now: Instant, after: Duration, any: bool) -> bool {
        let by_what_it_does = matches!(&*self.session.engine, Engine::CLAUDE_CODE | Engine::CODEX);
        let after = if by_what_it_does { after.saturating_mul(SILENT_TIMES) } else { after };
        let silent =
            (any || self.origin == Origin::Outside) && now.saturating_duration_since(self.heard) >= after;
        // Whoever waits for a person may wait for days.
        let waits = self.session.status == SessionStatus::Paused && !any;
        let gave_up = silent && !waits && !self.gave_up && !self.session.status.is_ended();
        self.gave_up |= gave_up;
        gave_up
    }

    /// Gives a sign of life when it is due. The host's sessions live as long as it does; one from outside only when
    /// something was heard of it since the last time.
    pub(super) fn beat(&mut self, now: Instant, out: &mut Folded) {
        let (last, counters) = self.beat;
        if now.saturating_duration_since(last) < HEARTBEAT_INTERVAL {
            return;
        }
        self.beat.0 = now;
        let alive = self.origin != Origin::Outside || self.heard > last;
        if alive && !self.gave_up && !self.session.status.is_ended() {
            let deltas = self.session.counters.since(&counters);
            let kind = EventKind::Heartbeat { open_spans: self.open_spans as u64, deltas };
            out.events.push((self.session.id.clone(), kind));
            self.beat.1 = self.session.counters;
        }
    }

    pub(super) fn announce_start(&mut self, out: &mut Folded) {
        let session = Box::new(self.session.clone());
        out.events.push((self.session.id.clone(), EventKind::SessionStarted { session }));
        self.told = Some(Instant::now());
        self.told_status = SessionStatus::Running;
    }

    /// Announces the change, at once when the session ended or came back, otherwise not more often than every
    /// [`SESSION_UPDATE_INTERVAL`]; says whether it did.
    pub(super) fn announce_change(&mut self, out: &mut Folded) -> bool {
        let (status, before) = (self.session.status, self.told_status);
        if status == before && self.told.is_some_and(|told| told.elapsed() < SESSION_UPDATE_INTERVAL) {
            return false;
        }
        let session = Box::new(self.session.clone());
        let finished = status.is_ended() && !before.is_ended();
        let kind = if finished {
            EventKind::SessionFinished { session }
        } else {
            EventKind::SessionUpdated { session }
        };
        out.events.push((self.session.id.clone(), kind));
        self.told = Some(Instant::now());
        self.told_status = status;
        true
    }
}
