//! Who publishes, and who reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_inspector::{Inspector, SessionHandle};
use agent_inspector_benches::{get, runtime};
use axum::Router;
use http_body_util::BodyExt;
use memchr::memmem;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::broadcast::{self, error::RecvError};

/// How many events `tokio`'s channel holds, as many as the inspector's lane.
const CHANNEL_EVENTS: usize = 65_536;

/// A reader that has read everything sleeps after so long.
const FALLING_ASLEEP: Duration = Duration::from_millis(1);

/// How long readers may take to read a round.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something to publish by, with its readers.
pub(crate) trait Publish: Sync {
    /// What is measured.
    fn publish(&self);

    /// So many events were published since the last time; not part of what is measured.
    fn published(&self, events: usize);

    /// Waits until what was published is on its way to the readers.
    fn settle(&self);

    /// Waits until every reader has read everything and sleeps.
    fn park(&self);

    /// What must be so before a single call that comes a millisecond after the one before.
    fn before_single(&self);
}

/// How many events there were, and how many of them were read by all readers together.
#[derive(Debug)]
struct Count {
    readers: u64,
    published: AtomicU64,
    read: Arc<AtomicU64>,
}

impl Count {
    fn of(readers: usize) -> Self {
        Self { readers: readers as u64, published: AtomicU64::new(0), read: Arc::default() }
    }

    fn add(&self, events: usize) {
        self.published.fetch_add(events as u64, Ordering::Relaxed);
    }

    fn wait(&self) {
        let start = Instant::now();
        while self.read.load(Ordering::Relaxed) < self.readers * self.published.load(Ordering::Relaxed) {
            assert!(start.elapsed() < PATIENCE, "readers do not get what was published");
            thread::sleep(Duration::from_micros(100));
        }
        thread::sleep(FALLING_ASLEEP);
    }
}

/// `session.emit`, with readers of `/events` through the mounted router.
pub(crate) struct Emit {
    session: SessionHandle,
    inspector: Inspector,
    runtime: Runtime,
    count: Count,
}

impl Emit {
    pub(crate) fn with(readers: usize) -> Self {
        let runtime = runtime();
        let inspector = Inspector::builder().in_memory().build().expect("an inspector");
        let session = inspector.session("bench").start();
        runtime.block_on(inspector.settle());
        let count = Count::of(readers);
        let app: Router = Router::new().nest("/_inspector", inspector.router());
        for _ in 0..readers {
            // Nothing but what is published from now on comes to this one.
            let mut body = runtime.block_on(get(&app, "/_inspector/events?types=Custom")).into_body();
            let read = Arc::clone(&count.read);
            runtime.spawn(async move {
                let data = memmem::Finder::new(b"\ndata: ");
                while let Some(Ok(frame)) = body.frame().await {
                    let events = frame.data_ref().map_or(0, |bytes| data.find_iter(bytes).count());
                    read.fetch_add(events as u64, Ordering::Relaxed);
                }
            });
        }
        Self { session, inspector, runtime, count }
    }
}

impl Publish for Emit {
    fn publish(&self) {
        self.session.emit("tick", json!(1));
    }

    fn published(&self, events: usize) {
        self.count.add(events);
    }

    fn settle(&self) {
        self.runtime.block_on(self.inspector.settle());
    }

    fn park(&self) {
        self.settle();
        self.count.wait();
    }

    fn before_single(&self) {
        // Between two ticks nobody is awake.
    }
}

/// `tokio::sync::broadcast::send` of something shared.
pub(crate) struct Send {
    sender: broadcast::Sender<Arc<str>>,
    count: Count,
    _runtime: Runtime,
}

impl Send {
    pub(crate) fn with(readers: usize) -> Self {
        let runtime = runtime();
        let count = Count::of(readers);
        let (sender, _) = broadcast::channel::<Arc<str>>(CHANNEL_EVENTS);
        for _ in 0..readers {
            let mut receiver = sender.subscribe();
            let read = Arc::clone(&count.read);
            runtime.spawn(async move {
                loop {
                    let mut events = match receiver.recv().await {
                        Ok(_) => 1,
                        Err(RecvError::Lagged(missed)) => missed,
                        Err(RecvError::Closed) => return,
                    };
                    while receiver.try_recv().is_ok() {
                        events += 1;
                    }
                    read.fetch_add(events, Ordering::Relaxed);
                }
            });
        }
        Self { sender, count, _runtime: runtime }
    }
}

impl Publish for Send {
    fn publish(&self) {
        // Fails when nobody listens.
        let _ = self.sender.send(Arc::from("tick"));
    }

    fn published(&self, events: usize) {
        self.count.add(events);
    }

    fn settle(&self) {
        // It is with the readers already.
    }

    fn park(&self) {
        self.count.wait();
    }

    fn before_single(&self) {
        self.park();
    }
}
