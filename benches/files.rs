//! What copying every session into a trace file costs: processor time for a span and bytes on disk, with and without, in
//! turns within one run.
//!
//! Run with `cargo bench -p agent-inspector-benches --bench files`.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use agent_inspector_benches::process::processor_time;
use agent_inspector_benches::runtime;

/// Sessions that run at once, and spans a second of all of them together, for so long.
const SESSIONS: usize = 10;
const SPANS_A_SECOND: usize = 4_000;
const SECONDS: usize = 6;
const ROUNDS: usize = 5;

/// What one round took.
struct Cost {
    cpu: Duration,
    store_bytes: u64,
    file_bytes: u64,
}

fn main() {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(round(false));
        with.push(round(true));
    }
    report("without", &mut without);
    report("with trace files", &mut with);
}

fn round(files: bool) -> Cost {
    let runtime = runtime();
    let (data, traces) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let builder = Inspector::builder().data_dir(data.path());
    let builder = if files { builder.trace_files(traces.path()) } else { builder };
    let inspector = builder.build().expect("an inspector");
    let sessions: Vec<_> =
        (0..SESSIONS).map(|number| inspector.session(format!("run {number}")).start()).collect();
    let texts: Vec<String> = (0..997).map(words).collect();
    let spent = || processor_time(&[std::process::id()]);
    let (before, began) = (spent(), Instant::now());
    for number in 0..SPANS_A_SECOND * SECONDS {
        // About ten times in a second, so that waking up does not count.
        if number % (SPANS_A_SECOND / 10) == 0 {
            let due = Duration::from_millis(100) * u32::try_from(number / (SPANS_A_SECOND / 10)).unwrap_or(0);
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
        let span = sessions[number % SESSIONS].span(SpanKind::Llm, format!("step {number}"));
        span.attribute("gen_ai.request.model", "gpt-4o");
        span.attribute(
            "gen_ai.input.messages",
            format!("{{\"step\":{number},\"text\":\"{}\"}}", texts[number % texts.len()]),
        );
    }
    runtime.block_on(inspector.settle());
    let cpu = spent() - before;
    let (store_bytes, file_bytes) = (bytes_in(data.path()), bytes_in(traces.path()));
    runtime.block_on(inspector.shutdown());
    Cost { cpu, store_bytes, file_bytes }
}

/// Some 2 KB of text that shrinks about as far as prompts do.
fn words(number: usize) -> String {
    let word =
        |at: usize| ["the", "agent", "reads", "a", "file", "and", "answers", "with", "tokens", "of"][at % 10];
    (0..300).map(|at| format!("{} {:x} ", word(at * at + number), (at * number) % 251)).collect()
}

fn bytes_in(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).expect("a directory").flatten();
    entries
        .map(|entry| {
            let about = entry.metadata().expect("a file");
            if about.is_dir() { bytes_in(&entry.path()) } else { about.len() }
        })
        .sum()
}

fn report(name: &str, rounds: &mut [Cost]) {
    let spans = (SPANS_A_SECOND * SECONDS) as f64;
    rounds.sort_by_key(|cost| cost.cpu);
    let each = |cost: &Cost| cost.cpu.as_secs_f64() * 1e6 / spans;
    let (least, median, most) = (&rounds[0], &rounds[ROUNDS / 2], &rounds[ROUNDS - 1]);
    println!(
        "{name}: {:.1} us of processor time a span ({:.1} to {:.1}), store {:.0} bytes a span, files {:.0} bytes a span",
        each(median),
        each(least),
        each(most),
        median.store_bytes as f64 / spans,
        median.file_bytes as f64 / spans,
    );
}
