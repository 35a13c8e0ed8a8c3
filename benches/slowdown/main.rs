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
    let (mut time, mut processor, mut control) = (Ratios::default(), Ratios::default(), Ratios::default());
    let mut recorded = Vec::new();
    for _ in 0..triples {
        let mut order = [Some(true), Some(false), None];
        fastrand::shuffle(&mut order);
        let mut with = Round::default();
        let (mut without, mut again) = (with, with);
        for which in order {
            match which {
                Some(true) => with = watched::round(host)?,
                Some(false) => without = host.round_alone()?,
                None => again = host.round_alone()?,
            }
        }
        // Against the mean of the two, which is what they have in common.
        let alone = (without.time + again.time) / 2;
        time.add(with.time, alone);
        processor.add(with.processor, (without.processor + again.processor) / 2);
        control.add(again.time, without.time);
        recorded.push(host.recorded() as f64 / with.time.as_secs_f64());
    }
    let rate = agent_inspector_benches::median(recorded).unwrap_or_default();
    println!("{} threads, {rate:.0} {} per second", host.threads, host.record.plural());
    println!("  time            {}  {}", time.summary(), time.verdict(BUDGET));
    println!("  processor time  {}  the inspector's threads included", processor.summary());
    println!("  without, twice  {}  what cannot be told apart", control.summary());
    Ok(())
}
