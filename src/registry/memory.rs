//! The sessions that the inspector sees itself, as they stand this moment.

use std::collections::{BTreeSet, HashMap};

use parking_lot::RwLock;

use super::{RegistryFuture, SessionRegistry};
use crate::model::{Session, SessionId, SessionQuery, SessionStatus, Timestamp};

/// Live sessions in memory, fresher than the store by a commit. The pipeline puts them in and takes ended ones out once
/// they are stored, so that it stays as small as what runs.
#[derive(Debug, Default)]
pub struct MemoryRegistry {
    sessions: RwLock<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    by_id: HashMap<SessionId, Session>,
    /// In the order of lists: thousands may be live, of which a page shows fifty.
    by_start: BTreeSet<(Timestamp, SessionId)>,
}

impl Sessions {
    fn remove(&mut self, id: &SessionId) {
        if let Some(old) = self.by_id.remove(id) {
            self.by_start.remove(&(old.started_at, old.id));
        }
    }
}

impl MemoryRegistry {
    /// Puts `session` in, in place of what was known of it.
    pub fn insert(&self, session: Session) {
        let mut sessions = self.sessions.write();
        if sessions.by_id.get(&session.id).is_none_or(|old| old.started_at != session.started_at) {
            sessions.remove(&session.id);
            sessions.by_start.insert((session.started_at, session.id.clone()));
        }
        sessions.by_id.insert(session.id.clone(), session);
    }

    /// Takes a session out.
    pub fn remove(&self, id: &SessionId) {
        self.sessions.write().remove(id);
    }

    /// How many are in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.read().by_id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of those in have this status.
    #[must_use]
    pub fn count(&self, status: SessionStatus) -> usize {
        self.sessions.read().by_id.values().filter(|session| session.status == status).count()
    }

    /// Those that `query` wants, newest first.
    #[must_use]
    pub fn select(&self, query: &SessionQuery) -> Vec<Session> {
        let sessions = self.sessions.read();
        let newest_first = sessions.by_start.iter().rev().filter_map(|(_, id)| sessions.by_id.get(id));
        newest_first.filter(|session| query.matches(session)).take(query.limit).cloned().collect()
    }

    /// One of those in.
    #[must_use]
    pub fn find(&self, id: &SessionId) -> Option<Session> {
        self.sessions.read().by_id.get(id).cloned()
    }
}

impl SessionRegistry for MemoryRegistry {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async move { Ok(self.select(query)) })
    }

    fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(async move { Ok(self.find(id)) })
    }
}
