//! Spans add up to sessions.
//!
//! The fold keeps what is live in memory and loads from the store what comes back: a leaf may arrive before the root
//! that names its session, a trace may turn out to belong to another session, a span may come twice. Whatever the order,
//! the sessions end up the same and each span counts once.

mod assign;
mod calls;
mod change;
mod facts;
mod report;
mod session;
#[cfg(test)]
mod tests;
mod totals;
mod trace;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use self::assign::{FromFile, Source};
pub(crate) use self::report::FoldReport;
use self::session::Live;
use self::trace::Trace;
use crate::capture::record::{SessionEnded, SessionStarted};
use crate::model::{
    EventKind, Session, SessionId, SessionStatus, SpanSummary, Timestamp, TraceId, WaitingOn,
};
use crate::normalize::SessionHint;
use crate::registry::MemoryRegistry;
use crate::store::Store;

/// How often one session's changes are announced while it changes.
pub(super) const SESSION_UPDATE_INTERVAL: Duration = Duration::from_millis(250);

/// How often a session that runs gives a sign of life in the stream.
pub(super) const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);

/// After this long without a word, a session of an outside sender that did not end counts as abandoned.
pub const DEFAULT_ABANDON_AFTER: Duration = Duration::from_secs(300);

/// How long a trace is remembered after it was last heard of; it is loaded again when it comes back.
const FORGET_TRACE_AFTER: Duration = Duration::from_secs(30);

/// How many spans are remembered at most before the quietest traces are forgotten early: some 10 MB.
pub(crate) const MAX_REMEMBERED_SPANS: usize = 100_000;

/// How many sessions are live at most before those of silent outside senders are given up, and ended ones forgotten,
/// early: some 10 MB.
pub(crate) const MAX_LIVE_SESSIONS: usize = 10_000;

/// What a store that takes nothing holds back of either, times these bounds. Beyond it traces and ended sessions are
/// forgotten although they are not stored yet: a span that comes late may then count twice.
const UNSTORED_TIMES: usize = 8;

/// The silence that counts when there is too much of either.
const CROWDED_SILENCE: Duration = Duration::from_secs(1);

/// A span with what it says about its session.
#[derive(Debug)]
pub(crate) struct FoldSpan {
    pub(crate) summary: SpanSummary,
    pub(crate) hint: Option<SessionHint>,
    pub(crate) title: Option<String>,
    pub(crate) service: Option<String>,
    /// The program that it is from, when that runs sessions of a kind of its own.
    pub(crate) engine: Option<&'static str>,
    /// What it waits for, when it waits for a person.
    pub(crate) wait: Option<WaitingOn>,
    /// Whoever began that wait has announced it.
    pub(crate) told: bool,
    /// What it made use of, when it ended well.
    pub(crate) used: Option<EventKind>,
}

/// What folding gives: what to announce and what to store.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) events: Vec<(SessionId, EventKind)>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) traces: Vec<(TraceId, SessionId)>,
    pub(crate) removed: Vec<SessionId>,
    pub(crate) pins: Vec<(SessionId, bool)>,
    /// Sessions that a trace left or joined.
    pub(crate) moved: Vec<SessionId>,
}

#[derive(Debug)]
pub(crate) struct Fold {
    store: Arc<dyn Store>,
    registry: Arc<MemoryRegistry>,
    sessions: HashMap<SessionId, Live>,
    traces: HashMap<TraceId, Remembered>,
    remembered: usize,
    /// The number of the turn whose changes are being gathered.
    turn: u64,
    /// Changed since the last tick.
    dirty: HashSet<SessionId>,
    /// Changed since they were announced.
    untold: HashSet<SessionId>,
    abandon_after: Duration,
}

/// A trace in memory.
#[derive(Debug)]
struct Remembered {
    trace: Trace,
    heard: Instant,
    /// The turn that stores its last change.
    turn: u64,
}

impl Fold {
    pub(crate) fn new(store: Arc<dyn Store>, registry: Arc<MemoryRegistry>, abandon_after: Duration) -> Self {
        Self {
            store,
            registry,
            sessions: HashMap::new(),
            traces: HashMap::new(),
            remembered: 0,
            turn: 0,
            dirty: HashSet::new(),
            untold: HashSet::new(),
            abandon_after,
        }
    }

    /// What comes now is stored by the turn of this number.
    pub(crate) fn begin_turn(&mut self, number: u64) {
        self.turn = number;
    }

    fn remember(&mut self, id: TraceId, trace: Trace) {
        self.traces.insert(id, Remembered { trace, heard: Instant::now(), turn: self.turn });
    }

    /// The host opened a session.
    pub(crate) fn session_started(&mut self, start: SessionStarted, out: &mut Folded) {
        let mut session = Session::new(start.id.clone(), start.engine, start.title, start.at);
        session.agent = start.agent;
        session.tags = start.tags;
        session.parent_session_id = start.parent;
        // An id that the host uses again goes on in the same session.
        if let Some(known) = self.load(&start.id) {
            known.reopen(session);
        } else {
            self.sessions.insert(start.id.clone(), Live::explicit(session));
        }
        if let Some(live) = self.sessions.get_mut(&start.id) {
            live.announce_start(out);
        }
        self.trace_joined(start.trace_id, &start.id, out);
        self.dirty.insert(start.id);
    }

    /// The host ended a session.
    pub(crate) fn session_ended(&mut self, end: SessionEnded) {
        if let Some(live) = self.sessions.get_mut(&end.id) {
            live.end(end.status, end.error, end.at);
            self.dirty.insert(end.id);
        }
    }

    /// Takes one span in, into the session that [`assign`](Self::assign) gave.
    pub(crate) fn apply(&mut self, span: &FoldSpan) {
        let Some(Remembered { trace, .. }) = self.traces.get(&span.summary.trace_id) else { return };
        let session = trace.session.clone();
        let muted = self.hear_call(&session, &span.summary);
        let Some(Remembered { trace, .. }) = self.traces.get_mut(&span.summary.trace_id) else { return };
        let Some(live) = self.sessions.get_mut(&session) else { return };
        let new = !trace.contains(span.summary.span_id);
        self.remembered += usize::from(new);
        if let Some(activity) = live.activity.as_mut().filter(|_| new && !muted && !span.summary.detail) {
            activity.add(span.summary.start_time);
        }
        live.totals.subtract(trace.totals);
        if trace.apply(&span.summary, muted) {
            trace.facts.hear(&span.summary, span.title.as_deref(), span.service.as_deref());
            if let Some(wait) = &span.wait {
                trace.set_wait(span.summary.span_id, wait);
                if span.told {
                    trace.wait_is_told(span.summary.span_id);
                }
            }
        }
        live.totals.add(trace.totals);
        live.hear();
        if !span.summary.detail {
            live.span_began(span.summary.start_time);
        }
        if let Some(engine) = span.engine {
            live.set_engine(engine);
        }
        self.dirty.insert(session);
    }

    /// What was just taken in of a session was written so long ago: when that is longer than outside sessions may be silent,
    /// it does not run.
    pub(crate) fn was_quiet(&mut self, session: &SessionId, quiet_for: Duration) {
        if let Some(live) = self.sessions.get_mut(session) {
            live.was_quiet(quiet_for);
        }
    }

    /// The inspector ends: nobody will say any more how the running sessions end.
    pub(crate) fn leave(&mut self) {
        for (id, live) in &mut self.sessions {
            if live.give_up(Instant::now(), Duration::ZERO, true) {
                self.dirty.insert(id.clone());
            }
        }
    }

    /// Gathers what changed since the last tick.
    pub(crate) fn tick(&mut self, now: Timestamp, out: &mut Folded) {
        for id in std::mem::take(&mut self.dirty) {
            let Some(live) = self.sessions.get_mut(&id) else { continue };
            let ids = std::mem::take(&mut live.traces);
            live.refresh(ids.iter().filter_map(|id| Some(&self.traces.get(id)?.trace)), now);
            if live.session.status == SessionStatus::Paused {
                for id in &ids {
                    let Some(Remembered { trace, .. }) = self.traces.get_mut(id) else { continue };
                    for (wait_id, on) in trace.untold_waits() {
                        let WaitingOn { signal_name, prompt, .. } = on;
                        let wait_id = Some(wait_id);
                        let kind = EventKind::WaitingOnSignal { wait_id, signal_name, prompt, schema: None };
                        out.events.push((live.session.id.clone(), kind));
                    }
                }
            }
            live.traces = ids;
            live.turn = self.turn;
            self.registry.insert(live.session.clone());
            out.sessions.push(live.session.clone());
            self.untold.insert(id);
        }
        let sessions = &mut self.sessions;
        self.untold.retain(|id| sessions.get_mut(id).is_some_and(|live| !live.announce_change(out)));
    }

    /// Lets the sessions that run give a sign of life, marks those of senders that fell silent, and forgets what is over and stored: everything up to the turn
    /// `committed` is. Call it about once a second.
    pub(crate) fn tidy(&mut self, now: Instant, committed: u64, out: &mut Folded) {
        let full = self.sessions.len() > MAX_LIVE_SESSIONS;
        let patience = if full { CROWDED_SILENCE.min(self.abandon_after) } else { self.abandon_after };
        for (id, live) in &mut self.sessions {
            if live.give_up(now, patience, false) {
                self.dirty.insert(id.clone());
            }
            live.beat(now, out);
        }
        let crowded = self.remembered > MAX_REMEMBERED_SPANS || full;
        let quiet = if crowded { CROWDED_SILENCE } else { FORGET_TRACE_AFTER };
        let unstored = if self.remembered > MAX_REMEMBERED_SPANS * UNSTORED_TIMES
            || self.sessions.len() > MAX_LIVE_SESSIONS * UNSTORED_TIMES
        {
            u64::MAX
        } else {
            committed
        };
        let (sessions, dirty, untold) = (&mut self.sessions, &self.dirty, &self.untold);
        self.traces.retain(|id, Remembered { trace, heard, turn }| {
            let live = sessions.get_mut(&trace.session);
            // Open spans of a session that was given up are waited for no more; they are loaded again if they come.
            let open = trace.open > 0 && live.as_ref().is_some_and(|live| !live.session.status.is_ended());
            let keep = open
                || now.saturating_duration_since(*heard) <= quiet
                || *turn > unstored
                || dirty.contains(&trace.session);
            if !keep {
                self.remembered = self.remembered.saturating_sub(trace.len());
                if let Some(live) = live {
                    live.forget_trace(*id, trace);
                }
            }
            keep
        });
        self.sessions.retain(|id, live| {
            let keep = !live.session.status.is_ended()
                || !live.traces.is_empty()
                || live.turn > unstored
                || dirty.contains(id)
                || untold.contains(id);
            if !keep {
                self.registry.remove(id);
            }
            keep
        });
    }

    /// The session from memory or from the store.
    fn load(&mut self, id: &SessionId) -> Option<&mut Live> {
        if !self.sessions.contains_key(id) {
            // A store that cannot be read must not stop capture; the session then begins anew.
            let stored = self.store.session(id).ok().flatten()?;
            self.sessions.insert(id.clone(), Live::restore(stored));
        }
        self.sessions.get_mut(id)
    }
}
