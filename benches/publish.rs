//! What publishing one event costs the host's thread, with nobody, one and a hundred readers of the live stream, next to
//! `tokio::sync::broadcast::send` with as many receivers.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench publish`.

use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector_benches::{in_batches, read_live, runtime};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;
use tokio::sync::broadcast;

fn publish(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publish");
    for readers in [0, 1, 100] {
        let runtime = runtime();
        let inspector = Inspector::builder().in_memory().build().expect("an inspector");
        read_live(&runtime, &inspector, readers);
        let session = inspector.session("bench").start();
        group.bench_function(BenchmarkId::new("session.emit", readers), |bencher| {
            bencher.iter_custom(|iterations| {
                let rest = || runtime.block_on(inspector.settle());
                in_batches(iterations, || session.emit("tick", json!(1)), rest)
            });
        });
        let (sender, _) = broadcast::channel::<Arc<str>>(65_536);
        for _ in 0..readers {
            let mut receiver = sender.subscribe();
            runtime.spawn(async move {
                while !matches!(receiver.recv().await, Err(broadcast::error::RecvError::Closed)) {}
            });
        }
        group.bench_function(BenchmarkId::new("broadcast::send, readers awake", readers), |bencher| {
            bencher.iter_custom(|iterations| {
                in_batches(iterations, || _ = sender.send(Arc::from("tick")), || {})
            });
        });
        group.bench_function(BenchmarkId::new("broadcast::send, readers parked", readers), |bencher| {
            bencher.iter_custom(|iterations| {
                // Few enough that every send meets parked receivers; the waiting is not counted.
                let calls = iterations.min(100);
                let mut total = std::time::Duration::ZERO;
                for _ in 0..calls {
                    runtime.block_on(async { tokio::time::sleep(std::time::Duration::from_millis(1)).await });
                    let start = std::time::Instant::now();
                    let _ = sender.send(Arc::from("tick"));
                    total += start.elapsed();
                }
                total * u32::try_from(iterations / calls).unwrap_or(u32::MAX)
            });
        });
    }
    let disabled = Inspector::disabled().session("bench").start();
    group.bench_function("session.progress, inspector disabled", |bencher| {
        bencher.iter(|| disabled.progress(Some(1.0), String::new()));
    });
    group.finish();
}

criterion_group!(benches, publish);
criterion_main!(benches);
