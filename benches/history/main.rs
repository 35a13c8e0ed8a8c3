//! A large history on disk: how fast it is written, how much it takes, and how long its questions take while more is
//! written.
//!
//! ```sh
//! cargo bench -p agent-inspector-benches --bench history                                   # 100,000 spans, 2 minutes
//! INSPECTOR_HISTORY_SPANS=1000000 cargo bench -p agent-inspector-benches --bench history   # the figures in docs/
//! ```
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

mod ask;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use agent_inspector::Inspector;
use agent_inspector::model::{InstanceId, SpanKind};
use agent_inspector::store::{Retention, SqliteStore, Store};
use agent_inspector_benches::process::{machine, processor_time};
use agent_inspector_benches::spans::{SPANS_OF_TRACE, Template, Text, request, session};
use agent_inspector_benches::{quantile, runtime};
use axum::Router;

use self::ask::{Until, measure, post};

/// Names how many spans there are.
const SPANS: &str = "INSPECTOR_HISTORY_SPANS";

/// Set in the copy of this program that crashes: the directory.
const CRASHES_IN: &str = "INSPECTOR_HISTORY_CRASHES_IN";

/// How many sessions there are for each thousand spans: 100,000 for a million.
const SESSIONS_PER_1000: u64 = 100;

/// How many traces an exporter sends at once.
const TRACES_AT_ONCE: usize = 20;

/// How many different requests each exporter has.
const TEMPLATES: usize = 16;

/// How many exporters send at once.
const EXPORTERS: u64 = 4;

/// The large trace, recorded by the host.
const LARGE: usize = 10_000;

/// How often a question is asked.
const TIMES: usize = 200;

fn open(dir: &Path) -> Arc<SqliteStore> {
    let store = SqliteStore::open(dir, InstanceId::generate()).expect("a store");
    let keep = Retention::new(Duration::MAX, u64::MAX);
    Arc::new(store.with_retention(keep))
}

fn inspector(store: &Arc<SqliteStore>) -> Inspector {
    Inspector::builder().store(Arc::clone(store) as Arc<dyn Store>).build().expect("an inspector")
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    kb.unwrap_or(f64::NAN) / 1024.0
}

fn main() {
    if let Ok(dir) = std::env::var(CRASHES_IN) {
        crash(Path::new(&dir));
    }
    let spans = std::env::var(SPANS).map_or(100_000, |text| text.parse().expect("a number of spans"));
    println!("{spans} spans, {}", machine());
    let dir = tempfile::tempdir().expect("a directory");
    let runtime = runtime();
    let store = open(dir.path());
    let inspector = inspector(&store);
    let app: Router = Router::new().nest("/_inspector", inspector.router());
    println!("  {:<44} {:>8.1} MB resident", "empty", resident_mb());

    let traces = runtime.block_on(fill(&app, spans));
    let large = runtime.block_on(record(&inspector));
    at_rest(&store, "live");
    runtime.block_on(questions(&app, traces, &large, "while 2,000 spans a second are written"));
    pack(&store);
    at_rest(&store, "packed");
    runtime.block_on(questions(&app, traces, &large, "packed, while 2,000 spans a second are written"));
    runtime.block_on(inspector.shutdown());
    drop((app, inspector, store));
    starts(dir.path());
}

/// Writes the spans as exporters send them, then small sessions up to their number. Gives how many whole traces there are.
async fn fill(app: &Router, spans: u64) -> u64 {
    let traces = spans / SPANS_OF_TRACE as u64;
    let next = Arc::new(AtomicU64::new(0));
    let (began, worked) = (Instant::now(), processor_time(&[std::process::id()]));
    let mut exporters = tokio::task::JoinSet::new();
    let sent = Arc::new(AtomicU64::new(0));
    for seed in 0..EXPORTERS {
        let (app, next, sent) = (app.clone(), Arc::clone(&next), Arc::clone(&sent));
        exporters.spawn(async move {
            let mut text = Text::new(seed);
            let bodies: Vec<_> = (0..TEMPLATES).map(|_| Template::new(TRACES_AT_ONCE, &mut text)).collect();
            for body in bodies.iter().cycle() {
                let first = next.fetch_add(TRACES_AT_ONCE as u64, Ordering::Relaxed);
                if first >= traces {
                    return;
                }
                let bytes = body.with_traces(first);
                sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                post(&app, bytes).await;
            }
        });
    }
    exporters.join_all().await;
    let took = began.elapsed().as_secs_f64();
    let worked = processor_time(&[std::process::id()]).saturating_sub(worked).as_secs_f64();
    println!(
        "  {:<44} {:>8.0} spans/s, {:.1} us of a core each ({:.0} bytes each on the wire)",
        "OTLP, acknowledged",
        spans as f64 / took,
        worked * 1e6 / spans as f64,
        sent.load(Ordering::Relaxed) as f64 / spans as f64
    );
    let (mut text, mut first) = (Text::new(99), traces);
    let sessions = spans * SESSIONS_PER_1000 / 1000;
    while first < sessions {
        post(app, request(first, 500, 1, &mut text).0).await;
        first += 500;
    }
    traces
}

/// Records one large session in the host. Gives its id and the id of a span in it.
async fn record(inspector: &Inspector) -> (String, String) {
    let mut text = Text::new(5);
    let prompts: Vec<_> = (0..LARGE).map(|_| text.of(2_150)).collect();
    let session = inspector.session("large").start();
    let began = Instant::now();
    let mut last = None;
    for (turn, prompts) in prompts.chunks(SPANS_OF_TRACE).enumerate() {
        let agent = session.span(SpanKind::Agent, format!("turn {turn}"));
        agent.attribute("input.value", prompts[0].clone());
        for prompt in &prompts[1..] {
            let span = agent.child(SpanKind::Tool, "read_file");
            span.attribute("gen_ai.tool.call.result", prompt.clone());
            last = span.id();
        }
        if turn % 40 == 39 {
            inspector.settle().await;
        }
    }
    session.finish();
    inspector.settle().await;
    let took = began.elapsed().as_secs_f64();
    println!("  {:<44} {:>8.0} spans/s", "the host, recorded and stored", LARGE as f64 / took);
    (session.id().to_string(), last.expect("a span").to_string())
}

fn at_rest(store: &SqliteStore, how: &str) {
    let stats = store.stats().expect("numbers");
    let path = stats.path.expect("a file");
    let file = std::fs::metadata(&path).expect("the file").len();
    println!(
        "  {:<44} {:>8.0} bytes/span ({:.0} with the log), {} spans in {} sessions, {:.1} MB resident",
        format!("at rest, {how}"),
        file as f64 / stats.spans as f64,
        stats.bytes as f64 / stats.spans as f64,
        stats.spans,
        stats.sessions,
        resident_mb()
    );
}

/// Packs everything, as the writer does it when it has time.
fn pack(store: &SqliteStore) {
    // Nothing is packed within half a minute of its end.
    std::thread::sleep(Duration::from_secs(31));
    let began = Instant::now();
    while store.maintain(Duration::from_millis(500)).expect("packing") {}
    println!("  {:<44} {:>8.1} s", "packing all of it", began.elapsed().as_secs_f64());
}

async fn questions(app: &Router, traces: u64, large: &(String, String), when: &str) {
    println!("{when}:");
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (app, stop) = (app.clone(), Arc::clone(&stop));
        let first = 1_000_000_000 + fastrand::u64(..1_000_000) * 1_000_000;
        tokio::spawn(async move {
            let mut text = Text::new(3);
            let bodies: Vec<_> =
                (0..100).map(|at| request(first + at * 4, 4, SPANS_OF_TRACE, &mut text).0).collect();
            let mut pace = tokio::time::interval(Duration::from_millis(50));
            for body in bodies.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                pace.tick().await;
                post(&app, body.clone()).await;
            }
        })
    };
    let (id, span) = large;
    let any = || session(fastrand::u64(..traces));
    let at = "/_inspector";
    measure(app, "list of 50 sessions", Until::End, TIMES, || format!("{at}/sessions?limit=50")).await;
    measure(app, "list of 50, completed", Until::End, TIMES, || format!("{at}/sessions?status=completed"))
        .await;
    measure(app, "list of 50 by words that stand nowhere", Until::End, TIMES, || {
        format!("{at}/sessions?text=step+0")
    })
    .await;
    measure(app, "one session", Until::End, TIMES, || format!("{at}/sessions/{}", any())).await;
    measure(app, "tree of 25 spans", Until::End, TIMES, || format!("{at}/sessions/{}/spans", any())).await;
    measure(app, "whole trace of 25 spans", Until::End, TIMES, || format!("{at}/trace/{}", any())).await;
    measure(app, "tree of 10,000 spans", Until::End, TIMES / 2, || {
        format!("{at}/sessions/{id}/spans?limit=10000")
    })
    .await;
    measure(app, "trace of 10,000 spans, first bytes", Until::FirstBytes, TIMES, || {
        format!("{at}/trace/{id}")
    })
    .await;
    measure(app, "trace of 10,000 spans, whole", Until::End, TIMES / 4, || format!("{at}/trace/{id}")).await;
    measure(app, "one span of 10,000", Until::End, TIMES, || format!("{at}/sessions/{id}/spans/{span}"))
        .await;
    stop.store(true, Ordering::Relaxed);
    writer.await.expect("the writer ends");
}

fn starts(dir: &Path) {
    let start = |what: &str, before: fn(&Path)| {
        let took: Vec<_> = (0..9)
            .map(|_| {
                before(dir);
                let began = Instant::now();
                let started = inspector(&open(dir));
                let took = began.elapsed().as_secs_f64() * 1e3;
                runtime().block_on(started.shutdown());
                took
            })
            .collect();
        let at = |share| quantile(took.clone(), share).unwrap_or(f64::NAN);
        println!("  {what:<44} p50 {:>8.2} ms   most {:>8.2} ms", at(0.5), at(1.0));
    };
    start("start", |_| {});
    start("start after a crash with 100 open sessions", |dir| {
        let mut crashing = Command::new(std::env::current_exe().expect("this program"));
        assert!(!crashing.env(CRASHES_IN, dir).status().expect("a process").success(), "it crashed");
    });
}

/// Leaves sessions open, and ends without a word.
fn crash(dir: &Path) -> ! {
    let inspector = inspector(&open(dir));
    let sessions: Vec<_> =
        (0..100).map(|number| inspector.session(format!("open {number}")).start()).collect();
    let spans: Vec<_> = sessions.iter().map(|session| session.span(SpanKind::Llm, "chat")).collect();
    runtime().block_on(inspector.settle());
    assert_eq!(spans.len(), 100);
    std::process::abort();
}
