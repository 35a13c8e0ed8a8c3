//! What the system says about a server's process.

use std::fs;

/// How many files a server or the client opens beside the subscribers' connections, at most.
pub(crate) const OTHER_OPEN_FILES: u64 = 200;

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
