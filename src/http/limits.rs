//! Bounds on what runs at once, and reading the store off the runtime's threads.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::{self, BodyPatience};
use super::download::{DOWNLOADS_AT_ONCE, EXPORTS_AT_ONCE};
use super::live::{CATCHING_UP, Readers, WAITING_TO_CATCH_UP};
use super::problem::Problem;
use super::state::AppState;
use super::turns::Turns;
use crate::store::{Store, StoreError};

/// How many reads of the store run at once. They block, each on a thread of its own; more of them would not read
/// faster, and the runtime's pool of such threads also belongs to the host.
pub(crate) const STORE_READS_AT_ONCE: usize = 8;

/// How many reads may wait for their turn; more are sent away at once. Each holds a request, and at eight at once and a
/// millisecond each the last of them is read within a tenth of a second.
pub(crate) const STORE_READS_WAITING: usize = 512;

/// How long a request waits for its turn at the store before it is sent away: longer than any healthy read, shorter
/// than a person's patience.
pub(crate) const STORE_TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// How many searches run at once. Each may keep a core busy for seconds.
pub(crate) const SEARCHES_AT_ONCE: usize = 2;

/// How many searches may wait for their turn; more are sent away at once.
pub(crate) const SEARCHES_WAITING: usize = 32;

/// How many trees are put in order at once: of a long session each reads and holds all spans.
pub(crate) const TREES_AT_ONCE: usize = 4;

/// How many trees may wait for their turn; more are sent away at once.
pub(crate) const TREES_WAITING: usize = 128;

/// How many batches of outside senders are decoded and prepared at once; each may hold a body of 64 MiB twice, compressed
/// and not.
#[cfg(feature = "otlp")]
pub(crate) const INGESTS_AT_ONCE: usize = 4;

/// How many requests of outside senders are in hand at once, once they are read: those that wait for their turn to be decoded,
/// and those that wait for their commit. More are sent away until later.
#[cfg(feature = "otlp")]
pub(crate) const INGESTS_IN_HAND: usize = 128;

/// Up to this size a body is read as it comes, when there is room: all in hand are 128 MiB then. A larger one needs one of
/// [`LARGE_BODIES_AT_ONCE`] places, so who sends a large body slowly holds up nobody but others with large bodies.
#[cfg(feature = "otlp")]
pub(crate) const SMALL_BODY_BYTES: usize = 1 << 20;

/// How many larger bodies are in hand at once.
#[cfg(feature = "otlp")]
pub(crate) const LARGE_BODIES_AT_ONCE: usize = 4;

/// What the builder was told of bounds, and what other parts of the inspector hold to; shown in `/health`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bounds {
    /// How many events the live stream repeats from memory.
    pub(crate) ring_events: usize,
    /// How many bytes of them.
    pub(crate) ring_bytes: usize,
    /// How many records of the host wait for the pump.
    pub(crate) lane_records: usize,
    /// How many bytes of them.
    pub(crate) lane_bytes: usize,
    /// How many spans of the host are open.
    pub(crate) open_spans: usize,
    /// How many bytes wait for the store.
    pub(crate) store_backlog_bytes: usize,
    /// How long a sender is waited for.
    pub(crate) body: BodyPatience,
    /// Those of MCP servers of the host's, by name.
    #[cfg(feature = "mcp")]
    pub(crate) mcp: [(&'static str, u64); 5],
}

/// How much may be asked at once, and what was counted while answering.
#[derive(Debug)]
pub(crate) struct Limits {
    /// What holds elsewhere.
    pub(crate) bounds: Bounds,
    reads: Arc<Semaphore>,
    reads_in_hand: Arc<Semaphore>,
    /// To search, which may take as long as a thousand other reads.
    pub(crate) searches: Turns,
    /// To put a tree in order.
    pub(crate) trees: Turns,
    /// The room for bodies that are being read.
    pub(crate) reading: Arc<Semaphore>,
    /// The places of downloads, and of those among them that are exports.
    pub(crate) downloads: Arc<Semaphore>,
    #[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "nothing is exported then"))]
    pub(crate) exports: Arc<Semaphore>,
    /// The turns of streams that have fallen behind and read from the store.
    pub(crate) catching_up: Arc<Semaphore>,
    pub(crate) waiting_to_catch_up: Arc<Semaphore>,
    /// The open streams: live ones, and traces that are being fetched.
    pub(crate) readers: Arc<Readers>,
    #[cfg(feature = "otlp")]
    ingest_turns: Arc<Semaphore>,
    #[cfg(feature = "otlp")]
    ingest_places: Arc<Semaphore>,
    #[cfg(feature = "otlp")]
    large_bodies: Arc<Semaphore>,
    /// At most so many events were missed by live readers (an upper bound, as in the gaps they were told of).
    pub(crate) missed: AtomicU64,
    /// How many requests were sent away because something was busy or could not be reached.
    pub(crate) refused: AtomicU64,
    /// What outside senders delivered besides spans.
    #[cfg(feature = "otlp")]
    pub(crate) delivered: super::ingest::DeliveredCounts,
    /// The last count of active sessions; counting asks the store for all of them.
    pub(crate) active_sessions: super::health::ActiveSessions,
}

impl Limits {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self {
            bounds,
            reads: places(STORE_READS_AT_ONCE),
            reads_in_hand: places(STORE_READS_AT_ONCE + STORE_READS_WAITING),
            searches: Turns::new(SEARCHES_AT_ONCE, SEARCHES_WAITING),
            trees: Turns::new(TREES_AT_ONCE, TREES_WAITING),
            reading: body::room(),
            downloads: places(DOWNLOADS_AT_ONCE),
            exports: places(EXPORTS_AT_ONCE),
            catching_up: places(CATCHING_UP),
            waiting_to_catch_up: places(WAITING_TO_CATCH_UP),
            readers: Arc::default(),
            #[cfg(feature = "otlp")]
            ingest_turns: places(INGESTS_AT_ONCE),
            #[cfg(feature = "otlp")]
            ingest_places: places(INGESTS_IN_HAND),
            #[cfg(feature = "otlp")]
            large_bodies: places(LARGE_BODIES_AT_ONCE),
            missed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            #[cfg(feature = "otlp")]
            delivered: super::ingest::DeliveredCounts::default(),
            active_sessions: super::health::ActiveSessions::default(),
        }
    }

    /// How many reads run or wait for their turn.
    #[cfg(test)]
    pub(crate) fn reads_in_hand(&self) -> usize {
        STORE_READS_AT_ONCE + STORE_READS_WAITING - self.reads_in_hand.available_permits()
    }

    /// A place among those that wait for their turn or their commit; none when too many do.
    #[cfg(feature = "otlp")]
    pub(crate) fn ingest_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.ingest_places).try_acquire_owned().ok()
    }

    /// A place for a body that turned out to be large. Who waits for it holds a small part of the body.
    #[cfg(feature = "otlp")]
    pub(crate) async fn large_body(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.large_bodies).acquire_owned();
        tokio::time::timeout(self.bounds.body.idle, place).await.ok()?.ok()
    }

    /// A turn to decode and prepare a batch that is here.
    #[cfg(feature = "otlp")]
    pub(crate) async fn ingest_turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.ingest_turns).acquire_owned().await.ok()
    }
}

impl AppState {
    /// Asks the store, off the runtime's threads, in turn. When too many wait already it is not asked.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let place = Arc::clone(&self.limits.reads_in_hand).try_acquire_owned();
        let _place = place.map_err(|_| Problem::store_busy())?;
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
        let answer = self.work.run(move || {
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
