//! `send`: one payload of a hook to the inspector.
//!
//! An agent waits for its hooks, and takes what they print and how they exit as orders. So this prints nothing, exits with 0
//! whatever happens, and ends within a bound. Only a permission request that a person may decide on the page waits for that,
//! and prints the decision.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Payload, Send};
use crate::post::answer;
use crate::target::Target;

/// How long the whole may take, reading included. Claude Code waits for a hook.
const WITHIN: Duration = Duration::from_millis(1500);

/// The largest payload, as large as the inspector takes. Hooks carry what a tool answered; what is larger is not sent.
const MAX_PAYLOAD_BYTES: u64 = 8 << 20;

/// The longest decision that is read: a word and a reason.
const MAX_DECISION_BYTES: u64 = 64 << 10;

/// Sends it, or not.
pub(crate) fn send(args: Send) -> ExitCode {
    let (done, finished) = mpsc::channel();
    let within = WITHIN + Duration::from_secs(args.answer.unwrap_or_default().into());
    let until = Instant::now() + within;
    let sender = thread::Builder::new().spawn(move || {
        deliver(args, until);
        // Nobody listens when the time was up.
        _ = done.send(());
    });
    if sender.is_ok() {
        // Neither a name server nor standard input can be asked to answer in time. The process ends all the same.
        _ = finished.recv_timeout(within);
    }
    ExitCode::SUCCESS
}

fn deliver(args: Send, until: Instant) -> Option<()> {
    let target = Target::of(&args.inspector).ok()?;
    let json = match args.json {
        Some(json) => json.into_bytes(),
        None => from_stdin()?,
    };
    let path = match args.payload {
        Payload::ClaudeCode => "/hooks/claude-code",
        Payload::Codex => "/hooks/codex",
        Payload::Events => "/events",
    };
    let within = until.saturating_duration_since(Instant::now());
    if let Some(seconds) = args.answer {
        let url = format!("{}?answer={seconds}", target.at(path));
        return print_decision(&decision(&url, target.token.as_deref(), &json, within)?);
    }
    answer(&target.at(path), target.token.as_deref(), &json, within).ok().map(|_| ())
}

/// What the inspector says of a request; nothing of an error's.
fn decision(url: &str, token: Option<&str>, json: &[u8], within: Duration) -> Option<String> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(within)).build().new_agent();
    let mut request = agent.post(url).content_type("application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut answer = request.send(json).ok()?;
    answer.body_mut().with_config().limit(MAX_DECISION_BYTES).read_to_string().ok()
}

/// Prints what decides something, whole or not at all.
fn print_decision(answer: &str) -> Option<()> {
    let decision: serde_json::Value = serde_json::from_str(answer).ok()?;
    decision.get("hookSpecificOutput")?;
    let mut out = io::stdout().lock();
    writeln!(out, "{decision}").and_then(|()| out.flush()).ok()
}

fn from_stdin() -> Option<Vec<u8>> {
    let stdin = io::stdin();
    // A person who tries it out is not kept waiting.
    if stdin.is_terminal() {
        return None;
    }
    let mut json = Vec::new();
    stdin.lock().take(MAX_PAYLOAD_BYTES + 1).read_to_end(&mut json).ok()?;
    let fits = json.len() as u64 <= MAX_PAYLOAD_BYTES && !json.trim_ascii().is_empty();
    fits.then_some(json)
}
