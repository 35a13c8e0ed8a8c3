//! Completion scripts for shells.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::Failure;
use crate::args::{Args, Completions};
use crate::say;

/// Writes the script.
pub(crate) fn completions(args: &Completions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "agent-inspector", &mut script);
    say::bytes(&script);
    Ok(ExitCode::SUCCESS)
}
