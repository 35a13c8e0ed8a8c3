//! Bounds on what runs at once, and reading the store off the runtime's threads.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::live::Readers;
use super::problem::Problem;
use super::state::AppState;
use crate::store::{Store, StoreError};

/// How many reads of the store run at once. They block, each on a thread of its own; more of them would not read
/// faster, and the runtime's pool of such threads also belongs to the host.
pub(crate) const STORE_READS_AT_ONCE: usize = 8;

/// How long a request waits for its turn at the store before it is sent away: longer than any healthy read, shorter
/// than a person's patience.
pub(crate) const STORE_TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// How many requests of outside senders are read and prepared at once; each may hold a body of 64 MiB twice,
/// compressed and not.
#[cfg(feature = "otlp")]
pub(crate) const INGESTS_AT_ONCE: usize = 4;

/// How many requests of outside senders are in hand at once: those being read, those that wait with their bodies
/// unread, and those that wait for their commit. More are sent away until later.
#[cfg(feature = "otlp")]
pub(crate) const INGESTS_IN_HAND: usize = 128;

/// How much may be asked at once, and what was counted while answering.
#[derive(Debug)]
pub(crate) struct Limits {
    reads: Arc<Semaphore>,
    /// The open live streams.
    pub(crate) readers: Arc<Readers>,
    #[cfg(feature = "otlp")]
    ingest_turns: Arc<Semaphore>,
    #[cfg(feature = "otlp")]
    ingest_places: Arc<Semaphore>,
    /// At most so many events were missed by live readers (an upper bound, as in the gaps they were told of).
    pub(crate) missed: AtomicU64,
    /// The last count of active sessions; counting asks the store for all of them.
    pub(crate) active_sessions: super::health::ActiveSessions,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reads: Arc::new(Semaphore::new(STORE_READS_AT_ONCE)),
            readers: Arc::default(),
            #[cfg(feature = "otlp")]
            ingest_turns: Arc::new(Semaphore::new(INGESTS_AT_ONCE)),
            #[cfg(feature = "otlp")]
            ingest_places: Arc::new(Semaphore::new(INGESTS_IN_HAND)),
            missed: AtomicU64::new(0),
            active_sessions: super::health::ActiveSessions::default(),
        }
    }
}

impl Limits {
    /// A place among those that wait for their turn or their commit; none when too many do.
    #[cfg(feature = "otlp")]
    pub(crate) fn ingest_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.ingest_places).try_acquire_owned().ok()
    }

    /// A turn to read and prepare a batch.
    #[cfg(feature = "otlp")]
    pub(crate) async fn ingest_turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.ingest_turns).acquire_owned().await.ok()
    }
}

impl AppState {
    /// Asks the store, off the runtime's threads, in turn.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let turn = tokio::time::timeout(STORE_TURN_TIMEOUT, Arc::clone(&self.limits.reads).acquire_owned());
        let Ok(Ok(turn)) = turn.await else { return Err(Problem::store_busy()) };
        self.read_in_turn(turn, read).await
    }

    /// Like [`read`](Self::read), but waits for its turn as long as it takes: for answers that have begun already.
    pub(crate) async fn read_patiently<T, F>(&self, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let turn = Arc::clone(&self.limits.reads).acquire_owned().await;
        self.read_in_turn(turn.map_err(|_| Problem::store_busy())?, read).await
    }

    async fn read_in_turn<T, F>(&self, turn: OwnedSemaphorePermit, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        let answer = tokio::task::spawn_blocking(move || {
            // The turn lasts as long as the read, also when the client has gone away.
            let _turn = turn;
            read(store.as_ref())
        });
        match answer.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::warn!(target: "agent_inspector", %error, "the store could not be read");
                Err(error.into())
            }
            // A panic in the store is contained here.
            Err(_) => Err(Problem::store_unavailable()),
        }
    }
}
