//! The sessions that the inspector sees itself, as they stand this moment.

use std::collections::HashMap;

use parking_lot::RwLock;

use super::{RegistryFuture, SessionRegistry};
use crate::model::{Session, SessionId, SessionQuery, SessionStatus};

/// Live sessions in memory, fresher than the store by a commit. The pipeline puts them in and takes ended ones out once
/// they are stored, so that it stays as small as what runs.
#[derive(Debug, Default)]
pub struct MemoryRegistry {
    sessions: RwLock<HashMap<SessionId, Session>>,
}

impl MemoryRegistry {
    /// Puts `session` in, in place of what was known of it.
    pub fn insert(&self, session: Session) {
        self.sessions.write().insert(session.id.clone(), session);
    }

    /// Takes a session out.
    pub fn remove(&self, id: &SessionId) {
        self.sessions.write().remove(id);
    }

    /// How many are in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.read().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of those in have this status.
    #[must_use]
    pub fn count(&self, status: SessionStatus) -> usize {
        self.sessions.read().values().filter(|session| session.status == status).count()
    }

    /// Those that `query` wants, newest first.
    #[must_use]
    pub fn select(&self, query: &SessionQuery) -> Vec<Session> {
        let sessions = self.sessions.read();
        query.select(sessions.values().filter(|session| query.matches(session)).cloned())
    }

    /// One of those in.
    #[must_use]
    pub fn find(&self, id: &SessionId) -> Option<Session> {
        self.sessions.read().get(id).cloned()
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
