//! What the system says about processes, on Linux (elsewhere it says nothing, and processor times are zero), what it allows us,
//! and how a process that we start tells where it listens.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;

/// Raises the limit of open files to `wanted`, or as far as the system lets us; what it is then. The servers, which
/// this process starts, have the same.
#[must_use]
pub fn raise_open_files(wanted: u64) -> u64 {
    rlimit::increase_nofile_limit(wanted).unwrap_or_default()
}

/// Says where a server listens, to the process that started it, and ends with it: when its end of our input closes.
///
/// # Errors
///
/// When nobody listens to what is said.
pub fn announce(port: u16) -> io::Result<()> {
    thread::spawn(|| {
        let mut nothing = [0];
        while io::stdin().read(&mut nothing).is_ok_and(|bytes| bytes > 0) {}
        process::exit(0);
    });
    let mut output = io::stdout();
    writeln!(output, "{port}")?;
    output.flush()
}

/// The memory that a process has resident, in bytes.
#[must_use]
pub fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() << 10
}

/// The processor time that the processes' threads have taken, of those that still run.
#[must_use]
pub fn processor_time(processes: &[u32]) -> Duration {
    processes.iter().map(|process| of_threads(*process)).sum()
}

fn of_threads(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| of_thread(&thread.path())).sum()
}

/// The processor time that the calling thread has taken.
#[must_use]
pub fn own_processor_time() -> Duration {
    of_thread(Path::new("/proc/thread-self")).unwrap_or_default()
}

fn of_thread(thread: &Path) -> Option<Duration> {
    let statistics = fs::read_to_string(thread.join("schedstat")).ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// How many cores there are, and how many threads wanted one over the last minute.
#[must_use]
pub fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("{cores} cores, load {}", load.split(' ').next().unwrap_or("unknown"))
}
