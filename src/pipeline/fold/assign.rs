//! Which session a trace belongs to, and what happens when that turns out to be another one.

use std::time::{Duration, Instant};

use super::session::{Live, Origin};
use super::trace::{Claim, Trace};
use super::{Fold, FoldSpan, Folded, Remembered};
use crate::model::{Engine, EventKind, IMPORTED_TAG, Session, SessionId, TraceId};
use crate::normalize::SessionHint;

/// Who sends a span.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// The host. The traces of the sessions that it opened are known before their spans come.
    Host,
    /// Somebody else.
    Outside,
    /// Nobody any more, perhaps: it stands in a file.
    File(&'a FromFile),
}

/// What is known of spans that were read from a trace file.
#[derive(Clone, Debug)]
pub(crate) struct FromFile {
    /// The session of the file.
    pub(crate) session: SessionId,
    /// What the file's name said, when that is no session id.
    pub(crate) external_id: Option<String>,
    /// What runs the session, as far as the file says.
    pub(crate) engine: Option<String>,
    /// What a person calls it, if the file says.
    pub(crate) title: Option<String>,
    /// How long ago it was written.
    pub(crate) quiet_for: Duration,
}

impl Fold {
    /// A trace belongs to a session that the host opened; unless it belongs to another one of these already.
    pub(crate) fn trace_joined(&mut self, trace: TraceId, session: &SessionId, out: &mut Folded) {
        let known = match self.traces.get(&trace) {
            Some(known) => Some((known.trace.claim, known.trace.session.clone())),
            None => self.restore_trace(trace),
        };
        match known {
            Some((Claim::Explicit, _)) => {}
            Some((_, from)) if from != *session => {
                if self.load(session).is_some() {
                    self.move_trace(trace, Claim::Explicit, &from, session, out);
                }
            }
            Some(_) => {
                if let Some(Remembered { trace, .. }) = self.traces.get_mut(&trace) {
                    trace.claim = Claim::Explicit;
                }
            }
            None => {
                let Some(live) = self.load(session) else { return };
                live.traces.insert(trace);
                self.remember(trace, Trace::new(session.clone(), Claim::Explicit));
                out.traces.push((trace, session.clone()));
            }
        }
    }

    /// Says which session `trace` belongs to, given what its new spans say, and makes sure that both are known. Call it
    /// before [`apply`](Self::apply) with all that arrived together, so that a root names the session of its leaves.
    pub(crate) fn assign(
        &mut self,
        trace: TraceId,
        source: Source<'_>,
        spans: &[FoldSpan],
        out: &mut Folded,
    ) -> SessionId {
        let (claim, wanted, external) = match source {
            Source::File(file) => {
                // The file of a session that is named after the trace says nothing.
                let named = file.session != SessionId::of_trace(trace);
                let claim = if named { Claim::File } else { Claim::None };
                (claim, file.session.clone(), file.external_id.clone())
            }
            Source::Host | Source::Outside => best_claim(trace, spans),
        };
        let known = match self.traces.get_mut(&trace) {
            Some(known) => {
                if known.turn != self.turn {
                    // Said with every turn: the session, and with it the trace, may have made room in the store.
                    out.traces.push((trace, known.trace.session.clone()));
                }
                known.heard = Instant::now();
                known.turn = self.turn;
                Some((known.trace.claim, known.trace.session.clone()))
            }
            None => self.restore_trace(trace),
        };
        match known {
            Some((known_claim, session)) if known_claim >= claim || session == wanted => {
                if let Some(Remembered { trace, .. }) = self.traces.get_mut(&trace) {
                    trace.claim = trace.claim.max(claim);
                }
                self.ensure_session(&session, source, spans, None, out);
                session
            }
            Some((_, session)) => {
                self.ensure_session(&wanted, source, spans, external, out);
                self.move_trace(trace, claim, &session, &wanted, out);
                wanted
            }
            None => {
                self.ensure_session(&wanted, source, spans, external, out);
                self.remember(trace, Trace::new(wanted.clone(), claim));
                if let Some(live) = self.sessions.get_mut(&wanted) {
                    live.traces.insert(trace);
                }
                out.traces.push((trace, wanted.clone()));
                wanted
            }
        }
    }

    pub(super) fn ensure_session(
        &mut self,
        id: &SessionId,
        source: Source<'_>,
        spans: &[FoldSpan],
        external: Option<String>,
        out: &mut Folded,
    ) {
        if self.load(id).is_some() {
            return;
        }
        let Some(first) = spans.iter().min_by_key(|span| span.summary.start_time) else { return };
        let title =
            spans.iter().find_map(|span| span.title.clone()).unwrap_or_else(|| first.summary.name.clone());
        let (origin, engine) = match source {
            Source::Outside => {
                let engine = spans.iter().find_map(|span| span.engine);
                (Origin::Outside, engine.unwrap_or(Engine::OTLP))
            }
            Source::Host => (Origin::Host, Engine::TOKIO),
            Source::File(file) => (Origin::Outside, file.engine.as_deref().unwrap_or(Engine::FILE)),
        };
        let mut session = Session::new(id.clone(), engine, title, first.summary.start_time);
        if let Source::File(file) = source {
            session.tags = vec![IMPORTED_TAG.to_owned()];
            if let Some(title) = &file.title {
                session.title.clone_from(title);
            }
        }
        session.agent =
            spans.iter().find_map(|span| span.summary.agent.clone()).or_else(|| first.service.clone());
        session.external_id = external;
        let mut live = Live::new(session, origin);
        live.announce_start(out);
        self.sessions.insert(id.clone(), live);
    }

    /// The session that a trace belongs to.
    pub(crate) fn session_of(&self, trace: TraceId) -> Option<SessionId> {
        match self.traces.get(&trace) {
            Some(known) => Some(known.trace.session.clone()),
            None => self.store.session_of_trace(trace).ok().flatten(),
        }
    }

    pub(super) fn move_trace(
        &mut self,
        id: TraceId,
        claim: Claim,
        from: &SessionId,
        to: &SessionId,
        out: &mut Folded,
    ) {
        let Some(Remembered { trace, .. }) = self.traces.get_mut(&id) else { return };
        trace.session = to.clone();
        trace.claim = claim;
        let (totals, activity) = (trace.totals, trace.activity.clone());
        if let Some(live) = self.sessions.get_mut(to) {
            live.totals.add(totals);
            if let Some(known) = &mut live.activity {
                known.merge(&activity);
            }
            live.traces.insert(id);
        }
        out.traces.push((id, to.clone()));
        out.moved.extend([from.clone(), to.clone()]);
        self.dirty.insert(to.clone());
        let Some(old) = self.sessions.get_mut(from) else { return };
        old.totals.subtract(totals);
        if let Some(known) = &mut old.activity {
            known.subtract(&activity);
        }
        old.traces.remove(&id);
        let others = self.store.traces(from).map(|mut traces| {
            traces.retain(|other| *other != id);
            traces
        });
        let alone = others.as_ref().map_or(true, Vec::is_empty);
        if old.traces.is_empty() && alone && old.origin != Origin::Explicit {
            let pinned = old.session.pinned;
            self.sessions.remove(from);
            self.dirty.remove(from);
            self.registry.remove(from);
            if let Some(live) = self.sessions.get_mut(to) {
                // Who wants the provisional one kept wants what became of it.
                if pinned && !live.session.pinned {
                    live.session.pinned = true;
                    out.pins.push((to.clone(), true));
                }
            }
            out.removed.push(from.clone());
            out.events.push((from.clone(), EventKind::SessionMerged { into: to.clone() }));
        } else {
            self.dirty.insert(from.clone());
            // A store that cannot be read cannot say again what it holds.
            if let Ok(others) = others
                && old.unsay()
            {
                for other in others {
                    if !self.traces.contains_key(&other) {
                        self.restore_trace(other);
                    }
                }
            }
        }
        self.settle_calls(id, [from, to]);
    }
}

/// The best word on which session a trace belongs to: its root's, then any span's, then its sender's,
/// and the trace's own id when nobody says anything. With it comes the sender's id, when that was unfit.
fn best_claim(trace: TraceId, spans: &[FoldSpan]) -> (Claim, SessionId, Option<String>) {
    let mut best: Option<(Claim, &SessionHint)> = None;
    for span in spans {
        let Some(hint) = &span.hint else { continue };
        let claim = match (hint.resource_level, span.summary.parent_span_id) {
            (true, _) => Claim::Resource,
            (false, None) => Claim::Root,
            (false, Some(_)) => Claim::Span,
        };
        if best.is_none_or(|(known, _)| claim > known) {
            best = Some((claim, hint));
        }
    }
    match best {
        Some((claim, hint)) => {
            if let Some(masked) = &hint.masked {
                return (claim, SessionId::hashed(&hint.id), Some(masked.clone()));
            }
            let (id, hashed) = SessionId::from_external(&hint.id);
            (claim, id, hashed.then(|| hint.id.clone()))
        }
        None => (Claim::None, SessionId::of_trace(trace), None),
    }
}
