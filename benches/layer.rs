//! What one span with four attributes costs through the layer, start and end, next to `tracing-opentelemetry` with a batch
//! processor that exports to nowhere, and next to a registry that nobody listens to.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench layer`.

use std::time::Duration;

use agent_inspector::Inspector;
use agent_inspector_benches::{in_batches, runtime, span_of_four_attributes as span};
use criterion::{Criterion, criterion_group, criterion_main};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing::subscriber::with_default;
use tracing_subscriber::prelude::*;

#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

fn layer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("span of four attributes");
    with_default(tracing_subscriber::registry(), || {
        group.bench_function("bare registry", |bencher| {
            bencher.iter_custom(|iterations| in_batches(iterations, span, || {}));
        });
    });

    let runtime = runtime();
    let inspector = Inspector::builder().in_memory().build().expect("an inspector");
    let session = inspector.session("bench").start();
    with_default(tracing_subscriber::registry().with(inspector.layer()), || {
        session.in_scope(|| {
            group.bench_function("inspector.layer()", |bencher| {
                bencher.iter_custom(|iterations| {
                    in_batches(iterations, span, || runtime.block_on(inspector.settle()))
                });
            });
        });
    });

    let config = BatchConfigBuilder::default()
        .with_max_queue_size(65_536)
        .with_scheduled_delay(Duration::from_millis(100))
        .build();
    let processor = BatchSpanProcessor::builder(Nowhere).with_batch_config(config).build();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    with_default(tracing_subscriber::registry().with(layer), || {
        group.bench_function("tracing-opentelemetry and batch processor", |bencher| {
            bencher.iter_custom(|iterations| in_batches(iterations, span, || _ = provider.force_flush()));
        });
    });
    group.finish();
}

criterion_group!(benches, layer);
criterion_main!(benches);
