//! Several registries as one.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{RegistryError, SessionRegistry};
use crate::model::{Degraded, Session, SessionId, SessionQuery};

/// How long one registry may take to answer before the list goes out without it: a person waits for that list.
pub const DEFAULT_REGISTRY_TIMEOUT: Duration = Duration::from_secs(2);

/// How a registry answered the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryState {
    /// The registry's name.
    pub name: String,
    /// What was wrong, when something was.
    pub problem: Option<String>,
}

/// A registry, and what was wrong with it the last time.
type Watched = (Arc<dyn SessionRegistry>, Mutex<Option<String>>);

/// Asks all registries at once, each within a time-out and on a task of its own, so that one that hangs, fails or
/// panics costs the list only its own sessions.
#[derive(Debug)]
pub struct MergedRegistry {
    registries: Vec<Watched>,
    timeout: Duration,
}

impl MergedRegistry {
    /// Of `registries`; where two know a session of the same id, the earlier one's word counts.
    #[must_use]
    pub fn new(registries: Vec<Arc<dyn SessionRegistry>>, timeout: Duration) -> Self {
        Self {
            registries: registries.into_iter().map(|registry| (registry, Mutex::new(None))).collect(),
            timeout,
        }
    }

    /// What all know, newest first, at most `query.limit`, and who could not be asked.
    pub async fn list(&self, query: &SessionQuery) -> (Vec<Session>, Vec<Degraded>) {
        let answers: Vec<_> = self
            .registries
            .iter()
            .map(|(registry, _)| {
                let (registry, query) = (Arc::clone(registry), query.clone());
                tokio::spawn(async move { registry.list(&query).await })
            })
            .collect();
        let mut sessions: Vec<Session> = Vec::new();
        let mut degraded = Vec::new();
        for ((registry, problem), answer) in self.registries.iter().zip(answers) {
            match self.settle(registry.as_ref(), problem, answer).await {
                Ok(found) => merge(&mut sessions, found.into_iter().filter(|session| query.matches(session))),
                Err(RegistryError(message)) => {
                    degraded.push(Degraded { registry: registry.name().to_owned(), message });
                }
            }
        }
        sessions.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        sessions.truncate(query.limit);
        (sessions, degraded)
    }

    /// One session from the first registry that knows it, and who could not be asked before that.
    pub async fn get(&self, id: &SessionId) -> (Option<Session>, Vec<Degraded>) {
        let mut degraded = Vec::new();
        for (registry, problem) in &self.registries {
            let answer = {
                let (registry, id) = (Arc::clone(registry), id.clone());
                tokio::spawn(async move { registry.get(&id).await })
            };
            match self.settle(registry.as_ref(), problem, answer).await {
                Ok(Some(session)) => return (Some(session), degraded),
                Ok(None) => {}
                Err(RegistryError(message)) => {
                    degraded.push(Degraded { registry: registry.name().to_owned(), message });
                }
            }
        }
        (None, degraded)
    }

    /// How each answered the last time.
    #[must_use]
    pub fn states(&self) -> Vec<RegistryState> {
        self.registries
            .iter()
            .map(|(registry, problem)| RegistryState {
                name: registry.name().to_owned(),
                problem: problem.lock().clone(),
            })
            .collect()
    }

    async fn settle<T>(
        &self,
        registry: &dyn SessionRegistry,
        problem: &Mutex<Option<String>>,
        answer: tokio::task::JoinHandle<Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let abort = answer.abort_handle();
        let result = match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(join)) if join.is_panic() => {
                Err(RegistryError(format!("the registry {} panicked", registry.name())))
            }
            Ok(Err(_)) => Err(RegistryError(format!("the registry {} was stopped", registry.name()))),
            Err(_) => {
                abort.abort();
                Err(RegistryError(format!("no answer from {} within {:?}", registry.name(), self.timeout)))
            }
        };
        *problem.lock() = result.as_ref().err().map(ToString::to_string);
        result
    }
}

fn merge(into: &mut Vec<Session>, found: impl Iterator<Item = Session>) {
    let known: std::collections::HashSet<SessionId> = into.iter().map(|session| session.id.clone()).collect();
    into.extend(found.filter(|session| !known.contains(&session.id)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::registry::{MemoryRegistry, RegistryFuture};

    #[derive(Debug)]
    enum Broken {
        Panics,
        Hangs,
        Fails,
    }

    impl SessionRegistry for Broken {
        fn name(&self) -> &'static str {
            "broken"
        }
        fn list<'a>(&'a self, _: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
            Box::pin(async move {
                match self {
                    Self::Panics => panic!("a bug in the host's registry"),
                    Self::Hangs => std::future::pending().await,
                    Self::Fails => Err(RegistryError("connection refused".into())),
                }
            })
        }
        fn get<'a>(&'a self, _: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
            Box::pin(async move { panic!("a bug in the host's registry") })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_panics_hangs_or_fails_degrades_the_list_and_does_not_break_it() {
        let memory = MemoryRegistry::default();
        let session = Session::new(SessionId::generate(), "tokio", "works", Timestamp::EPOCH);
        memory.insert(session.clone());
        let registries: Vec<Arc<dyn SessionRegistry>> = vec![
            Arc::new(Broken::Panics),
            Arc::new(Broken::Hangs),
            Arc::new(Broken::Fails),
            Arc::new(memory),
        ];
        let merged = MergedRegistry::new(registries, DEFAULT_REGISTRY_TIMEOUT);
        let (sessions, degraded) = merged.list(&SessionQuery { limit: 10, ..Default::default() }).await;
        assert_eq!(sessions, std::slice::from_ref(&session));
        let messages: Vec<_> = degraded.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(
            messages,
            ["the registry broken panicked", "no answer from broken within 2s", "connection refused"]
        );
        assert_eq!(merged.states().iter().filter(|state| state.problem.is_some()).count(), 3);
        assert_eq!(merged.get(&session.id).await.0, Some(session));
    }
}
