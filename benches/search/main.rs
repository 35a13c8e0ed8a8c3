//! What a search costs in a large store on disk: the index in time and bytes, and the answers while nothing else goes on
//! and while spans are written.
//!
//! Run with `SPANS=1000000 cargo bench -p agent-inspector-benches --bench search`; without `SPANS` there are 100,000.
//! `DIR` names a directory to work in instead of a temporary one.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

mod spans;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use agent_inspector::model::{InstanceId, SessionStatus};
use agent_inspector::store::{Query, Retention, SearchPage, SearchQuery, SqliteStore, Store};
use agent_inspector_benches::quantile;

use self::spans::{Maker, SPANS_OF_A_SESSION};

/// How often each question is asked, each time for other words.
const RUNS: u64 = 40;

/// How many spans are written each second while a writer writes.
const WRITTEN_EACH_SECOND: u64 = 2_000;

fn main() {
    let wanted = std::env::var("SPANS").ok().and_then(|text| text.replace('_', "").parse().ok());
    let sessions: u64 = wanted.unwrap_or(100_000_u64).div_ceil(SPANS_OF_A_SESSION);
    let temporary = tempfile::tempdir().expect("a directory");
    let dir = std::env::var_os("DIR").map_or_else(|| temporary.path().to_owned(), Into::into);
    let keep_all = Retention::new(Duration::from_secs(1 << 30), u64::MAX);
    let store = SqliteStore::open(&dir, InstanceId::generate()).expect("a store").with_retention(keep_all);
    let mut maker = Maker::default();
    let spans = sessions * SPANS_OF_A_SESSION;

    let began = Instant::now();
    let mut wire = 0;
    for first in (0..sessions).step_by(40) {
        let (batch, bytes) = maker.batch(first..sessions.min(first + 40), SessionStatus::Running);
        store.write(&batch).expect("a write");
        wire += bytes;
    }
    println!("{spans} spans of {} bytes, written in {:.0?}", wire / spans, began.elapsed());
    let plain = size(&store);
    println!("live, not indexed: {} bytes a span", plain / spans);
    println!("\nnothing is indexed:");
    ask(&store, "a rare word", RUNS / 8, |run| maker.rare(run * 7_919 % spans));
    let core = on_core();
    let took = keep(&store);
    let each = (on_core() - core) * 1e3 / spans as f64;
    println!("\nindexed in {took:.0?}, {each:.0} us of a core each");
    println!("live and indexed: {} bytes a span", size(&store) / spans);
    questions(&store, &maker, spans);

    for first in (0..sessions).step_by(1_000) {
        let ended = maker.sessions(first..sessions.min(first + 1_000), SessionStatus::Completed);
        store.write(&ended).expect("a write");
    }
    let core = on_core();
    let took = keep(&store);
    let each = (on_core() - core) * 1e3 / spans as f64;
    println!("\npacked and indexed again in {took:.0?}, {each:.0} us of a core each");
    println!("packed and indexed: {} bytes a span", size(&store) / spans);
    questions(&store, &maker, spans);
    while_a_writer_writes(&store, &mut maker, sessions);
}

/// Lets the store do what can wait.
fn keep(store: &SqliteStore) -> Duration {
    let began = Instant::now();
    while store.maintain(Duration::from_secs(1)).expect("upkeep") {}
    began.elapsed()
}

/// The bytes of the file, without the side file of the last writes, which is as large for a small store as for a large one.
fn size(store: &SqliteStore) -> u64 {
    let path = store.stats().expect("a path").path.expect("a path");
    std::fs::metadata(path).expect("a file").len()
}

fn search(store: &SqliteStore, text: &str) -> SearchPage {
    let query = Query::parse(text).expect("a query");
    store.search(&SearchQuery::new(query, 50)).expect("an answer")
}

/// How long this thread has been on a core, in milliseconds: what it would take if nobody else used the machine. Zero where
/// the system does not say.
fn on_core() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

/// Asks a question many times, each time for something else, and prints how long it took: by the clock, and on a core.
fn ask(store: &SqliteStore, what: &str, runs: u64, text: impl Fn(u64) -> String) {
    let (mut times, mut cores, mut hits, mut cut) = (Vec::new(), Vec::new(), 0, 0);
    for run in 0..runs {
        let text = text(run);
        let (began, core) = (Instant::now(), on_core());
        let page = search(store, &text);
        times.push(began.elapsed().as_secs_f64() * 1e3);
        cores.push(on_core() - core);
        hits += page.hits.len();
        cut += usize::from(page.searched_to.is_some());
    }
    let [p50, p95] = [0.5, 0.95].map(|part| quantile(times.clone(), part).unwrap_or(0.0));
    let [c50, c95] = [0.5, 0.95].map(|part| quantile(cores.clone(), part).unwrap_or(0.0));
    let cut = if cut > 0 { format!(", {cut} of {runs} cut by the time bound") } else { String::new() };
    let hits = hits as f64 / runs as f64;
    println!(
        "  {what:39} p50 {p50:7.1} ms  p95 {p95:7.1} ms  on a core {c50:7.1} {c95:7.1}  {hits:.1} hits{cut}"
    );
}

fn questions(store: &SqliteStore, maker: &Maker, spans: u64) {
    ask(store, "a rare word (1 span)", RUNS, |run| maker.rare(run * 7_919 % spans));
    ask(store, "a word in 1 of 1,000 spans", RUNS, |run| maker.seldom(run).to_owned());
    ask(store, "the beginning of many words (3 letters)", RUNS, |run| {
        maker.common(run).chars().chain("xyz".chars()).take(3).collect()
    });
    ask(store, "a word in 1 of 20 spans", RUNS, |run| maker.topic(run).to_owned());
    ask(store, "two words, each in 1 of 20", RUNS, |run| {
        format!("{} {}", maker.topic(run), maker.topic(run + 7))
    });
    ask(store, "two common words, never in one span", RUNS / 4, |_| "succeeded failed".to_owned());
    ask(store, "a phrase of two common words", RUNS, |run| {
        format!("\"{} {}\"", maker.common(run), maker.common(run + 1))
    });
    ask(store, "kind:tool status:error", RUNS, |_| "kind:tool status:error".to_owned());
    ask(store, "model: and duration:", RUNS, |_| "model:gpt-5-mini duration:>29s".to_owned());
    ask(store, "an attribute", RUNS, |run| {
        format!("gen_ai.tool.call.id:=call_{:08x}", maker.call(run * 7_919 % spans))
    });
    ask(store, "a regular expression, often met", RUNS, |_| "/took [0-9]+ ms/".to_owned());
    ask(store, "a regular expression, never met", 5, |_| "/took [a-z]+ ms/".to_owned());
}

/// Words, while spans arrive and are indexed as an inspector does it.
fn while_a_writer_writes(store: &SqliteStore, maker: &mut Maker, sessions: u64) {
    let stop = AtomicBool::new(false);
    let spans = sessions * SPANS_OF_A_SESSION;
    let mut writer_maker = maker.clone();
    println!("\nwhile {WRITTEN_EACH_SECOND} spans a second are written:");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let pause = Duration::from_secs_f64(SPANS_OF_A_SESSION as f64 * 4.0 / WRITTEN_EACH_SECOND as f64);
            let mut next = Instant::now();
            for first in (sessions..).step_by(4) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                store
                    .write(&writer_maker.batch(first..first + 4, SessionStatus::Running).0)
                    .expect("a write");
                next += pause;
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                let more = store.maintain(Duration::from_millis(50)).expect("upkeep");
                std::thread::sleep(if more { began.elapsed() } else { Duration::from_millis(250) });
            }
        });
        std::thread::sleep(Duration::from_secs(2));
        ask(store, "a rare word (1 span)", 3 * RUNS, |run| maker.rare(run * 7_919 % spans));
        ask(store, "a word in 1 of 1,000 spans", 3 * RUNS, |run| maker.seldom(run).to_owned());
        ask(store, "a word in 1 of 20 spans", 3 * RUNS, |run| maker.topic(run).to_owned());
        ask(store, "two words, each in 1 of 20", 3 * RUNS, |run| {
            format!("{} {}", maker.topic(run), maker.topic(run + 7))
        });
        let mut found = Vec::new();
        for run in 0..RUNS {
            let mark = format!("marked{run}here");
            store.write(&maker.marked(1_000_000_000 + run, &mark)).expect("a write");
            let began = Instant::now();
            assert_eq!(search(store, &mark).hits.len(), 1, "what was just written is found");
            found.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let [p50, p95] = [0.5, 0.95].map(|part| quantile(found.clone(), part).unwrap_or(0.0));
        println!("  {:38} p50 {p50:8.1} ms   p95 {p95:8.1} ms", "a span right after it was written");
        let unindexed = store.stats().expect("a count").unindexed.unwrap_or(0);
        println!("  {unindexed} lines were not indexed at the end");
        stop.store(true, Ordering::Relaxed);
    });
}
