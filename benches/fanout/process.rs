//! What the system says about a server's process, and what it allows us.

use std::fs;
use std::io::{self, Read, Write};
use std::process;
use std::thread;

/// How many files a server or the client opens beside the subscribers' connections, at most.
pub(crate) const OTHER_OPEN_FILES: u64 = 200;

/// Raises the limit of open files to `wanted`, or as far as the system lets us; what it is then. The servers, which
/// this process starts, have the same.
pub(crate) fn raise_open_files(wanted: u64) -> u64 {
    rlimit::increase_nofile_limit(wanted).unwrap_or_default()
}

/// Says where a server listens, to the process that started it, and ends with it: when its end of our input closes.
///
/// # Errors
///
/// When nobody listens to what is said.
pub(crate) fn announce(port: u16) -> io::Result<()> {
    thread::spawn(|| {
        let mut nothing = [0];
        while io::stdin().read(&mut nothing).is_ok_and(|bytes| bytes > 0) {}
        process::exit(0);
    });
    let mut output = io::stdout();
    writeln!(output, "{port}")?;
    output.flush()
}

/// The most memory that the processes have had resident at once, in bytes; what they share is counted for each.
pub(crate) fn peak_memory(processes: &[u32]) -> u64 {
    let peak = |process: &u32| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
    };
    processes.iter().filter_map(peak).sum()
}

/// The processes that `parent` started and that still run.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| {
            let id = process.file_name().to_str()?.parse().ok()?;
            let statistics = fs::read_to_string(process.path().join("stat")).ok()?;
            // The command's name is in brackets and may hold spaces and brackets.
            let after_name = statistics.rsplit_once(") ")?.1;
            (after_name.split(' ').nth(1)?.parse::<u32>().ok()? == parent).then_some(id)
        })
        .collect()
}
