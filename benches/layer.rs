//! What one span with four attributes costs by each source, start and end, next to `tracing-opentelemetry` with a batch
//! processor that exports to nowhere, and next to a registry that nobody listens to. And what the layer costs a span that it
//! does not record.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench layer`.

use std::time::Duration;

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use agent_inspector_benches::{in_batches, runtime, span_of_four_attributes as span};
use criterion::{Criterion, criterion_group, criterion_main};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfig, BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing::subscriber::with_default;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// A layer that is told of everything and does nothing.
struct Nothing;

impl<S: tracing::Subscriber> Layer<S> for Nothing {}

fn config() -> BatchConfig {
    BatchConfigBuilder::default()
        .with_max_queue_size(65_536)
        .with_scheduled_delay(Duration::from_millis(100))
        .build()
}

fn layer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("span of four attributes");
    with_default(tracing_subscriber::registry(), || {
        group.bench_function("bare registry", |bencher| {
            bencher.iter_custom(|iterations| in_batches(iterations, span, || {}));
        });
    });

    let plain = || drop(tracing::info_span!(target: "bench", "SELECT", rows = 1, table = "users").entered());
    with_default(tracing_subscriber::registry(), || {
        group.bench_function("a span of the host's, bare registry", |bencher| {
            bencher.iter_custom(|iterations| in_batches(iterations, plain, || {}));
        });
    });
    with_default(tracing_subscriber::registry().with(Nothing.with_filter(LevelFilter::INFO)), || {
        group.bench_function("a span of the host's, a filtered layer that does nothing", |bencher| {
            bencher.iter_custom(|iterations| in_batches(iterations, plain, || {}));
        });
        group.bench_function("a filtered layer that does nothing", |bencher| {
            bencher.iter_custom(|iterations| in_batches(iterations, span, || {}));
        });
    });

    let runtime = runtime();
    let inspector = Inspector::builder().in_memory().build().expect("an inspector");
    let session = inspector.session("bench").start();
    with_default(tracing_subscriber::registry().with(inspector.layer()), || {
        group.bench_function("a span of the host's, inspector.layer()", |bencher| {
            bencher.iter_custom(|iterations| in_batches(iterations, plain, || {}));
        });
        session.in_scope(|| {
            group.bench_function("inspector.layer()", |bencher| {
                bencher.iter_custom(|iterations| {
                    in_batches(iterations, span, || runtime.block_on(inspector.settle()))
                });
            });
        });
    });

    group.bench_function("the session API", |bencher| {
        let call = || {
            let span = session.span(SpanKind::Llm, "chat scripted-1");
            span.attribute("gen_ai.operation.name", "chat");
            span.model("scripted-1").tokens(1_200, 75);
        };
        bencher
            .iter_custom(|iterations| in_batches(iterations, call, || runtime.block_on(inspector.settle())));
    });

    let sdk_span = |tracer: &SdkTracer| {
        tracer
            .span_builder("chat scripted-1")
            .with_attributes([
                KeyValue::new("gen_ai.operation.name", "chat"),
                KeyValue::new("gen_ai.request.model", "scripted-1"),
                KeyValue::new("gen_ai.usage.input_tokens", 1_200),
                KeyValue::new("gen_ai.usage.output_tokens", 75),
            ])
            .start(tracer)
            .end();
    };
    let provider = SdkTracerProvider::builder().with_span_processor(inspector.span_processor()).build();
    let tracer = provider.tracer("bench");
    group.bench_function("inspector.span_processor()", |bencher| {
        bencher.iter_custom(|iterations| {
            in_batches(iterations, || sdk_span(&tracer), || runtime.block_on(inspector.settle()))
        });
    });
    let processor = BatchSpanProcessor::builder(Nowhere).with_batch_config(config()).build();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let tracer = provider.tracer("bench");
    group.bench_function("the SDK's batch processor", |bencher| {
        bencher.iter_custom(|iterations| {
            in_batches(iterations, || sdk_span(&tracer), || _ = provider.force_flush())
        });
    });

    let processor = BatchSpanProcessor::builder(Nowhere).with_batch_config(config()).build();
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
