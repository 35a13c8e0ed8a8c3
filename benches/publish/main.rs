//! What publishing one event costs the host's thread: with nobody to thousands reading the live stream, from one thread or
//! several at once, next to `tokio::sync::broadcast::send` with as many receivers.
//!
//! ```sh
//! cargo bench -p agent-inspector-benches --bench publish                              # everything, 2 minutes
//! cargo bench -p agent-inspector-benches --bench publish -- --readers 0,1 --threads 1
//! ```
//!
//! A figure is a median over batches; a batch is 1,000 calls by one thread, timed together. Readers are *parked* when every
//! one of them has read everything and sleeps as the batches begin, and *busy* when the events of the round before have
//! just been published to them.
//!
//! The last table has single calls, a millisecond apart, as a host makes them that is not a benchmark: each meets parked
//! readers and cold caches, and a look at the clock is part of it.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

mod batches;
mod peers;

use std::env;
use std::hint::black_box;
use std::time::Instant;

use agent_inspector::Inspector;
use agent_inspector_benches::{BATCH, median};
use serde_json::json;

use batches::{in_rounds, one_by_one};
use peers::{Emit, Publish, Send};

/// The budget for a call, in nanoseconds, and for one while the inspector is disabled.
const BUDGET: f64 = 100.0;
const DISABLED_BUDGET: f64 = 5.0;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let chosen = |name: &str, all: &[usize]| -> Vec<usize> {
        let place = arguments.iter().position(|argument| argument == name);
        let list = place.and_then(|place| arguments.get(place + 1));
        list.map_or_else(
            || all.to_vec(),
            |list| {
                list.split(',').map(|number| number.parse().expect("numbers with commas between")).collect()
            },
        )
    };
    let readers = chosen("--readers", &[0, 1, 100, 1_000]);
    let threads = chosen("--threads", &[1, 2, 4]);

    println!("ns for a call, mean of {BATCH}, median of the batches");
    println!("{:>7} {:>7} {:>23} {:>23}", "", "", "session.emit", "broadcast::send");
    println!(
        "{:>7} {:>7} {:>11} {:>11} {:>11} {:>11}",
        "readers", "threads", "parked", "busy", "parked", "busy"
    );
    let mut worst: f64 = 0.0;
    for &readers in &readers {
        for &threads in &threads {
            let emit = both(&Emit::with(readers), threads);
            let send = both(&Send::with(readers), threads);
            println!(
                "{readers:>7} {threads:>7} {:>11.0} {:>11.0} {:>11.0} {:>11.0}",
                emit.0, emit.1, send.0, send.1
            );
            worst = worst.max(emit.0).max(emit.1);
        }
    }
    println!("session.emit at its slowest: {}", verdict(worst, BUDGET));

    println!("\nns for a call, one each millisecond, median");
    println!("{:>7} {:>15} {:>15}", "readers", "session.emit", "broadcast::send");
    for &readers in &readers {
        let (emit, send) = (one_by_one(&Emit::with(readers)), one_by_one(&Send::with(readers)));
        println!("{readers:>7} {emit:>15.0} {send:>15.0}");
    }
    println!("\nsession.emit, inspector disabled: {}", verdict(disabled(), DISABLED_BUDGET));
}

/// With parked and with busy readers.
fn both(peer: &impl Publish, threads: usize) -> (f64, f64) {
    (in_rounds(peer, threads, Publish::park), in_rounds(peer, threads, Publish::settle))
}

fn disabled() -> f64 {
    let session = Inspector::disabled().session("bench").start();
    let batches = (0..1_000).map(|_| {
        let start = Instant::now();
        for _ in 0..BATCH {
            black_box(&session).emit("tick", json!(1));
        }
        start.elapsed().as_nanos() as f64 / BATCH as f64
    });
    median(batches.collect()).unwrap_or_default()
}

fn verdict(nanoseconds: f64, budget: f64) -> String {
    format!(
        "{nanoseconds:.1} ns (budget: {budget}, {})",
        if nanoseconds <= budget { "met" } else { "NOT MET" }
    )
}
