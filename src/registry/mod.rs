//! Where live sessions are known.
//!
//! A framework with an engine of its own implements [`SessionRegistry`] and hands it to the builder; its sessions then
//! stand in the one list beside those that the inspector saw itself ([`MemoryRegistry`]) and those in the store. A
//! registry that fails, hangs or panics degrades the list and never breaks it ([`MergedRegistry`]).

mod memory;
mod merged;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use self::memory::MemoryRegistry;
pub use self::merged::{DEFAULT_REGISTRY_TIMEOUT, MergedRegistry, RegistryState};
use crate::model::{Session, SessionId, SessionQuery};

/// Why a registry could not answer, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RegistryError(pub String);

/// The answer of a registry, which may need to ask somebody else first.
pub type RegistryFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, RegistryError>> + Send + 'a>>;

/// Knows sessions: a framework's own engine, a workflow service, another process.
///
/// ```
/// use agent_inspector::model::{Session, SessionId, SessionQuery};
/// use agent_inspector::registry::{RegistryFuture, SessionRegistry};
///
/// #[derive(Debug)]
/// struct Jobs(Vec<Session>);
///
/// impl SessionRegistry for Jobs {
///     fn name(&self) -> &str {
///         "jobs"
///     }
///     fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
///         Box::pin(async move { Ok(self.0.iter().filter(|job| query.matches(job)).take(query.limit).cloned().collect()) })
///     }
///     fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
///         Box::pin(async move { Ok(self.0.iter().find(|job| job.id == *id).cloned()) })
///     }
/// }
/// ```
pub trait SessionRegistry: Send + Sync + fmt::Debug + 'static {
    /// What a person calls it; shown when it cannot be asked.
    fn name(&self) -> &str;

    /// At most `query.limit` sessions that match `query`, newest first.
    fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>>;

    /// One session, or `None` when it is not here.
    fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>>;
}
