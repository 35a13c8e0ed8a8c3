//! `run`: an agent's program, with its run recorded.
//!
//! What the program prints passes through byte for byte and at once; what the inspector gets is a copy, sent in the
//! background. When there is no inspector nothing is different but that.

mod delivery;
mod dialect;
mod lines;
mod outbox;
mod output;
mod report;
mod signals;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use self::dialect::Dialect;
use self::outbox::Outbox;
use self::report::Report;
use crate::args::Run;
use crate::target::Target;

/// There is no such program, as shells say it.
const NOT_FOUND: u8 = 127;

/// It cannot be started, as shells say it.
const NOT_STARTED: u8 = 126;

/// A signal ended it: this and its number, as shells say it.
const SIGNALLED: i32 = 128;

/// Runs it.
pub(crate) fn run(args: &Run) -> ExitCode {
    let target = match Target::of(&args.inspector) {
        Ok(target) => target,
        Err(failure) => {
            eprintln!("agent-inspector: {failure}");
            return ExitCode::from(2);
        }
    };
    let Some((program, rest)) = args.command.split_first() else { return ExitCode::from(2) };
    let dialect = Dialect::of(args.agent, program, rest);
    let captured = output::is_captured(dialect, args.capture);
    let mut command = Command::new(program);
    command.args(rest).stdout(if captured { Stdio::piped() } else { Stdio::inherit() });

    // Before the program starts: a signal that comes in between must not end this one alone.
    let signals = signals::Signals::listen();
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return not_started(program, &error),
    };
    let outbox = Outbox::start(target, dialect.path());
    let report = (dialect == Dialect::Other).then(|| Report::begin(&outbox, args, program, rest));
    let status = attend(child, &signals, |line| match &report {
        Some(report) => report.line(&outbox, line),
        None if dialect.is_spoken_in(line) => outbox.put(line.to_vec()),
        None => {}
    });
    let code = status.as_ref().map_or(i32::from(NOT_STARTED), exit_code);
    if let Some(report) = report {
        report.end(&outbox, code, status.as_ref().ok());
    }
    outbox.close();
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// Passes on what the program prints and what signals come, until it ends.
fn attend(mut child: Child, signals: &signals::Signals, line: impl FnMut(&[u8])) -> io::Result<ExitStatus> {
    let forwarding = signals.forward_to(&child);
    if let Some(stdout) = child.stdout.take() {
        output::pass_on(stdout, line);
    }
    forwarding.wait(&mut child)
}

fn not_started(program: &OsString, error: &io::Error) -> ExitCode {
    eprintln!("agent-inspector: {}: {error}", Path::new(program).display());
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_STARTED })
}

/// The program's code, or what a shell would say of the signal that ended it.
fn exit_code(status: &ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(status) {
        return SIGNALLED + signal;
    }
    status.code().unwrap_or(SIGNALLED)
}
