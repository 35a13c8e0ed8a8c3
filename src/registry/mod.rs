//! Where live sessions are known, and how they are answered and stopped.
//!
//! A framework with an engine of its own implements [`SessionRegistry`] and hands it to the builder with
//! [`registry`](crate::InspectorBuilder::registry). Its sessions then stand in the one list beside those that the
//! inspector saw itself ([`MemoryRegistry`]) and those in the store. When it also gives a [`SessionControl`], a person can
//! answer a session that waits and cancel one that runs.
//!
//! # In ten minutes
//!
//! 1. Give every run a [`SessionId`] and describe it as a [`Session`]: [`Session::new`], then set what you know. A run that
//!    waits for a person is [`Paused`](crate::model::SessionStatus::Paused) and says in `waiting_on` which signal it waits
//!    for.
//! 2. Implement [`SessionRegistry`]: [`SessionQuery::select`] does the filtering and ordering of `list`.
//! 3. To be answered and cancelled, implement [`SessionControl`] and return it from
//!    [`control`](SessionRegistry::control). One value can be both.
//! 4. An engine that knows what a session did, and does not send it as spans, implements [`spans`](SessionRegistry::spans).
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::{Arc, Mutex};
//!
//! use agent_inspector::Inspector;
//! use agent_inspector::model::{Session, SessionId, SessionQuery, SessionStatus, WaitingOn};
//! use agent_inspector::registry::{
//!     ControlError, ControlFuture, RegistryFuture, SessionControl, SessionRegistry, Signal,
//! };
//!
//! #[derive(Debug, Default)]
//! struct Jobs(Mutex<HashMap<SessionId, Session>>);
//!
//! impl SessionRegistry for Jobs {
//!     fn name(&self) -> &str {
//!         "jobs"
//!     }
//!     fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
//!         Box::pin(async move { Ok(query.select(self.0.lock().unwrap().values().cloned())) })
//!     }
//!     fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
//!         Box::pin(async move { Ok(self.0.lock().unwrap().get(id).cloned()) })
//!     }
//!     fn control(&self) -> Option<&dyn SessionControl> {
//!         Some(self)
//!     }
//! }
//!
//! impl SessionControl for Jobs {
//!     fn signal<'a>(&'a self, id: &'a SessionId, signal: &'a Signal) -> ControlFuture<'a> {
//!         Box::pin(async move {
//!             let mut jobs = self.0.lock().unwrap();
//!             let job = jobs.get_mut(id).ok_or(ControlError::NotFound)?;
//!             if job.waiting_on.as_ref().is_none_or(|waiting| waiting.signal_name != signal.name) {
//!                 return Err(ControlError::NothingWaits);
//!             }
//!             if !signal.payload["approved"].is_boolean() {
//!                 return Err(ControlError::invalid("/approved", "true or false is wanted"));
//!             }
//!             job.waiting_on = None;
//!             job.status = SessionStatus::Running;
//!             Ok(()) // and wake what waits for it
//!         })
//!     }
//!     fn cancel<'a>(&'a self, id: &'a SessionId) -> ControlFuture<'a> {
//!         Box::pin(async move {
//!             let mut jobs = self.0.lock().unwrap();
//!             let job = jobs.get_mut(id).ok_or(ControlError::NotFound)?;
//!             if job.status.is_ended() {
//!                 return Err(ControlError::AlreadyEnded);
//!             }
//!             job.status = SessionStatus::Cancelled;
//!             Ok(()) // and stop it
//!         })
//!     }
//! }
//!
//! let inspector = Inspector::builder().in_memory().registry(Arc::new(Jobs::default())).build()?;
//! # Ok::<(), agent_inspector::Error>(())
//! ```
//!
//! `cargo run --example registry` is a job queue that does this, to be tried with `curl`.
//!
//! # What may go wrong in it
//!
//! Nothing that harms the host. Every call runs on a thread of its own, on which it may block, within a time-out; at most
//! [`REGISTRY_CALLS_AT_ONCE`] run at once. A registry that panics, fails, or does not answer in time costs the list only its
//! own sessions: the list names it in `degraded` and shows what it said last, if that is not older than
//! [`REGISTRY_SHOWN_FOR`]. What it answers is used again for a moment ([`DEFAULT_REGISTRY_CACHE`]), so a page that asks
//! often does not make it work often.

mod cache;
mod call;
mod clean;
mod control;
mod foreign;
mod memory;
mod merged;
#[cfg(feature = "temporal")]
mod temporal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use self::cache::{
    REGISTRY_CACHED_GETS, REGISTRY_CACHED_LISTS, REGISTRY_CACHED_TREES, REGISTRY_SHOWN_FOR,
};
pub(crate) use self::clean::Clean;
pub use self::clean::MAX_REGISTRY_SPANS;
pub use self::control::{ControlError, ControlFuture, InvalidPart, SessionControl, Signal};
pub use self::foreign::{OVERDUE_REGISTRY_PATIENCE, REGISTRY_CALLS_AT_ONCE};
pub use self::memory::MemoryRegistry;
pub(crate) use self::merged::{Action, MergedRegistry, NotControlled, RegistrySettings};
pub use self::merged::{DEFAULT_REGISTRY_CACHE, DEFAULT_REGISTRY_TIMEOUT};
#[cfg(feature = "temporal")]
pub use self::temporal::{
    DEFAULT_TEMPORAL_RECENT, DEFAULT_TEMPORAL_TIMEOUT, InvalidTemporal, MAX_TEMPORAL_EVENTS,
    MAX_TEMPORAL_RECENT, TEMPORAL_ASKED_PER_LIST, Temporal, TemporalBuilder, WAITING_ON,
};
use crate::model::{Session, SessionId, SessionQuery, Span};

/// Why a registry could not answer, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct RegistryError {
    pub(crate) message: String,
}

impl RegistryError {
    /// In these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// The answer of a registry, which may need to ask somebody else first.
pub type RegistryFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, RegistryError>> + Send + 'a>>;

/// Knows sessions: a framework's own engine, a workflow service, another process.
///
/// The trait is object-safe and needs no macro: a method is `Box::pin(async move { .. })`. The [module](self) has a whole
/// one. Calls may come at the same time, from several threads.
pub trait SessionRegistry: Send + Sync + fmt::Debug + 'static {
    /// What a person calls it, such as `jobs`; shown when it cannot be asked. Read once, when the inspector is built.
    fn name(&self) -> &str;

    /// At most `query.limit` sessions that match `query`, newest first. [`SessionQuery::select`] gives exactly that from all
    /// sessions; a registry that asks somebody else may hand on what of the query the other side understands, and
    /// leave the rest to `select`.
    ///
    /// The future is dropped when it takes too long: what it holds must not be half changed at an `await`.
    fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>>;

    /// One session, or `None` when it is not here.
    fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>>;

    /// The spans of a session that this registry alone knows of, in any order but the first ones first: at most
    /// [`MAX_REGISTRY_SPANS`] are shown. `None`, unless implemented, and for a session that is not here.
    ///
    /// They are asked for when the inspector has stored no span of the session. What the host [redacts](crate::redact) is
    /// masked in them, and their attributes are read in every convention, as in spans that were sent.
    fn spans<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Vec<Span>>> {
        let _ = id;
        Box::pin(async { Ok(None) })
    }

    /// How its sessions are answered and cancelled. `None`, unless implemented: they are only shown.
    fn control(&self) -> Option<&dyn SessionControl> {
        None
    }

    /// How long one call may take, when that is not what the builder says for all
    /// ([`registry_timeout`](crate::InspectorBuilder::registry_timeout)). Read once, when the inspector is built.
    fn timeout(&self) -> Option<Duration> {
        None
    }
}
