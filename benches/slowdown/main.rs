//! What a host that has work to do loses to the inspector, at 1,000 events per second and at 1,000 spans per second of four
//! attributes, with its history on disk and one reader of the live stream.
//!
//! ```sh
//! cargo bench -p agent-inspector-benches --bench slowdown                     # 3 minutes
//! cargo bench -p agent-inspector-benches --bench slowdown -- --triples 200    # 10 minutes, narrower intervals
//! ```
//!
//! The host does a fixed amount of what an agent's loop does between calls of a model, on one thread, and on as many as
//! there are cores: then whatever the inspector's own threads take, the host loses. Short rounds with the inspector and
//! without it are taken in threes, in random order: one with it and two without. What the two without it differ by is what
//! this machine cannot tell apart. Each round with it has a new inspector, a server, and a reader in a process of its own.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

mod round;
mod statistics;
mod watched;
mod work;

use std::env;
use std::io;
use std::thread;

use agent_inspector_benches::median;
use agent_inspector_benches::process::machine;

use round::{Host, Record, Round};
use statistics::Ratios;
use work::Work;

/// How many threes of rounds there are without `--triples`.
const TRIPLES: usize = 50;

/// The budget, as a share of the work's time.
const BUDGET: f64 = 0.01;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, port] = arguments.as_slice()
        && command == watched::COMMAND
    {
        return watched::read(port);
    }
    let triples = match arguments.as_slice() {
        [name, number] if name == "--triples" => number.parse().map_err(io::Error::other)?,
        [] => TRIPLES,
        _ => return Err(io::Error::other("--triples N is all there is to choose")),
    };
    let work = Work::of_a_millisecond();
    println!("{}; {triples} times three rounds of {} ms", machine(), round::STEPS);
    println!("how much longer it takes: the median, the interval that holds it at 95 %, the quartiles\n");
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for threads in [1, cores] {
        for record in [Record::Events, Record::Spans] {
            let host = Host { work: &work, threads, record };
            measure(&host, triples)?;
        }
    }
    Ok(())
}

fn measure(host: &Host<'_>, triples: usize) -> io::Result<()> {
    let (mut time, mut working, mut control) = (Ratios::default(), Ratios::default(), Ratios::default());
    let (mut rates, mut others) = (Vec::new(), Vec::new());
    for _ in 0..triples {
        let (with, without, again) = in_random_order(host)?;
        // Against the mean of the two, which is what they have in common.
        time.add(with.time, (without.time + again.time) / 2);
        working.add(with.working, (without.working + again.working) / 2);
        control.add(again.time, without.time);
        rates.push(host.recorded() as f64 / with.time.as_secs_f64());
        others.push(1e6 * with.others.as_secs_f64() / host.recorded() as f64);
    }
    let (rate, others) = (median(rates).unwrap_or_default(), median(others).unwrap_or_default());
    println!("{} threads, {rate:.0} {} per second", host.threads, host.record.plural());
    println!("  time             {}  {}", time.summary(), time.verdict(BUDGET, &control));
    println!("  of it processor  {}  the working threads alone", working.summary());
    println!("  without, twice   {}  what this machine cannot tell apart", control.summary());
    println!("  other threads    {others:.1} µs for each, so {:.2} % of a core at 1,000/s", others / 10.0);
    Ok(())
}

fn in_random_order(host: &Host<'_>) -> io::Result<(Round, Round, Round)> {
    let (mut with, mut without, mut again) = (Round::default(), Round::default(), Round::default());
    let mut order = [0, 1, 2];
    fastrand::shuffle(&mut order);
    for place in order {
        match place {
            0 => with = watched::round(host)?,
            1 => without = host.round_alone()?,
            _ => again = host.round_alone()?,
        }
    }
    Ok((with, without, again))
}
