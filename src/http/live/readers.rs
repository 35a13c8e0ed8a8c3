//! The open streams: how many there may be, and what becomes of one whose client does not read.
//!
//! A body is asked for its next part when the connection has room for it. One that was given a part and is not asked
//! again belongs to a client that does not read. After [`SLOW_READER_CUT`] everything that the stream holds is given
//! back; should the client read again, its stream ends, and it resumes after the last event it got.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::http::problem::Problem;

/// How many live streams may be open. Each costs a connection, a task and a place in the stream.
pub(crate) const MAX_STREAMS: usize = 8192;

/// How long a client may leave what it was sent unread before it is cut off: longer than a laptop takes to change its
/// network, short enough that dead clients do not fill the places.
pub(crate) const SLOW_READER_CUT: Duration = Duration::from_secs(30);

/// How often is looked for clients that do not read.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The open streams.
#[derive(Debug)]
pub(crate) struct Readers {
    places: Arc<Semaphore>,
    began: Instant,
    watched: Mutex<Watched>,
    cut: AtomicU64,
}

#[derive(Debug, Default)]
struct Watched {
    streams: Vec<Weak<dyn Watch>>,
    /// Whether a task looks after them.
    looked_after: bool,
}

/// A place among the open streams; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

/// What a stream holds as long as its client reads.
#[derive(Debug)]
pub(in crate::http) struct Held<T> {
    readers: Arc<Readers>,
    /// When a part was given to the connection that has not asked for the next one, in milliseconds after the readers
    /// began; 0 when it waits for us.
    given: AtomicU64,
    inner: Mutex<Option<T>>,
}

trait Watch: Debug + Send + Sync {
    /// When a part was given out that nobody took on, in milliseconds.
    fn given(&self) -> Option<u64>;
    /// Gives back what the stream holds.
    fn cut(&self);
}

impl Default for Readers {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_STREAMS)),
            began: Instant::now(),
            watched: Mutex::default(),
            cut: AtomicU64::new(0),
        }
    }
}

impl Readers {
    /// A place for one more live stream.
    pub(crate) fn place(&self) -> Result<Place, Problem> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        permit.map(Place).map_err(|_| Problem::too_many_streams())
    }

    /// How many were cut off because they did not read.
    pub(crate) fn cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    /// Counts one that was cut off.
    pub(super) fn count_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        // Never 0, which says that nothing was given out.
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn look(&self) -> bool {
        let now = self.now();
        let limit = u64::try_from(SLOW_READER_CUT.as_millis()).unwrap_or(u64::MAX);
        let mut watched = self.watched.lock();
        let mut slow = Vec::new();
        watched.streams.retain(|stream| {
            let Some(stream) = stream.upgrade() else { return false };
            let keep = stream.given().is_none_or(|given| now.saturating_sub(given) < limit);
            if !keep {
                slow.push(stream);
            }
            keep
        });
        watched.looked_after = !watched.streams.is_empty();
        let go_on = watched.looked_after;
        drop(watched);
        for stream in slow {
            stream.cut();
            self.count_cut();
        }
        go_on
    }
}

impl<T: Debug + Send + 'static> Held<T> {
    /// Watches over what a stream holds.
    pub(in crate::http) fn new(readers: &Arc<Readers>, inner: T) -> Arc<Self> {
        let (given, inner) = (AtomicU64::new(0), Mutex::new(Some(inner)));
        let held = Arc::new(Self { readers: Arc::clone(readers), given, inner });
        let mut watched = readers.watched.lock();
        let stream: Arc<dyn Watch> = Arc::clone(&held) as _;
        watched.streams.push(Arc::downgrade(&stream));
        if !std::mem::replace(&mut watched.looked_after, true) {
            let readers = Arc::downgrade(readers);
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(LOOK_EVERY).await;
                    if !readers.upgrade().is_some_and(|readers| readers.look()) {
                        return;
                    }
                }
            });
        }
        drop(watched);
        held
    }

    /// The connection asks for the next part. `None` in it when the stream was cut off.
    pub(in crate::http) fn asked(&self) -> MutexGuard<'_, Option<T>> {
        self.given.store(0, Ordering::Relaxed);
        self.inner.lock()
    }

    /// The connection got a part.
    pub(in crate::http) fn gave(&self) {
        self.given.store(self.readers.now(), Ordering::Relaxed);
    }
}

impl<T: Debug + Send + 'static> Watch for Held<T> {
    fn given(&self) -> Option<u64> {
        Some(self.given.load(Ordering::Relaxed)).filter(|given| *given > 0)
    }

    fn cut(&self) {
        let inner = self.inner.lock().take();
        drop(inner);
    }
}
