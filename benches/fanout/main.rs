//! Live fan-out over Server-Sent Events: a host with the inspector, next to nginx with nchan and to the least a tokio
//! server can do, in one run and in turn for each row.
//!
//! ```sh
//! cargo bench -p agent-inspector-benches --bench fanout                                   # everything, 4 minutes
//! cargo bench -p agent-inspector-benches --bench fanout -- --rows flat-100,paced --peers inspector,nchan
//! cargo bench -p agent-inspector-benches --bench fanout -- --rows flat --rounds 5 --data-dir /tmp
//! ```
//!
//! Each server is a process of its own, started afresh for each run, with one thread for its connections. The client is
//! this process: one thread for all subscribers, each a TCP connection, and one for the publisher, which posts one event
//! after the other over one connection that stays open. Every peer sends the same bytes in each event's `data:` line: the
//! inspector puts its envelope around what is posted to it, the others are posted the line with the envelope.
//!
//! The inspector publishes by a tick: it answers a POST before the event is out, and nchan after. So does the least server,
//! and both then write many events at once.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

mod host;
mod least;
mod load;
mod nchan;
mod payload;
mod peer;
mod process;
mod publisher;
mod report;
mod rows;
mod settings;
mod subscriber;
mod wire;

use std::env;
use std::io;
use std::process::ExitCode;

use agent_inspector_benches::process::{machine, raise_open_files};

use load::Outcome;
use payload::Shapes;
use peer::{Peer, Server};
use rows::Row;
use settings::Settings;

fn main() -> io::Result<ExitCode> {
    // Cargo says so to every benchmark.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some(host::COMMAND) => host::serve(&arguments[1..]).map(|()| ExitCode::SUCCESS),
        Some(least::COMMAND) => least::serve().map(|()| ExitCode::SUCCESS),
        _ => match Settings::of(&arguments) {
            Ok(settings) => compare(&settings),
            Err(problem) => {
                println!("{problem}\n\n{}", settings::USAGE);
                Ok(ExitCode::FAILURE)
            }
        },
    }
}

fn compare(settings: &Settings) -> io::Result<ExitCode> {
    let peers = present(&settings.peers);
    let rows = possible(&settings.rows);
    let shapes = payload::probe(Server::start(Peer::Inspector, settings)?.target)?;
    println!(
        "{}; {} bytes of data in each event, {} of them the inspector's envelope",
        machine(),
        shapes.line_bytes(),
        shapes.envelope_bytes()
    );
    report::explain();
    let mut clean = true;
    for row in rows {
        report::row(row);
        let mut runs = Vec::new();
        for _ in 0..settings.rounds {
            for &peer in &peers {
                let outcome = run(row, peer, &shapes, settings)?;
                report::run(peer, row, &outcome);
                clean &= peer != Peer::Inspector || outcome.is_clean();
                runs.push((peer, outcome));
            }
        }
        report::ratios(row, &runs);
    }
    if !clean {
        println!("\nThe inspector lost, doubled or reordered events, or refused some.");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn run(row: &'static Row, peer: Peer, shapes: &Shapes, settings: &Settings) -> io::Result<Outcome> {
    let server = Server::start(peer, settings)?;
    load::run(row, &server, shapes.of(peer))
}

fn present(peers: &[Peer]) -> Vec<Peer> {
    let mut present = peers.to_vec();
    if peers.contains(&Peer::Nchan)
        && let Err(missing) = nchan::find()
    {
        println!("skipped: nchan, {missing}");
        present.retain(|&peer| peer != Peer::Nchan);
    }
    present
}

/// The rows for which this system gives enough open files.
fn possible(rows: &[&'static Row]) -> Vec<&'static Row> {
    let needed = |row: &Row| row.subscribers as u64 + process::OTHER_OPEN_FILES;
    let most = rows.iter().map(|row| needed(row)).max().unwrap_or_default();
    let files = raise_open_files(most);
    rows.iter()
        .copied()
        .filter(|row| {
            let possible = needed(row) <= files;
            if !possible {
                println!(
                    "skipped: {}, which needs {} open files where {files} are allowed (`ulimit -Hn` shows the limit)",
                    row.name,
                    needed(row)
                );
            }
            possible
        })
        .collect()
}
