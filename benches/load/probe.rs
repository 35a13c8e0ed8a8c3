//! Asks at a steady pace, whatever comes of it, and keeps how long each answer took from when it was due.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::ask::{Connection, head};
use crate::host::{MOUNT, WORK};

/// In microseconds, up to five minutes.
const LONGEST: u64 = 300_000_000;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The endpoint of the host with the inspector.
    Host,
    /// That of the host without.
    Bare,
    /// The inspector's `/health`.
    Health,
}

impl Place {
    pub(crate) const ALL: [Self; 3] = [Self::Host, Self::Bare, Self::Health];

    const fn every(self) -> Duration {
        match self {
            Self::Host | Self::Bare => Duration::from_millis(20),
            Self::Health => Duration::from_millis(200),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    pub(crate) times: Histogram<u64>,
    /// Answers that are no 200, or none.
    pub(crate) failed: u64,
}

impl Latency {
    fn new() -> Self {
        let times = Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds that are in order");
        Self { times, failed: 0 }
    }

    /// In milliseconds.
    pub(crate) fn at(&self, quantile: f64) -> f64 {
        self.times.value_at_quantile(quantile) as f64 / 1e3
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Of the same bounds.
        let _ = self.times.add(&other.times);
        self.failed += other.failed;
    }
}

/// Those who ask, on a thread of their own.
#[derive(Debug)]
pub(crate) struct Probe {
    since_taken: [Arc<Mutex<Latency>>; 3],
}

impl Probe {
    pub(crate) fn start(host: u16, bare: u16) -> Self {
        let since_taken = Place::ALL.map(|_| Arc::new(Mutex::new(Latency::new())));
        let kept = since_taken.clone();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let asking = Place::ALL.into_iter().zip(kept).map(|(place, kept)| {
                    let port = if place == Place::Bare { bare } else { host };
                    tokio::spawn(steadily(place, port, kept))
                });
                for asking in asking.collect::<Vec<_>>() {
                    // It never ends.
                    let _ = asking.await;
                }
            });
        });
        Self { since_taken }
    }

    /// What came of it since it was last taken.
    pub(crate) fn take(&self, place: Place) -> Latency {
        let mut kept = self.since_taken[place as usize].lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut kept, Latency::new())
    }
}

async fn steadily(place: Place, port: u16, kept: Arc<Mutex<Latency>>) {
    let path = if place == Place::Health { format!("{MOUNT}/health") } else { WORK.to_owned() };
    let head: Arc<str> = head(port, "GET", &path, "").into();
    let idle: Arc<Mutex<Vec<Connection>>> = Arc::default();
    let mut ticks = interval(place.every());
    // One that is late is due all the same.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        let due: Instant = ticks.tick().await;
        let (head, idle, kept) = (Arc::clone(&head), Arc::clone(&idle), Arc::clone(&kept));
        tokio::spawn(async move {
            let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = lock().pop();
            let mut connection = waiting.unwrap_or_else(|| Connection::new(port));
            let answer = connection.ask(head.as_bytes(), &[], false).await;
            let took = u64::try_from(due.elapsed().as_micros()).unwrap_or(LONGEST);
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.times.saturating_record(took.max(1));
            kept.failed += u64::from(!answer.is_ok_and(|answer| answer.status == 200));
            drop(kept);
            lock().push(connection);
        });
    }
}
