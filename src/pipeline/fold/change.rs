//! What a person changes in sessions, live or stored.

use super::Fold;
use crate::model::{Session, SessionId};

impl Fold {
    /// A session as it stands: in memory, or in the store.
    pub(crate) fn session(&self, id: &SessionId) -> Option<Session> {
        match self.sessions.get(id) {
            Some(live) => Some(live.session.clone()),
            None => self.store.session(id).ok().flatten(),
        }
    }

    /// Pins a session, or no longer, and gives it as it stands then. One that is not live is only changed in the store.
    pub(crate) fn pin(&mut self, id: &SessionId, pinned: bool) -> Option<Session> {
        let Some(live) = self.sessions.get_mut(id) else {
            return self.session(id).map(|session| Session { pinned, ..session });
        };
        live.session.pinned = pinned;
        live.turn = self.turn;
        self.registry.insert(live.session.clone());
        Some(live.session.clone())
    }

    /// Forgets a session with its traces, so that whatever comes of them begins anew.
    pub(crate) fn remove(&mut self, id: &SessionId) {
        self.sessions.remove(id);
        self.dirty.remove(id);
        self.untold.remove(id);
        self.registry.remove(id);
        let mut spans = 0;
        self.traces.retain(|_, known| {
            let keep = known.trace.session != *id;
            spans += if keep { 0 } else { known.trace.len() };
            keep
        });
        self.remembered = self.remembered.saturating_sub(spans);
    }
}
