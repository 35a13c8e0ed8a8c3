//! What the rest of the inspector sees of the pipeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot, watch};

use super::fold::{Fold, FromFile};
use super::ids::Ids;
use super::lane::{Done, IngestLane, Request};
use super::open::OpenSpans;
use super::preparer::Preparer;
use super::pump::{Gauges, Pump};
use super::turn::Turn;
use super::upkeep;
use super::writer::{self, StoreLane};
use crate::bus::Bus;
use crate::capture::lane::{Dropped, Lane};
use crate::clock::Clock;
use crate::error::Error;
use crate::model::{EventId, FrameWriter, Reported, Span};
use crate::pricing::Prices;
use crate::redact::{Redactor, cut_name};
use crate::registry::{Clean, MemoryRegistry};
use crate::sink::Changed;
use crate::store::{Store, StoreError};
use crate::work::{Work, spawn_giving_way};

/// How many bytes of outside spans may be under way between request and commit.
pub(crate) const DEFAULT_INGEST_BYTES: usize = 128 << 20;

/// How long a sender waits for room, and then for its commit, before it is asked to come back.
pub(crate) const INGEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Permits of the ingest budget stand for so many bytes each.
const PERMIT_BYTES: usize = 1024;

/// Why a batch from outside was not taken. The sender should send it again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IngestRefused {
    /// Too much is waiting already, or the store cannot keep up.
    #[error("the inspector is busy; send again later")]
    Busy,
    /// The store could not take it.
    #[error("the inspector cannot store at the moment; send again later")]
    NotStored,
    /// The inspector is shutting down.
    #[error("the inspector is shutting down")]
    Closed,
}

/// Counts since the start. Each is a loss that was counted, or the base to compare it with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Events published.
    pub(crate) published: u64,
    /// Records of the host that did not fit into the capture lane.
    pub(crate) dropped_capture: Dropped,
    /// Records that could not be stored in time and are only in the ring.
    pub(crate) not_stored: u64,
    /// Panics that were contained: in host-supplied code, in the store, or in the pump itself.
    pub(crate) panics_contained: u64,
    /// Spans whose content was dropped because the host's redaction took too long.
    pub(crate) redactions_overrun: u64,
    /// Spans whose content was dropped because the host's redaction panicked.
    pub(crate) redactions_panicked: u64,
    /// Spans taken from outside senders.
    pub(crate) ingested_spans: u64,
    /// Spans of the host that run at the moment.
    pub(crate) open_spans: u64,
    /// Bytes that wait for the store at the moment.
    pub(crate) backlog_bytes: u64,
}

/// A handle on the running pipeline. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bus: Arc<Bus>,
    lane: Arc<Lane>,
    ingest: Arc<IngestLane>,
    store: Arc<StoreLane>,
    gauges: Arc<Gauges>,
    preparer: Arc<Preparer>,
    room: Arc<Semaphore>,
    work: Arc<Work>,
    closed: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the pipeline is built from.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The capture lane.
    pub(crate) lane: Arc<Lane>,
    /// The clock of the sources.
    pub(crate) clock: Clock,
    /// Where everything is kept.
    pub(crate) store: Arc<dyn Store>,
    /// Where live sessions are known.
    pub(crate) registry: Arc<MemoryRegistry>,
    /// What must not be seen.
    pub(crate) redactor: Arc<Redactor>,
    /// What models cost.
    pub(crate) prices: Arc<Prices>,
    /// Where what outside senders report is prepared.
    pub(crate) work: Arc<Work>,
    /// The ring's bounds: events and bytes.
    pub(crate) ring: (usize, usize),
    /// How many bytes may wait for the store.
    pub(crate) backlog_bytes: usize,
    /// When a silent outside session is given up.
    pub(crate) abandon_after: Duration,
    /// Who wants to know which sessions have a commit behind them.
    pub(crate) changed: Option<Arc<Changed>>,
}

/// What can keep a pipeline from starting.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The store gave no event ids; another store may.
    Store(StoreError),
    /// No thread.
    Thread(Error),
}

impl Pipeline {
    /// Starts the pump and the store writer, and gives the ring with the handle.
    pub(crate) fn start(parts: Parts) -> Result<(Self, Arc<Bus>), StartError> {
        let ids = Ids::reserve(parts.store.as_ref()).map_err(StartError::Store)?;
        let bus = Arc::new(Bus::new(ids.floor(), parts.ring.0, parts.ring.1));
        let shared = Arc::new(Shared {
            bus: Arc::clone(&bus),
            lane: Arc::clone(&parts.lane),
            ingest: Arc::new(IngestLane::new()),
            store: Arc::new(StoreLane::new(parts.backlog_bytes, ids.floor())),
            gauges: Arc::new(Gauges::new()),
            preparer: Arc::new(Preparer::new(Arc::clone(&parts.redactor), Arc::clone(&parts.prices))),
            room: Arc::new(Semaphore::new(DEFAULT_INGEST_BYTES / PERMIT_BYTES)),
            work: parts.work,
            closed: AtomicBool::new(false),
            threads: Mutex::default(),
        });
        let (store, lane, reserve) = (Arc::clone(&parts.store), Arc::clone(&shared.store), ids.reserve_of());
        let (ring, sinks, changed) = (Arc::clone(&bus), parts.changed.is_some(), parts.changed);
        let writer = spawn("inspector-store", move || {
            writer::run(&lane, store.as_ref(), &reserve, &ring, changed.as_deref());
        })?;
        shared.threads.lock().push(writer);
        let (store, lane) = (Arc::clone(&parts.store), Arc::clone(&shared.store));
        let keeper = spawn_giving_way("inspector-upkeep", move || upkeep::run(&lane, store.as_ref()))
            .map_err(|error| StartError::Thread(Error::Thread(error)))?;
        shared.threads.lock().push(keeper);
        let pump = Pump {
            fold: Fold::new(parts.store, parts.registry, parts.abandon_after),
            lane: parts.lane,
            ingest: Arc::clone(&shared.ingest),
            store: Arc::clone(&shared.store),
            bus: Arc::clone(&bus),
            clock: parts.clock,
            redactor: parts.redactor,
            prices: parts.prices,
            ids,
            gauges: Arc::clone(&shared.gauges),
            open: OpenSpans::default(),
            taken: Vec::new(),
            requests: Vec::new(),
            frames: FrameWriter::default(),
            announced: Dropped::default(),
            turn: Turn::default(),
            sinks,
            handed: 0,
            looked: Instant::now(),
            tidied: Instant::now(),
            published: Instant::now(),
            woke: Instant::now(),
            crowd: false,
        };
        let pump = spawn("inspector-pump", move || pump.run())?;
        shared.lane.set_pump(pump.thread().clone());
        shared.ingest.set_pump(pump.thread().clone());
        shared.threads.lock().push(pump);
        Ok((Self { shared }, bus))
    }

    /// Takes what an outside sender reports. On `Ok` it is in the store and survives the death of the process.
    ///
    /// It is prepared on a thread that may block. `turn` bounds how many batches are at once: it is dropped when this
    /// one is prepared, and not held through the wait for the commit.
    ///
    /// # Errors
    ///
    /// When it is not stored.
    pub(crate) async fn ingest(
        &self,
        reported: impl Into<Reported>,
        turn: impl Send + 'static,
    ) -> Result<(), IngestRefused> {
        let reported = reported.into();
        let shared = &self.shared;
        if shared.closed.load(Ordering::Acquire) {
            return Err(IngestRefused::Closed);
        }
        if reported.is_empty() {
            return Ok(());
        }
        if shared.store.is_busy() {
            return Err(IngestRefused::Busy);
        }
        let bytes = reported.size();
        let permits =
            u32::try_from(bytes.min(DEFAULT_INGEST_BYTES) / PERMIT_BYTES).unwrap_or(u32::MAX).max(1);
        let permit =
            tokio::time::timeout(INGEST_TIMEOUT, Arc::clone(&shared.room).acquire_many_owned(permits))
                .await
                .map_err(|_| IngestRefused::Busy)?
                .map_err(|_| IngestRefused::Closed)?;
        let preparer = Arc::clone(&shared.preparer);
        let prepared = shared.work.run(move || {
            let _turn = turn;
            preparer.report(reported)
        });
        let reported = prepared.await.map_err(|_| {
            shared.gauges.panics.fetch_add(1, Ordering::Relaxed);
            IngestRefused::NotStored
        })?;
        let (ack, answer) = oneshot::channel();
        shared.ingest.push(Request::Ingest { reported, ack, permit: Some(permit) });
        match tokio::time::timeout(INGEST_TIMEOUT, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(IngestRefused::Closed),
            Err(_) => Err(IngestRefused::Busy),
        }
    }

    /// As [`ingest`](Self::ingest), blocking. Called by one thread.
    ///
    /// # Errors
    ///
    /// When it is not stored. When nothing of it was taken it is given back.
    pub(crate) fn report(&self, reported: Reported) -> Result<(), (IngestRefused, Option<Reported>)> {
        let shared = &self.shared;
        if shared.closed.load(Ordering::Acquire) {
            return Err((IngestRefused::Closed, Some(reported)));
        }
        if shared.store.is_busy() {
            return Err((IngestRefused::Busy, Some(reported)));
        }
        let reported = shared.preparer.report(reported);
        let (ack, answer) = oneshot::channel();
        shared.ingest.push(Request::Ingest { reported, ack, permit: None });
        answer.blocking_recv().unwrap_or(Err(IngestRefused::Closed)).map_err(|refused| (refused, None))
    }

    /// Hands a request to the pump, unless it has ended: then the request is dropped, which who waits notices.
    pub(super) fn request(&self, request: Request) {
        self.shared.ingest.push(request);
    }

    /// Takes spans that were read from a trace file. On `Ok` they are in the store. Blocks until then; called by one thread.
    ///
    /// # Errors
    ///
    /// When they are not stored.
    pub(crate) fn import(&self, spans: Vec<Span>, mut file: FromFile) -> Result<(), IngestRefused> {
        let shared = &self.shared;
        if shared.closed.load(Ordering::Acquire) {
            return Err(IngestRefused::Closed);
        }
        if shared.store.is_busy() {
            return Err(IngestRefused::Busy);
        }
        let mut traces = shared.preparer.spans(spans);
        file.title = file.title.map(|title| cut_name(shared.preparer.redactor().name(&title)));
        if let Some(title) = &file.title {
            let roots =
                traces.iter_mut().flat_map(|trace| &mut trace.spans).filter(|span| span.title.is_some());
            roots.for_each(|root| root.title = Some(title.clone()));
        }
        let (ack, answer) = oneshot::channel();
        shared.ingest.push(Request::Import { traces, file, ack });
        answer.blocking_recv().unwrap_or(Err(IngestRefused::Closed))
    }

    /// Waits until everything handed over before is in the ring and the store.
    pub(crate) async fn settle(&self) {
        if !self.shared.closed.load(Ordering::Acquire) {
            let (settled, wait) = oneshot::channel();
            self.shared.ingest.push(Request::Settle(Done::Task(settled)));
            // The pump is gone when the inspector was shut down in between.
            let _ = wait.await;
        }
    }

    /// As [`settle`](Self::settle), blocking, for at most `patience`.
    pub(crate) fn settle_within(&self, patience: Duration) {
        if !self.shared.closed.load(Ordering::Acquire) {
            let (settled, wait) = std::sync::mpsc::sync_channel(1);
            self.shared.ingest.push(Request::Settle(Done::Thread(settled)));
            let _ = wait.recv_timeout(patience);
        }
    }

    /// Stores what was handed over and ends the threads.
    pub(crate) async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.shared.close(Done::Task(stopped)) {
            let _ = wait.await;
        }
        let threads = std::mem::take(&mut *self.shared.threads.lock());
        // They are at their end, so that this does not block for long. A thread that panicked has ended too.
        let joined =
            tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| _ = thread.join()));
        let _ = joined.await;
    }

    /// What models cost.
    pub(crate) fn prices(&self) -> &Prices {
        self.shared.preparer.prices()
    }

    /// What is done to what registries of the host's tell.
    pub(crate) fn outside(&self) -> Arc<dyn Clean> {
        Arc::clone(&self.shared.preparer) as Arc<dyn Clean>
    }

    /// Counts since the start.
    #[must_use]
    pub(crate) fn counters(&self) -> Counters {
        let shared = &self.shared;
        Counters {
            published: shared.bus.counts().0,
            dropped_capture: shared.lane.dropped(),
            not_stored: shared.store.not_stored(),
            panics_contained: shared.gauges.panics.load(Ordering::Relaxed)
                + shared.store.panics()
                + shared.preparer.redactor().panics(),
            redactions_overrun: shared.preparer.redactor().overruns(),
            redactions_panicked: shared.preparer.redactor().panics(),
            ingested_spans: shared.gauges.ingested_spans.load(Ordering::Relaxed),
            open_spans: shared.gauges.open_spans.load(Ordering::Relaxed),
            backlog_bytes: shared.store.backlog_bytes(),
        }
    }

    /// What is wrong with the store writer at the moment, for `/health`.
    #[must_use]
    pub(crate) fn problem(&self) -> Option<String> {
        self.shared.store.problem()
    }

    /// Up to which event the store has everything that it will ever get: what comes after it and is not in the ring any
    /// more is on its way.
    pub(crate) fn stored(&self) -> watch::Receiver<EventId> {
        self.shared.store.stored()
    }

    /// Stores what was published without gathering more: somebody waits to read it.
    pub(crate) fn hurry(&self) {
        self.shared.store.hurry();
    }

    /// Events published in the last minute.
    #[must_use]
    pub(crate) fn events_last_minute(&self) -> u64 {
        self.shared.gauges.rate.lock().last_minute()
    }
}

impl Shared {
    /// Asks the pump to finish, unless it was asked before.
    fn close(&self, done: Done) -> bool {
        let first = !self.closed.swap(true, Ordering::AcqRel);
        if first {
            self.ingest.push(Request::Stop(done));
        }
        first
    }
}

impl Drop for Shared {
    /// The threads know nothing of this handle: they end when nobody can hand them anything any more.
    fn drop(&mut self) {
        self.close(Done::Nobody);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| StartError::Thread(Error::Thread(error)))
}
