//! A registry of the host's, asked with care: off the runtime's threads, a few calls at once, each within a time-out, the
//! same question only once at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::timeout;

use super::cache::{
    Answer, Cache, Flight, REGISTRY_CACHED_GETS, REGISTRY_CACHED_LISTS, REGISTRY_CACHED_TREES,
};
use super::call::{self, Outcome, Work};
use super::clean::{self, Clean};
use super::merged::{Action, RegistrySettings};
use super::{ControlError, RegistryError, SessionRegistry};
use crate::model::{Control, Degraded, Session, SessionId, SessionQuery, Span};

/// How many calls to one registry are under way at once. Each has a thread; a registry that blocks for ever costs the host
/// so many of them and no more.
pub const REGISTRY_CALLS_AT_ONCE: usize = 4;

/// How long a registry is waited for whose last call took too long. The call itself may take its whole time-out; when it is
/// answered, the next list has it.
pub const OVERDUE_REGISTRY_PATIENCE: Duration = Duration::from_millis(100);

/// The spans of a session, if its registry tells any.
pub(super) type Tree = Option<Arc<Vec<Span>>>;

/// A registry of the host's.
#[derive(Debug)]
pub(super) struct Foreign {
    registry: Arc<dyn SessionRegistry>,
    clean: Arc<dyn Clean>,
    pub(super) name: Arc<str>,
    timeout: Duration,
    reuse: Duration,
    calls: Arc<Semaphore>,
    lists: Mutex<Cache<SessionQuery, Vec<Session>>>,
    gets: Mutex<Cache<SessionId, Option<Session>>>,
    trees: Mutex<Cache<SessionId, Tree>>,
    /// Whether the last call took too long.
    overdue: AtomicBool,
    problem: Mutex<Option<String>>,
    panics: AtomicU64,
}

/// A question that was put, and perhaps answered already.
#[derive(Debug)]
pub(super) enum Asked<V> {
    There(Answer<V>),
    OnItsWay(Flight<V>, Option<Duration>),
}

impl Foreign {
    pub(super) fn new(
        registry: Arc<dyn SessionRegistry>,
        settings: RegistrySettings,
        clean: Arc<dyn Clean>,
    ) -> Arc<Self> {
        // Host code that may panic, like the rest of it.
        let told = catch_unwind(AssertUnwindSafe(|| (registry.name().into(), registry.timeout())));
        let (name, own_timeout) = told.unwrap_or_else(|_| ("registry".into(), None));
        Arc::new(Self {
            registry,
            clean,
            name,
            timeout: own_timeout.unwrap_or(settings.timeout),
            reuse: settings.reuse,
            calls: Arc::new(Semaphore::new(REGISTRY_CALLS_AT_ONCE)),
            lists: Mutex::new(Cache::new(REGISTRY_CACHED_LISTS)),
            gets: Mutex::new(Cache::new(REGISTRY_CACHED_GETS)),
            trees: Mutex::new(Cache::new(REGISTRY_CACHED_TREES)),
            overdue: AtomicBool::new(false),
            problem: Mutex::default(),
            panics: AtomicU64::new(0),
        })
    }

    /// What was wrong the last time, when something was.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.lock().clone()
    }

    /// How many calls ended in a panic.
    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Asks for a list.
    pub(super) fn ask_list(self: &Arc<Self>, query: &SessionQuery) -> Asked<Vec<Session>> {
        let (asked, clean) = (query.clone(), Arc::clone(&self.clean));
        self.ask(
            |foreign| &foreign.lists,
            query,
            |_| true,
            move |registry| {
                Box::pin(async move {
                    // What was asked for bounds what is kept, whatever the registry made of the question.
                    let mut found = clean::sessions(asked.select(registry.list(&asked).await?), &*clean);
                    found.iter_mut().for_each(|session| say_controls(registry, session));
                    Ok(found)
                })
            },
        )
    }

    /// Asks for one session. `anew` does not trust an earlier "not here": it may have come since.
    pub(super) fn ask_get(self: &Arc<Self>, id: &SessionId, anew: bool) -> Asked<Option<Session>> {
        let (asked, clean) = (id.clone(), Arc::clone(&self.clean));
        self.ask(
            |foreign| &foreign.gets,
            id,
            |found| found.is_some() || !anew,
            move |registry| {
                Box::pin(async move {
                    let mut found = registry.get(&asked).await?;
                    found.iter_mut().for_each(|session| {
                        clean.session(session);
                        say_controls(registry, session);
                    });
                    Ok(found)
                })
            },
        )
    }

    /// Asks for the spans of a session.
    pub(super) fn ask_spans(self: &Arc<Self>, id: &SessionId) -> Asked<Tree> {
        let (asked, clean) = (id.clone(), Arc::clone(&self.clean));
        self.ask(
            |foreign| &foreign.trees,
            id,
            |_| true,
            move |registry| {
                Box::pin(async move {
                    let found = registry.spans(&asked).await?;
                    Ok(found.map(|spans| Arc::new(clean::spans(spans, &*clean))))
                })
            },
        )
    }

    fn ask<K, V, F>(
        self: &Arc<Self>,
        cache: fn(&Self) -> &Mutex<Cache<K, V>>,
        key: &K,
        usable: impl FnOnce(&V) -> bool,
        question: F,
    ) -> Asked<V>
    where
        K: PartialEq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: for<'a> FnOnce(&'a dyn SessionRegistry) -> Work<'a, Result<V, RegistryError>> + Send + 'static,
    {
        let patience = self.overdue.load(Ordering::Relaxed).then_some(OVERDUE_REGISTRY_PATIENCE);
        // Held until the flight is known, so that nobody begins a second one.
        let mut known = cache(self).lock();
        match known.fresh(key, self.reuse) {
            Some(Ok(found)) if !usable(&found) => {}
            Some(answer) => return Asked::There(answer),
            None => {}
        }
        if let Some(flight) = known.flight(key) {
            return Asked::OnItsWay(flight, patience);
        }
        let answer = match self.begin(question) {
            Ok(answer) => answer,
            Err(busy) => return Asked::There(Err(RegistryError::new(busy))),
        };
        let (land, flight) = watch::channel(None);
        known.took_off(key, flight.clone());
        drop(known);
        let (foreign, key, own) = (Arc::clone(self), key.clone(), flight.clone());
        tokio::spawn(async move {
            let answer = foreign.wait(answer).await.and_then(|answer| answer.map_err(|error| error.message));
            *foreign.problem.lock() = answer.as_ref().err().cloned();
            let answer = answer.map(Arc::new).map_err(RegistryError::new);
            cache(&foreign).lock().landed(&key, &own, answer.clone());
            // Whoever asked may have gone.
            let _ = land.send(Some(answer));
        });
        Asked::OnItsWay(flight, patience)
    }

    /// Begins a call, unless too many are under way.
    fn begin<T, F>(&self, call: F) -> Result<oneshot::Receiver<Outcome<T>>, String>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a dyn SessionRegistry) -> Work<'a, T> + Send + 'static,
    {
        let name = &self.name;
        let Ok(place) = Arc::clone(&self.calls).try_acquire_owned() else {
            let busy = format!("{REGISTRY_CALLS_AT_ONCE} calls to {name} are under way and not answered");
            *self.problem.lock() = Some(busy.clone());
            return Err(busy);
        };
        call::begin(&self.registry, place, call).ok_or_else(|| format!("no thread to ask {name} on"))
    }

    /// Waits for a call within the time-out.
    async fn wait<T>(&self, answer: oneshot::Receiver<Outcome<T>>) -> Result<T, String> {
        let ended = timeout(self.timeout, answer).await;
        self.overdue.store(ended.is_err(), Ordering::Relaxed);
        match ended {
            Ok(Ok(Outcome::Answer(answer))) => Ok(answer),
            Ok(Ok(Outcome::Panic)) => {
                self.panics.fetch_add(1, Ordering::Relaxed);
                Err(format!("the registry {} panicked", self.name))
            }
            Ok(Err(_)) => Err(format!("the call to {} was given up", self.name)),
            Err(_) => Err(format!("no answer from {} within {:?}", self.name, self.timeout)),
        }
    }

    /// Waits for what was asked.
    pub(super) async fn settled<V: Send + Sync + 'static>(&self, asked: Asked<V>) -> Answer<V> {
        let (mut flight, patience) = match asked {
            Asked::There(answer) => return answer,
            Asked::OnItsWay(flight, patience) => (flight, patience),
        };
        let landed = flight.wait_for(Option::is_some);
        let landed = match patience {
            None => landed.await,
            Some(patience) => match timeout(patience, landed).await {
                Ok(landed) => landed,
                Err(_) => {
                    return Err(RegistryError::new(format!(
                        "{} took too long before, and still does",
                        self.name
                    )));
                }
            },
        };
        let gone = || RegistryError::new(format!("the call to {} was given up", self.name));
        landed.map_err(|_| gone())?.clone().ok_or_else(gone)?
    }

    /// The last good list of this kind and the note about it, for a registry that failed with `error`.
    pub(super) fn shown_list(&self, query: &SessionQuery, error: RegistryError) -> (Vec<Session>, Degraded) {
        let (sessions, message) = match self.lists.lock().shown(query) {
            Some((age, found)) => {
                let note = "its sessions are shown as they were";
                (found.to_vec(), format!("{}; {note} {} s ago", error.message, age.as_secs()))
            }
            None => (Vec::new(), error.message),
        };
        (sessions, self.degraded(message))
    }

    /// The spans that were told last.
    pub(super) fn shown_spans(&self, id: &SessionId) -> Tree {
        self.trees.lock().shown(id).and_then(|(_, found)| Tree::clone(&found))
    }

    /// The note about a failure.
    pub(super) fn degraded(&self, message: String) -> Degraded {
        Degraded { registry: self.name.to_string(), message }
    }

    /// What was said of a session last, by itself or in a list.
    pub(super) fn shown_session(&self, id: &SessionId) -> Option<Session> {
        let alone = self.gets.lock().shown(id).and_then(|(age, found)| Some((age, Option::clone(&found)?)));
        let lists = self.lists.lock();
        let listed = lists
            .all_shown()
            .filter_map(|(age, list)| Some((age, list.iter().find(|session| session.id == *id)?.clone())));
        listed.chain(alone).min_by_key(|(age, _)| *age).map(|(_, session)| session)
    }

    /// Answers or cancels a session. After that, nothing that was known is used again.
    pub(super) async fn control(&self, id: &SessionId, action: Action) -> Result<(), ControlError> {
        let id = id.clone();
        let call = self.begin(move |registry| {
            Box::pin(async move {
                let Some(control) = registry.control() else { return Err(ControlError::Unsupported) };
                match &action {
                    Action::Signal(signal) => control.signal(&id, signal).await,
                    Action::Cancel => control.cancel(&id).await,
                }
            })
        });
        let answer = self.wait(call.map_err(ControlError::Unavailable)?).await;
        self.lists.lock().outdate();
        self.gets.lock().outdate();
        self.trees.lock().outdate();
        answer.map_err(|why| {
            ControlError::Unavailable(format!(
                "{why}; look at the session before you try again: it may have arrived"
            ))
        })?
    }
}

/// What can be done with a session, as far as its registry does not say so itself.
fn say_controls(registry: &dyn SessionRegistry, session: &mut Session) {
    if session.controls.is_some() {
        return;
    }
    let waits = session.waiting_on.is_some().then_some(Control::SIGNAL);
    let controls = waits.into_iter().chain([Control::CANCEL]).map(str::to_owned);
    session.controls = Some(match registry.control() {
        Some(_) if !session.status.is_ended() => controls.collect(),
        _ => Vec::new(),
    });
}
