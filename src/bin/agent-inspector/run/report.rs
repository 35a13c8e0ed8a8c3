//! What is told of a program that is no agent with lines of its own.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Instant;

use agent_inspector::model::SessionId;
use serde_json::{Value, json};

use super::outbox::Outbox;
use crate::args::Run;

/// How many lines of one run are told. An agent that prints more writes a log, which belongs elsewhere.
const MAX_LINES: u32 = 10_000;

/// How much of a line is told, in characters.
const MAX_LINE_CHARS: usize = 4096;

/// How much of the command line is told, in characters.
const MAX_COMMAND_CHARS: usize = 4096;

/// A run.
#[derive(Debug)]
pub(super) struct Report {
    session: SessionId,
    agent: String,
    began: Instant,
    lines: Cell<u32>,
    /// How many events were told: each has its number as its id, so that one that is sent again is known.
    told: Cell<u64>,
}

impl Report {
    /// Tells that it began.
    pub(super) fn begin(outbox: &Outbox, args: &Run, program: &OsStr, rest: &[OsString]) -> Self {
        let name = Path::new(program).file_stem().unwrap_or(program).to_string_lossy().into_owned();
        let report = Self {
            session: SessionId::generate(),
            agent: args.name.clone().unwrap_or(name),
            began: Instant::now(),
            lines: Cell::new(0),
            told: Cell::new(0),
        };
        let words = std::iter::once(program).chain(rest.iter().map(OsString::as_os_str));
        let command = words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ");
        report.tell(outbox, "session_started", json!({ "title": report.agent }));
        report.tell(
            outbox,
            "agent_started",
            json!({
                "command": cut(&command, MAX_COMMAND_CHARS),
                "cwd": std::env::current_dir().ok(),
            }),
        );
        report
    }

    /// Tells a line that it printed.
    pub(super) fn line(&self, outbox: &Outbox, line: &[u8]) {
        let lines = self.lines.get().saturating_add(1);
        self.lines.set(lines);
        if lines <= MAX_LINES && !line.trim_ascii().is_empty() {
            let text = String::from_utf8_lossy(line);
            self.tell(outbox, "log", json!({ "level": "info", "message": cut(&text, MAX_LINE_CHARS) }));
        }
    }

    /// Tells how it ended.
    pub(super) fn end(&self, outbox: &Outbox, code: i32, status: Option<&ExitStatus>) {
        let well = status.is_some_and(ExitStatus::success);
        let mut said = json!({
            "status": if well { "completed" } else { "failed" },
            "exit_code": code,
            "duration_ms": u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        if !well {
            said["error"] = status.map_or_else(|| "it was lost".to_owned(), ToString::to_string).into();
        }
        let left_out = self.lines.get().saturating_sub(MAX_LINES);
        if left_out > 0 {
            said["lines_left_out"] = left_out.into();
        }
        self.tell(outbox, "agent_completed", said.clone());
        self.tell(outbox, "session_finished", said);
    }

    fn tell(&self, outbox: &Outbox, kind: &str, mut event: Value) {
        self.told.set(self.told.get() + 1);
        event["type"] = kind.into();
        event["id"] = self.told.get().into();
        event["session_id"] = self.session.as_str().into();
        event["agent"] = self.agent.as_str().into();
        event["timestamp"] = jiff::Timestamp::now().to_string().into();
        outbox.put(event.to_string().into_bytes());
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
