//! What a trace of 10,000 spans costs to fetch from the store on disk: its tree, its first bytes, all of it, and one span.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench trace`.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use agent_inspector_benches::{get, runtime};
use axum::Router;
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::BodyExt;

const SPANS: usize = 10_000;

fn trace(criterion: &mut Criterion) {
    let runtime = runtime();
    let dir = tempfile::tempdir().expect("a directory");
    let inspector = Inspector::builder().data_dir(dir.path()).build().expect("an inspector");
    let session = inspector.session("bench").start();
    let mut one = None;
    for turn in 0..SPANS / 25 {
        let agent = session.span(SpanKind::Agent, format!("turn {turn}"));
        for step in 0..24 {
            let kind = if step % 2 == 0 { SpanKind::Llm } else { SpanKind::Tool };
            let span = agent.child(kind, format!("step {step}"));
            span.attribute(
                "gen_ai.input.messages",
                format!("{{\"turn\":{turn},\"text\":\"{}\"}}", "word ".repeat(400)),
            );
            one = span.id();
        }
        if turn % 100 == 0 {
            runtime.block_on(inspector.settle());
        }
    }
    let id = session.id().clone();
    session.finish();
    runtime.block_on(inspector.settle());

    let app: Router = Router::new().nest("/_inspector", inspector.router());
    let tree = format!("/_inspector/sessions/{id}/spans?limit=10000");
    let whole = format!("/_inspector/trace/{id}");
    let one = format!("/_inspector/sessions/{id}/spans/{}", one.expect("a span"));
    let mut group = criterion.benchmark_group("trace of 10,000 spans");
    group.sample_size(20);
    let fetch = |path: &str| {
        runtime
            .block_on(async { get(&app, path).await.into_body().collect().await.expect("a body").to_bytes() })
    };
    group.bench_function("tree", |bencher| bencher.iter(|| fetch(&tree)));
    group.bench_function("trace, first bytes", |bencher| {
        bencher.iter(|| runtime.block_on(async { get(&app, &whole).await.into_body().frame().await }));
    });
    group.bench_function("trace, all bytes", |bencher| bencher.iter(|| fetch(&whole)));
    group.bench_function("one span, whole", |bencher| bencher.iter(|| fetch(&one)));
    group.bench_function("sessions", |bencher| bencher.iter(|| fetch("/_inspector/sessions?limit=50")));
    group.finish();
    println!("tree {} bytes, trace {} bytes compressed", fetch(&tree).len(), fetch(&whole).len());
}

criterion_group!(benches, trace);
criterion_main!(benches);
