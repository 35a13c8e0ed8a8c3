//! A host under attack: thousands of readers, busy writers, and whatever somebody hostile may send, while the host's own endpoint is
//! asked at a steady pace.
//!
//! ```sh
//! cargo bench -p agent-inspector-benches --bench load                    # 60 seconds of it, 2 minutes
//! SECONDS=600 cargo bench -p agent-inspector-benches --bench load        # the figures in docs/
//! ```
//!
//! The host is a process of its own with the inspector mounted and its history on disk. Beside it runs the same host without
//! an inspector: nobody attacks that one, and it is asked the same at the same moments. Its latency is what this machine does to
//! any process while the load runs; what the host's is above that is the inspector's. Readers, writers and attackers are
//! three more processes, of a lower priority where the system has `nice`: otherwise they would be measured, on the same cores.
//!
//! Everything ends by itself, also when this process is killed: the others end when their input closes.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

mod ask;
mod attacks;
mod attempts;
mod child;
mod host;
mod probe;
mod readers;
mod report;
mod settings;
mod stored;
mod tally;
mod writers;

use std::env;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use agent_inspector_benches::process::{machine, raise_open_files};

use self::child::Child;
use self::probe::{Place, Probe};
use self::report::Report;
use self::settings::Settings;

/// How long all readers may take to connect.
const CONNECT_PATIENCE: Duration = Duration::from_secs(120);

/// How long it is looked at before and after, as a share of the load's time, and at most.
const CALM_SHARE: u32 = 6;
const CALM_AT_MOST: Duration = Duration::from_secs(60);

/// How many files a process opens beside the readers' connections, at most.
const OTHER_OPEN_FILES: u64 = 2_000;

fn main() -> io::Result<ExitCode> {
    // Cargo says so to every benchmark.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some(host::WITH) => host::serve(rest.first().map(String::as_str)),
        Some(host::WITHOUT) => host::serve(None),
        Some(readers::COMMAND) => readers::run(rest),
        Some(writers::COMMAND) => writers::run(rest),
        Some(attacks::COMMAND) => attacks::run(rest),
        _ => return load(&Settings::from_environment()?),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn load(settings: &Settings) -> io::Result<ExitCode> {
    let needed = settings.readers as u64 + OTHER_OPEN_FILES;
    if raise_open_files(needed) < needed {
        return Err(io::Error::other(format!(
            "{needed} open files are needed: `ulimit -Hn` shows the limit"
        )));
    }
    println!("{}; {settings}", machine());
    let directory = tempfile::tempdir_in(&settings.directory)?;
    let (host, port) = Child::host(host::WITH, directory.path())?;
    let (bare, bare_port) = Child::host(host::WITHOUT, directory.path())?;
    let probe = Probe::start(port, bare_port);
    let mut report = Report::new(settings, host.id());
    let calm = (settings.duration / CALM_SHARE).min(CALM_AT_MOST);

    attempts::seed(port)?;
    report::explain();
    report.calm("calm", calm, &probe);
    let mut readers = Child::load(readers::COMMAND, &[port.to_string(), settings.readers.to_string()])?;
    readers.wait_until(CONNECT_PATIENCE, |tally| tally.readers >= settings.readers as u64)?;
    let writers = [port.to_string(), settings.writers.to_string(), settings.requests_per_second.to_string()];
    let mut writers = Child::load(writers::COMMAND, &writers)?;
    let mut attacks = Child::load(attacks::COMMAND, &[port.to_string()])?;
    report.load(&probe, &readers, &writers, &attacks);

    attacks.end()?;
    report.attacked(attacks.finish()?);
    // They look for what was acknowledged before they say their last word.
    writers.end()?;
    report.written(writers.finish()?);
    readers.end()?;
    report.read(readers.finish()?);
    report.calm("after", calm, &probe);
    report.end(&probe, port, Place::ALL);
    drop((bare, host));
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
