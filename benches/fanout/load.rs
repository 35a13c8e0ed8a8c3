//! One row against one server.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use agent_inspector_benches::process::processor_time;
use hdrhistogram::Histogram;
use tokio::task::LocalSet;

use crate::payload::Template;
use crate::peer::Server;
use crate::process::peak_memory;
use crate::publisher::{Published, Publisher, publish};
use crate::rows::Row;
use crate::subscriber::{Crowd, Subscriber, Tally};
use crate::wire::now;

/// How many connect at once: fewer than wait in any server's backlog.
const CONNECT_AT_ONCE: usize = 100;

/// How long all may take to connect.
const CONNECT_PATIENCE: Duration = Duration::from_secs(30);

/// How long nothing happens between the last subscriber's connection and the first event.
const CALM: Duration = Duration::from_millis(300);

/// After so long without a delivery what is missing is lost.
const SILENCE: Duration = Duration::from_secs(3);

/// How long a row may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// For so long after the end what comes twice is still counted.
const AFTERMATH: Duration = Duration::from_millis(200);

/// How often we look whether it is over.
const LOOK: Duration = Duration::from_millis(5);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Deliveries per second, from the first POST to the last delivery; slow subscribers do not count.
    pub(crate) deliveries_per_second: f64,
    pub(crate) published_per_second: f64,
    /// From just before the POST to the read, in nanoseconds; slow subscribers do not count.
    pub(crate) latency: Histogram<u64>,
    /// The server's, for each delivery, with the POST.
    pub(crate) processor_per_delivery: Duration,
    pub(crate) peak_memory: u64,
    pub(crate) refused: u64,
    pub(crate) missing: u64,
    pub(crate) duplicates: u64,
    pub(crate) out_of_order: u64,
    pub(crate) gaps: u64,
    pub(crate) reconnects: u64,
    pub(crate) failed_connections: u64,
}

impl Outcome {
    /// Whether every subscriber got every event once and in order.
    pub(crate) fn is_clean(&self) -> bool {
        self.missing + self.duplicates + self.out_of_order + self.gaps + self.refused == 0
    }
}

/// Runs `row`, with events of the shape `template`.
pub(crate) fn run(row: &'static Row, server: &Server, template: &Template) -> io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let crowd = Rc::new(Crowd::new(row, server.target)?);
    let subscribers = LocalSet::new();
    let tallies = runtime.block_on(subscribers.run_until(connect(&crowd)))?;
    let publisher = Publisher::connect(server.target)?;
    let processes = server.processes();
    let before = processor_time(&processes);
    let start = now();
    let published = thread::scope(|scope| {
        let publishing = scope.spawn(|| publish(publisher, template, row.events, row.rate));
        runtime.block_on(subscribers.run_until(delivery(&crowd, || publishing.is_finished())));
        publishing.join().map_err(|_| io::Error::other("the publisher panicked"))?
    })?;
    let processor = processor_time(&processes).saturating_sub(before);
    runtime.block_on(subscribers.run_until(async { tokio::time::sleep(AFTERMATH).await }));
    drop(subscribers);
    Ok(outcome(&crowd, &tallies, published, start, processor, peak_memory(&processes)))
}

/// Connects all subscribers, some at a time.
async fn connect(crowd: &Rc<Crowd>) -> io::Result<Vec<Rc<RefCell<Tally>>>> {
    let wanted = crowd.row.subscribers;
    let start = Instant::now();
    let mut tallies = Vec::new();
    while crowd.connected.get() < wanted {
        while tallies.len() < wanted.min(crowd.connected.get() + CONNECT_AT_ONCE) {
            let (subscriber, tally) = Subscriber::new(tallies.len(), crowd);
            tokio::task::spawn_local(subscriber.run());
            tallies.push(tally);
        }
        if start.elapsed() > CONNECT_PATIENCE {
            let connected = crowd.connected.get();
            return Err(io::Error::other(format!("{connected} of {wanted} subscribers connected")));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(CALM).await;
    Ok(tallies)
}

/// Ends when everybody has everything, or nothing comes any more.
async fn delivery(crowd: &Crowd, published: impl Fn() -> bool) {
    let start = Instant::now();
    let (mut seen, mut changed) = (0, start);
    while start.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK).await;
        let delivered = crowd.delivered.get() + crowd.delivered_slowly.get();
        if delivered != seen || !published() {
            (seen, changed) = (delivered, Instant::now());
        } else if crowd.finished.get() == crowd.row.subscribers || changed.elapsed() > SILENCE {
            return;
        }
    }
}

fn outcome(
    crowd: &Crowd,
    tallies: &[Rc<RefCell<Tally>>],
    published: Published,
    start: u64,
    processor: Duration,
    peak_memory: u64,
) -> Outcome {
    let events = crowd.row.events;
    let delivered = crowd.delivered.get();
    let took = Duration::from_nanos(crowd.last.get().saturating_sub(start));
    let all = u32::try_from(delivered + crowd.delivered_slowly.get()).unwrap_or(u32::MAX);
    let sum = |count: fn(&Tally) -> u64| tallies.iter().map(|tally| count(&tally.borrow())).sum::<u64>();
    Outcome {
        deliveries_per_second: delivered as f64 / took.as_secs_f64().max(1e-9),
        published_per_second: events as f64 / published.duration.as_secs_f64().max(1e-9),
        latency: crowd.latency.borrow().clone(),
        processor_per_delivery: processor / all.max(1),
        peak_memory,
        refused: published.refused,
        missing: events * tallies.len() as u64 - sum(|tally| tally.got),
        duplicates: sum(|tally| tally.duplicates),
        out_of_order: sum(|tally| tally.out_of_order),
        gaps: sum(|tally| tally.gaps),
        reconnects: crowd.reconnects.get(),
        failed_connections: crowd.failed_connections.get(),
    }
}
