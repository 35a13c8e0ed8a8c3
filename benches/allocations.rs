//! How often the host's thread asks for memory when it records: counted on that thread alone, over 1,000 calls.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench allocations`. A counting allocator is slower, so that times are
//! measured elsewhere, by `publish` and `layer`.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector_benches::{BATCH, runtime, span_of_four_attributes};
use serde_json::json;
use tokio::sync::broadcast;
use tracing::subscriber::with_default;
use tracing_subscriber::prelude::*;

fn main() {
    let runtime = runtime();
    let inspector = Inspector::builder().in_memory().build().expect("an inspector");
    let session = inspector.session("bench").start();
    let settle = || runtime.block_on(inspector.settle());

    println!("for each call: allocations, bytes");
    count("session.emit of a number", || session.emit("tick", json!(1)), settle);
    let event = json!({"task": "read the file", "attempt": 1});
    count("cloning a JSON object of two", || _ = event.clone(), || {});
    count("session.emit of that clone", || session.emit("tick", event.clone()), settle);
    with_default(tracing_subscriber::registry(), || {
        count("span of four attributes, bare registry", span_of_four_attributes, || {});
    });
    with_default(tracing_subscriber::registry().with(inspector.layer()), || {
        session.in_scope(|| {
            count("span of four attributes, inspector.layer()", span_of_four_attributes, settle);
        });
    });
    let (sender, _receiver) = broadcast::channel::<Arc<str>>(65_536);
    count("broadcast::send of an Arc<str>", || _ = sender.send(Arc::from("tick")), || {});
    let disabled = Inspector::disabled().session("bench").start();
    count("session.emit of a number, inspector disabled", || disabled.emit("tick", json!(1)), || {});
}

/// Prints what `call` asks for, once the queues behind it have grown to their size.
fn count(name: &str, call: impl Fn(), settle: impl Fn()) {
    let calls = || (0..BATCH).for_each(|_| call());
    for _ in 0..3 {
        calls();
        settle();
    }
    let counted = allocation_counter::measure(calls);
    settle();
    println!(
        "{:>8.3} {:>8.0}  {name}",
        counted.count_total as f64 / BATCH as f64,
        counted.bytes_total as f64 / BATCH as f64
    );
}
