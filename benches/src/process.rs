//! What the system says about processes, on Linux. Elsewhere it says nothing, and processor times are zero.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

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
