//! What can be said on the command line.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::serve::{DEFAULT_LISTEN, DEFAULT_OTLP_LISTEN};
use crate::target::DEFAULT_URL;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; `doctor`: nothing failed; `send`: always
  1  it failed, and standard error says why; `doctor`: a check failed
  2  the command line cannot be understood
  `run` exits as the program it ran: with its code, with 128 and the signal's number when a signal ended it,
  with 127 when there is no such program and 126 when it cannot be started.

Environment:
  AGENT_INSPECTOR_URL    where the inspector is mounted
  AGENT_INSPECTOR_TOKEN  its token, where it asks for one
  NO_COLOR               no colours";

/// An inspector for AI agents: see every session of Claude Code, Codex and whatever speaks OpenTelemetry, live and past.
#[derive(Debug, Parser)]
#[command(name = "agent-inspector", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs an inspector at /_inspector of its own server.
    Serve(Box<Serve>),
    /// Makes an agent report to the inspector, by its own settings file.
    Install(Install),
    /// Runs an agent's program and records the run.
    Run(Run),
    /// Sends what stands on standard input to the inspector; for hooks. Prints nothing and never fails.
    Send(Send),
    /// Writes sessions as OTLP, one request of JSON per line.
    Export(Export),
    /// Reads what `export`, or an OpenTelemetry collector, wrote.
    Import(Import),
    /// Looks whether the inspector is there and agents report to it.
    Doctor(Doctor),
    /// Writes a completion script for a shell.
    Completions(Completions),
}

/// Which inspector is meant.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Where {
    /// Where the inspector is mounted.
    #[arg(long, env = "AGENT_INSPECTOR_URL", hide_env_values = true, default_value = DEFAULT_URL)]
    pub(crate) url: String,
    /// A file with its token; else AGENT_INSPECTOR_TOKEN counts.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = DEFAULT_LISTEN)]
    pub(crate) listen: String,
    /// Address and port for OpenTelemetry exporters with their default settings, or `off`.
    #[arg(long, value_name = "ADDRESS|off", help = format!(
        "Address and port for OpenTelemetry exporters, or `off` [default: {DEFAULT_OTLP_LISTEN}, if it is free]"
    ))]
    pub(crate) otlp_listen: Option<String>,
    /// Where the history lies, instead of the platform's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keeps the history in memory only.
    #[arg(long, conflicts_with = "data_dir")]
    pub(crate) in_memory: bool,
    /// Writes each session's trace into this directory too, and shows the traces that others write there.
    #[arg(long, value_name = "DIR")]
    pub(crate) trace_files: Option<PathBuf>,
    /// The token that lets other machines in; made when there is no such file. Else AGENT_INSPECTOR_TOKEN counts.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// A token for programs that only report: it shows nothing and answers nothing. Made when there is no such file; may repeat.
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub(crate) ingest_token_file: Vec<PathBuf>,
    /// Asks for the token from this machine too.
    #[arg(long)]
    pub(crate) require_token: bool,
    /// Another name by which the inspector is reached; may repeat.
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    pub(crate) allow_host: Vec<String>,
    /// Nobody may answer, cancel, keep or remove sessions.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Prints each event as a line.
    #[arg(long)]
    pub(crate) console: bool,
    /// Appends each event to this file as a line of JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
}

/// The agents whose settings are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Agent {
    /// Claude Code.
    ClaudeCode,
    /// Codex.
    Codex,
}

impl Agent {
    /// As in the addresses of the inspector, and as a session's engine.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }
}

/// Whether telemetry says what was asked and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Content {
    /// Prompts, and what tools were given and answered.
    On,
    /// Names, times, tokens and cost only. Hooks say the rest all the same.
    Off,
}

/// How Claude Code tells of what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HookKind {
    /// It posts to the inspector itself: nothing is started, and a missing inspector is shown as a failed hook.
    Http,
    /// It starts `agent-inspector send`: a missing inspector is not noticed.
    Command,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Install {
    /// The agent.
    pub(crate) agent: Agent,
    /// For all projects of this person; the default.
    #[arg(long, conflicts_with = "project")]
    pub(crate) global: bool,
    /// For the project in this directory only.
    #[arg(long)]
    pub(crate) project: bool,
    /// Takes out what an earlier call wrote.
    #[arg(long)]
    pub(crate) uninstall: bool,
    /// Says what would be written, and writes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Whether the agent's telemetry carries prompts and what tools were given and answered.
    #[arg(long, value_enum, default_value = "on")]
    pub(crate) content: Content,
    /// How Claude Code's hooks report.
    #[arg(long, value_enum, default_value = "http")]
    pub(crate) hooks: HookKind,
    /// Lets a person answer the agent's permission requests on the page, for so many seconds each; then, and on any failure, the
    /// agent asks at its own prompt. 300 unless said.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "300", value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) answer_permissions: Option<u32>,
    /// The version of Claude Code that the settings are for, instead of the one that is installed.
    #[arg(long, value_name = "VERSION")]
    pub(crate) agent_version: Option<String>,
    /// Prints what was done as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) inspector: Where,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// What the run is called; the program's name unless said.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The agent whose lines the program prints, where its name does not tell.
    #[arg(long = "as", value_name = "AGENT")]
    pub(crate) agent: Option<Agent>,
    /// Records the lines that any other program prints, also when that takes the terminal from it.
    #[arg(long)]
    pub(crate) capture: bool,
    #[command(flatten)]
    pub(crate) inspector: Where,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<std::ffi::OsString>,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Payload {
    /// A hook's payload, or lines of `claude -p --output-format stream-json`.
    ClaudeCode,
    /// A hook's payload, what `notify` is given, or lines of `codex exec --json`.
    Codex,
    /// Events of your own.
    Events,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Send {
    /// What is sent.
    #[arg(default_value = "events")]
    pub(crate) payload: Payload,
    #[command(flatten)]
    pub(crate) inspector: Where,
    /// Of a permission request: waits for a person's decision on the page for so many seconds, and prints it.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) answer: Option<u32>,
    /// The JSON, instead of standard input.
    pub(crate) json: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Export {
    /// The sessions, by their ids.
    #[arg(required_unless_present = "all", value_name = "SESSION")]
    pub(crate) sessions: Vec<String>,
    /// All sessions.
    #[arg(long, conflicts_with = "sessions")]
    pub(crate) all: bool,
    /// The file to write, instead of standard output. It must not exist.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) inspector: Where,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// The files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) inspector: Where,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Doctor {
    /// Prints the checks as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) inspector: Where,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: Shell,
}
