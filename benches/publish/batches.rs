//! The clockwork: threads that publish in rounds, one batch each, all at the same moment.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_inspector_benches::{BATCH, median};

use crate::peers::Publish;

/// Rounds before the first that counts: the queues have their size then.
const WARM_UP_ROUNDS: usize = 3;

/// How many rounds count, at least and at most, and how long it goes on in between.
const MIN_ROUNDS: usize = 30;
const MAX_ROUNDS: usize = 1_000;
const MEASURE_FOR: Duration = Duration::from_millis(1_500);

/// How many single calls are timed.
const SINGLE_CALLS: usize = 300;

/// Nanoseconds for a call: the median of batches by `threads` threads, with `prepare` before each round.
pub(crate) fn in_rounds<P: Publish>(peer: &P, threads: usize, prepare: fn(&P)) -> f64 {
    let round = Round {
        gate: Barrier::new(threads + 1),
        ready: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        threads,
    };
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..threads).map(|_| scope.spawn(|| round.publish(peer))).collect();
        let mut start = Instant::now();
        for number in 0..WARM_UP_ROUNDS + MAX_ROUNDS {
            if number == WARM_UP_ROUNDS {
                start = Instant::now();
            }
            if number >= WARM_UP_ROUNDS + MIN_ROUNDS && start.elapsed() > MEASURE_FOR {
                break;
            }
            prepare(peer);
            round.ready.store(0, Ordering::Relaxed);
            round.gate.wait();
            round.gate.wait();
            peer.published(threads * BATCH as usize);
        }
        round.stop.store(true, Ordering::Relaxed);
        round.gate.wait();
        let batches = publishers.into_iter().flat_map(|publisher| publisher.join().expect("it publishes"));
        median(batches.collect()).unwrap_or_default()
    })
}

/// What the publishing threads share.
#[derive(Debug)]
struct Round {
    /// Passed together before and after a round.
    gate: Barrier,
    ready: AtomicUsize,
    stop: AtomicBool,
    threads: usize,
}

impl Round {
    /// One thread's part of all rounds: nanoseconds for a call, of each batch.
    fn publish(&self, peer: &impl Publish) -> Vec<f64> {
        let mut batches = Vec::new();
        for number in 0.. {
            self.gate.wait();
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            // The gate wakes one thread after the other. Whoever is awake waits for the rest, so that they overlap.
            self.ready.fetch_add(1, Ordering::AcqRel);
            while self.ready.load(Ordering::Acquire) < self.threads {
                thread::yield_now();
            }
            let start = Instant::now();
            for _ in 0..BATCH {
                peer.publish();
            }
            let mean = start.elapsed().as_nanos() as f64 / BATCH as f64;
            if number >= WARM_UP_ROUNDS {
                batches.push(mean);
            }
            self.gate.wait();
        }
        batches
    }
}

/// Nanoseconds for a call, of single calls a millisecond apart: the median.
pub(crate) fn one_by_one(peer: &impl Publish) -> f64 {
    let calls = (0..SINGLE_CALLS).map(|_| {
        thread::sleep(Duration::from_millis(1));
        peer.before_single();
        let start = Instant::now();
        peer.publish();
        let took = start.elapsed();
        peer.published(1);
        took.as_nanos() as f64
    });
    median(calls.collect()).unwrap_or_default()
}
