//! What came of the runs, as tables, and next to what is asked for.

use hdrhistogram::Histogram;

use crate::load::Outcome;
use crate::peer::Peer;
use crate::rows::Row;

/// The share of the least server's deliveries per second that the budget asks for.
const LEAST_OF_NULL: f64 = 0.8;

/// At the median the inspector may take so many times what nchan takes, and one tick more.
const TIMES_NCHANS_MEDIAN: f64 = 1.5;
const TICK_MILLISECONDS: f64 = 2.0;

/// A publisher that gets less than this share of its events out has been held up by the server. Its latency looks better
/// for it: it is counted from when an event was sent, and not from when it should have been.
const HELD_PACE: f64 = 0.95;

pub(crate) fn explain() {
    println!(
        "Latency from the POST to the read, in ms. CPU is the server's, in µs for each delivery, the POST included.\n\
         Lost, doubled and reordered deliveries, and gaps, which are losses that the server announced."
    );
}

pub(crate) fn row(row: &Row) {
    println!("\n{}: {}", row.name, row.described());
    println!(
        "{:<10} {:>12} {:>10} {:>8} {:>8} {:>8} {:>8} {:>7} {:>8}  lost/doubled/reordered/gaps",
        "", "deliveries/s", "events/s", "p50", "p95", "p99", "max", "CPU", "peak MB"
    );
}

pub(crate) fn run(peer: Peer, row: &Row, outcome: &Outcome) {
    let latency = |quantile| milliseconds(&outcome.latency, quantile);
    println!(
        "{:<10} {:>12.0} {:>10.0} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>7.2} {:>8}  {}/{}/{}/{}{}",
        peer.name(),
        outcome.deliveries_per_second,
        outcome.published_per_second,
        latency(0.5),
        latency(0.95),
        latency(0.99),
        latency(1.0),
        outcome.processor_per_delivery.as_nanos() as f64 / 1_000.0,
        outcome.peak_memory >> 20,
        outcome.missing,
        outcome.duplicates,
        outcome.out_of_order,
        outcome.gaps,
        remarks(row, outcome),
    );
}

fn remarks(row: &Row, outcome: &Outcome) -> String {
    let mut remarks = String::new();
    // Those that are cut off come back once.
    if outcome.reconnects != row.cut as u64 {
        remarks += &format!(", {} reconnects", outcome.reconnects);
    }
    if outcome.failed_connections > 0 {
        remarks += &format!(", {} connections failed", outcome.failed_connections);
    }
    if let Some(rate) = row.rate
        && outcome.published_per_second < HELD_PACE * rate as f64
    {
        remarks += ", held the publisher up";
    }
    if outcome.refused > 0 {
        remarks += &format!(", {} events refused", outcome.refused);
    }
    remarks
}

fn milliseconds(latency: &Histogram<u64>, quantile: f64) -> f64 {
    latency.value_at_quantile(quantile) as f64 / 1e6
}

/// Prints the ratios of the row, each the median over its rounds.
pub(crate) fn ratios(row: &Row, runs: &[(Peer, Outcome)]) {
    let rate: fn(&Outcome) -> f64 = |outcome| outcome.deliveries_per_second;
    let middle: fn(&Outcome) -> f64 = |outcome| milliseconds(&outcome.latency, 0.5);
    let tail: fn(&Outcome) -> f64 = |outcome| milliseconds(&outcome.latency, 0.99);
    if row.rate.is_none() {
        for (other, asked) in [(Peer::Nchan, row.times_nchan), (Peer::Null, budget_of_null(row))] {
            if let Some(ratio) = median(paired(runs, other).map(|(ours, theirs)| rate(ours) / rate(theirs))) {
                let budget = asked.map(|asked| verdict(&format!("at least {asked}"), ratio >= asked));
                say(&format!("{ratio:.2} times the deliveries/s of {}", other.name()), budget);
            }
        }
        return;
    }
    if let Some(ratio) = median(paired(runs, Peer::Nchan).map(|(ours, theirs)| tail(ours) / tail(theirs))) {
        let budget = row.judges_latency.then(|| verdict("at most 1", ratio <= 1.0));
        say(&format!("p99 is {ratio:.2} times nchan's"), budget);
    }
    let allowed = |theirs: &Outcome| TIMES_NCHANS_MEDIAN * middle(theirs) + TICK_MILLISECONDS;
    let spare = |(ours, theirs): (&Outcome, &Outcome)| middle(ours) / allowed(theirs);
    if let Some(ratio) = median(paired(runs, Peer::Nchan).map(spare)) {
        let budget = row.judges_latency.then(|| verdict("at most 1", ratio <= 1.0));
        say(
            &format!(
                "p50 is {ratio:.2} of what it may be: 1.5 times nchan's and the tick of {TICK_MILLISECONDS} ms"
            ),
            budget,
        );
    }
}

fn budget_of_null(row: &Row) -> Option<f64> {
    // The same rows as against nchan.
    row.times_nchan.map(|_| LEAST_OF_NULL)
}

fn verdict(asked: &str, met: bool) -> String {
    format!("budget: {asked}, {}", if met { "met" } else { "NOT MET" })
}

fn say(ratio: &str, budget: Option<String>) {
    println!("  {ratio}{}", budget.map(|budget| format!(" ({budget})")).unwrap_or_default());
}

/// The inspector's runs, each with the other's of the same round.
fn paired(runs: &[(Peer, Outcome)], other: Peer) -> impl Iterator<Item = (&Outcome, &Outcome)> {
    let of = move |wanted| runs.iter().filter(move |(peer, _)| *peer == wanted).map(|(_, outcome)| outcome);
    of(Peer::Inspector).zip(of(other))
}

fn median(ratios: impl Iterator<Item = f64>) -> Option<f64> {
    agent_inspector_benches::median(ratios.collect())
}
