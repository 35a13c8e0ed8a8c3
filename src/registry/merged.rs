//! Several registries as one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::foreign::{Foreign, Tree};
use super::{Clean, ControlError, MemoryRegistry, RegistryError, SessionRegistry, Signal};
use crate::model::{Degraded, Session, SessionId, SessionQuery};

/// How long one registry may take to answer before the list goes out without it: a person waits for that list.
pub const DEFAULT_REGISTRY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an answer of a registry, good or not, is used again: what a person does not notice, and enough that ten open
/// pages cost a registry as much as one.
pub const DEFAULT_REGISTRY_CACHE: Duration = Duration::from_secs(1);

/// How long one of our own sessions waits to hear from the host's registries what can be done with it: what it is, is known.
const CONTROLS_WITHIN: Duration = Duration::from_millis(100);

/// How registries of the host are asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RegistrySettings {
    /// How long one call may take.
    pub(crate) timeout: Duration,
    /// How long an answer is used again.
    pub(crate) reuse: Duration,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self { timeout: DEFAULT_REGISTRY_TIMEOUT, reuse: DEFAULT_REGISTRY_CACHE }
    }
}

/// How a registry answered the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistryState {
    /// The registry's name.
    pub(crate) name: String,
    /// What was wrong, when something was.
    pub(crate) problem: Option<String>,
}

/// What is done to a session.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// It is given a signal.
    Signal(Signal),
    /// It is cancelled.
    Cancel,
}

/// Why a session was not answered or cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotControlled {
    /// The registry that knows it said no.
    Refused(ControlError),
    /// No registry of the host's knows it, as far as they could be asked: these could not.
    Unknown(Vec<Degraded>),
}

/// All registries. The inspector's own is memory and is asked where it stands; those of the host are asked at once, each
/// with care, so that one that blocks, hangs, fails or panics costs the list only its own sessions.
#[derive(Debug)]
pub(crate) struct MergedRegistry {
    memory: Arc<MemoryRegistry>,
    foreign: Vec<Arc<Foreign>>,
}

impl MergedRegistry {
    /// Where two know a session of the same id the earlier one's word counts, and our own comes first.
    #[must_use]
    pub(crate) fn new(
        memory: Arc<MemoryRegistry>,
        registries: Vec<Arc<dyn SessionRegistry>>,
        settings: RegistrySettings,
        clean: &Arc<dyn Clean>,
    ) -> Self {
        let foreign = |registry| Foreign::new(registry, settings, Arc::clone(clean));
        let foreign = registries.into_iter().map(foreign).collect();
        Self { memory, foreign }
    }

    /// What all know, newest first, at most `query.limit`, and who could not be asked.
    pub(crate) async fn list(&self, query: &SessionQuery) -> (Vec<Session>, Vec<Degraded>) {
        let asked: Vec<_> = self.foreign.iter().map(|foreign| foreign.ask_list(query)).collect();
        let mut sessions = self.memory.select(query);
        let mut degraded = Vec::new();
        for (foreign, asked) in self.foreign.iter().zip(asked) {
            match foreign.settled(asked).await {
                Ok(found) => merge(&mut sessions, found.iter().cloned()),
                Err(error) => {
                    let (shown, note) = foreign.shown_list(query, error);
                    merge(&mut sessions, shown);
                    degraded.push(note);
                }
            }
        }
        (query.select(sessions), degraded)
    }

    /// What the registries of the host's know beside our own, at most `query.limit` of each.
    pub(crate) async fn list_elsewhere(&self, query: &SessionQuery) -> Vec<Session> {
        let asked: Vec<_> = self.foreign.iter().map(|foreign| foreign.ask_list(query)).collect();
        let mut sessions = Vec::new();
        for (foreign, asked) in self.foreign.iter().zip(asked) {
            match foreign.settled(asked).await {
                Ok(found) => merge(&mut sessions, found.iter().cloned()),
                Err(error) => merge(&mut sessions, foreign.shown_list(query, error).0),
            }
        }
        sessions.retain(|session| self.memory.find(&session.id).is_none());
        sessions
    }

    /// One session from the first registry that knows it, and who could not be asked before that. A registry that fails
    /// now, and knew the session a while ago, still knows it.
    pub(crate) async fn get(&self, id: &SessionId) -> (Option<Session>, Vec<Degraded>) {
        if let Some(mut session) = self.memory.find(id) {
            if !self.foreign.is_empty() && !session.status.is_ended() {
                let told = tokio::time::timeout(CONTROLS_WITHIN, self.get_foreign(id)).await;
                session.controls = told.ok().and_then(|(known, _)| known?.controls);
            }
            return (Some(session), Vec::new());
        }
        self.get_foreign(id).await
    }

    /// One session from the first registry of the host's that knows it.
    async fn get_foreign(&self, id: &SessionId) -> (Option<Session>, Vec<Degraded>) {
        let asked: Vec<_> = self.foreign.iter().map(|foreign| foreign.ask_get(id, false)).collect();
        let mut degraded = Vec::new();
        for (foreign, asked) in self.foreign.iter().zip(asked) {
            let known = match foreign.settled(asked).await {
                Ok(found) => Option::clone(&found),
                Err(RegistryError { message }) => {
                    degraded.push(foreign.degraded(message));
                    foreign.shown_session(id)
                }
            };
            if known.is_some() {
                return (known, degraded);
            }
        }
        (None, degraded)
    }

    /// The spans of a session that is none of ours, from the first registry that tells any, and who could not be asked before
    /// that. A registry that fails now is quoted as in [`get`](Self::get).
    pub(crate) async fn spans(&self, id: &SessionId) -> (Tree, Vec<Degraded>) {
        if self.memory.find(id).is_some() {
            return (None, Vec::new());
        }
        let asked: Vec<_> = self.foreign.iter().map(|foreign| foreign.ask_spans(id)).collect();
        let mut degraded = Vec::new();
        for (foreign, asked) in self.foreign.iter().zip(asked) {
            let told = match foreign.settled(asked).await {
                Ok(found) => Tree::clone(&found),
                Err(RegistryError { message }) => {
                    degraded.push(foreign.degraded(message));
                    foreign.shown_spans(id)
                }
            };
            if told.is_some() {
                return (told, degraded);
            }
        }
        (None, degraded)
    }

    /// Answers or cancels a session: the first registry of the host's that knows it does.
    pub(crate) async fn control(&self, id: &SessionId, action: Action) -> Result<(), NotControlled> {
        let asked: Vec<_> = self.foreign.iter().map(|foreign| foreign.ask_get(id, true)).collect();
        let mut degraded = Vec::new();
        for (foreign, asked) in self.foreign.iter().zip(asked) {
            match foreign.settled(asked).await {
                Ok(found) if found.is_some() => {
                    return foreign.control(id, action).await.map_err(NotControlled::Refused);
                }
                Ok(_) => {}
                Err(RegistryError { message }) => {
                    degraded.push(foreign.degraded(message));
                }
            }
        }
        Err(NotControlled::Unknown(degraded))
    }

    /// How each answered the last time; our own first.
    #[must_use]
    pub(crate) fn states(&self) -> Vec<RegistryState> {
        let own = RegistryState { name: self.memory.name().to_owned(), problem: None };
        let foreign = self.foreign.iter();
        let states = foreign
            .map(|foreign| RegistryState { name: foreign.name.to_string(), problem: foreign.problem() });
        std::iter::once(own).chain(states).collect()
    }

    /// How many calls to registries of the host ended in a panic.
    #[must_use]
    pub(crate) fn panics(&self) -> u64 {
        self.foreign.iter().map(|foreign| foreign.panics()).sum()
    }
}

fn merge(into: &mut Vec<Session>, found: impl IntoIterator<Item = Session>) {
    let known: HashMap<SessionId, usize> =
        into.iter().enumerate().map(|(at, session)| (session.id.clone(), at)).collect();
    for session in found {
        match known.get(&session.id).and_then(|at| into.get_mut(*at)) {
            // Whoever shows it better need not be who can do something with it.
            Some(shown) => shown.controls = shown.controls.take().or(session.controls),
            None => into.push(session),
        }
    }
}
