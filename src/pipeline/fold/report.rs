//! What senders say of sessions themselves, beside the spans.

use std::borrow::Cow;

use super::session::{Live, Origin};
use super::{Fold, Folded};
use crate::model::{Engine, Session, SessionChange, SessionId, Timestamp};

/// A report of a session, redacted, with the ids as they are used here.
#[derive(Clone, Debug)]
pub(crate) struct FoldReport {
    pub(crate) id: SessionId,
    /// The sender's id, when it was unfit.
    pub(crate) external_id: Option<String>,
    pub(crate) engine: Cow<'static, str>,
    pub(crate) at: Timestamp,
    pub(crate) title: Option<String>,
    pub(crate) outright: bool,
    pub(crate) agent: Option<String>,
    pub(crate) parent: Option<SessionId>,
    pub(crate) tags: Vec<String>,
    pub(crate) change: SessionChange,
}

/// The most tags that reports add to a session.
const MAX_TAGS: usize = 32;

impl Fold {
    /// Takes a report in. Any first one makes its session known.
    pub(crate) fn report(&mut self, report: FoldReport, out: &mut Folded) {
        let id = report.id.clone();
        if self.load(&id).is_none() {
            let title = report.title.clone().or_else(|| report.agent.clone());
            let title = title.unwrap_or_else(|| report.engine.clone().into_owned());
            let mut session = Session::new(id.clone(), report.engine.clone(), title, report.at);
            session.agent.clone_from(&report.agent);
            session.external_id.clone_from(&report.external_id);
            session.parent_session_id.clone_from(&report.parent);
            let mut live = Live::new(session, Origin::Outside);
            live.announce_start(out);
            self.sessions.insert(id.clone(), live);
        }
        if let Some(live) = self.sessions.get_mut(&id) {
            live.report(report);
            self.dirty.insert(id);
        }
    }
}

impl Live {
    fn report(&mut self, report: FoldReport) {
        self.hear();
        self.set_engine(&report.engine);
        if self.session.parent_session_id.is_none() {
            self.session.parent_session_id = report.parent.filter(|parent| *parent != self.session.id);
        }
        for tag in report.tags {
            if self.session.tags.len() < MAX_TAGS && !self.session.tags.contains(&tag) {
                self.session.tags.push(tag);
            }
        }
        self.facts_mut().report(report.at, report.outright, report.title.as_deref(), report.agent.as_deref());
        match report.change {
            SessionChange::Heard => {}
            SessionChange::Began => self.began_at(report.at),
            SessionChange::Ended { status, error } => self.ended_at(report.at, status, error),
        }
    }

    /// A program that is known by name runs the session, whatever way was heard of first.
    pub(super) fn set_engine(&mut self, engine: &str) {
        let named = !matches!(engine, Engine::OTLP | Engine::EVENTS | Engine::FILE);
        if named && matches!(&*self.session.engine, Engine::OTLP | Engine::EVENTS) {
            engine.clone_into(&mut self.session.engine);
        }
    }
}
