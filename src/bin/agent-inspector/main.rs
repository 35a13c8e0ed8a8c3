//! The program `agent-inspector`: an inspector for those who have no Rust host to mount one in.
//!
//! `serve` is that host. The other commands make agents report to it (`install`, `run`, `send`), look whether they do
//! (`doctor`), and carry sessions from one inspector to another (`export`, `import`). It uses nothing of the library but what
//! every host may use.
#![expect(clippy::print_stderr, reason = "it talks to the person who started it")]

mod args;
mod ask;
mod completions;
mod doctor;
mod install;
mod post;
mod run;
mod say;
mod send;
mod serve;
mod target;
mod transfer;

use std::env;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::{Args, Command};

/// What went wrong, in words for the person at the terminal.
type Failure = String;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refused(&error),
    };
    let done = match args.command {
        Command::Serve(args) => serve::serve(*args),
        Command::Install(args) => install::install(&args),
        Command::Run(args) => return run::run(&args),
        Command::Send(args) => return send::send(args),
        Command::Export(args) => transfer::export(&args),
        Command::Import(args) => transfer::import(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Completions(args) => completions::completions(&args),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("agent-inspector: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Wrong usage is 2, but not of `send`: an agent takes that code of a hook as an order to stop.
fn refused(error: &clap::Error) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked && env::args_os().nth(1).is_some_and(|first| first == "send") {
        if io::stderr().is_terminal() {
            _ = error.print();
        }
        return ExitCode::SUCCESS;
    }
    // A closed terminal is no reason to fail.
    _ = error.print();
    if asked { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
