//! A program's standard output: handed on as it comes.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ChildStdout;

use super::dialect::Dialect;
use super::lines::Lines;

/// How much is read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Whether what the program prints goes through this one. A program that is given a pipe prints later and without colours, and
/// some ask no questions; so one that had the terminal keeps it unless somebody wants its lines.
pub(super) fn is_captured(dialect: Dialect, wanted: bool) -> bool {
    dialect != Dialect::Other || wanted || !io::stdout().is_terminal()
}

/// Hands on every byte at once, and then each line to `line`, until the program closes its output or nobody reads ours. A
/// program whose reader is gone learns it as it would without us: its next write fails.
pub(super) fn pass_on(mut from: ChildStdout, mut line: impl FnMut(&[u8])) {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut lines = Lines::default();
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let mut out = io::stdout().lock();
        let handed_on = out.write_all(&buffer[..read]).and_then(|()| out.flush());
        drop(out);
        lines.feed(&buffer[..read], &mut line);
        if handed_on.is_err() {
            break;
        }
    }
    lines.finish(&mut line);
}
