//! `--console`: each event as one line on the terminal.
//!
//! Prompts and names of tools are somebody else's text: nothing in them reaches the terminal as a command.

use agent_inspector::model::EventFrame;
use serde_json::Value;

use crate::say::{self, harmless};

/// The longest text of one event, in characters.
const MAX_TEXT: usize = 160;

/// How much of a session's id is shown: its end, because ids that were made in one second begin the same.
const SESSION_CHARS: usize = 8;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const GREY: &str = "90";

/// Writes lines.
#[derive(Debug)]
pub(super) struct Console {
    colours: bool,
}

impl Console {
    pub(super) const fn new(colours: bool) -> Self {
        Self { colours }
    }

    /// Prints an event.
    pub(super) fn show(&self, event: &EventFrame) {
        say::line(&self.line(event));
    }

    /// Time, session, type, what.
    fn line(&self, event: &EventFrame) -> String {
        let json: Value = serde_json::from_slice(event.json()).unwrap_or_default();
        // 2026-11-21T00:52:44.123456789Z
        let time = json["timestamp"].as_str().and_then(|time| time.get(11..23)).unwrap_or("");
        let session = event.session_id().map_or("", |id| {
            let id = id.as_str();
            id.get(id.len().saturating_sub(SESSION_CHARS)..).unwrap_or(id)
        });
        let (colour, text) = what(event.event_type(), &json);
        let kind = format!("{:<15}", harmless(event.event_type(), 40));
        let text = harmless(text.trim(), MAX_TEXT);
        let line = format!(
            "{} {} {} {text}",
            self.paint(GREY, time),
            self.paint(CYAN, &format!("{:<SESSION_CHARS$}", harmless(session, SESSION_CHARS))),
            self.paint(colour, &kind)
        );
        line.trim_end().to_owned()
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colours && !colour.is_empty() {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// An event's colour, and what it says.
fn what(kind: &str, json: &Value) -> (&'static str, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match kind {
        "SessionStarted" | "SessionUpdated" | "SessionFinished" => session(&json["session"]),
        "SpanStarted" | "SpanFinished" => span(&json["span"]),
        "SessionMerged" => (GREY, format!("into {}", text(&json["into"]))),
        "SignalReceived" => (YELLOW, text(&json["signal_name"])),
        "CancelRequested" | "SessionPinned" | "SessionUnpinned" | "SessionRemoved" => (YELLOW, by(json)),
        "ResourceFetched" => ("", text(&json["uri"])),
        "PromptUsed" => ("", text(&json["template_id"])),
        "ProgressUpdate" => {
            let percent = json["percent"].as_f64().map(|percent| format!("{percent:.0} % "));
            ("", percent.unwrap_or_default() + &text(&json["message"]))
        }
        "Log" => {
            let level = text(&json["level"]);
            let colour = match level.as_str() {
                "error" => RED,
                "warn" => YELLOW,
                _ => "",
            };
            (colour, format!("{level} {}", text(&json["message"])))
        }
        "Heartbeat" => (GREY, format!("{} open", json["open_spans"])),
        "Gap" => (RED, format!("at most {} events were missed", json["at_most"])),
        "RecordsDropped" => (RED, format!("{} records", json["total"])),
        "Custom" => ("", format!("{} {}", text(&json["name"]), json["data"])),
        // A type of a later version.
        _ => ("", json.to_string()),
    }
}

/// Who did it, as far as that is known.
fn by(json: &Value) -> String {
    json["by"].as_str().map(|by| format!("by {by}")).unwrap_or_default()
}

fn session(session: &Value) -> (&'static str, String) {
    let status = session["status"].as_str().unwrap_or_default();
    let colour = match status {
        "completed" => GREEN,
        "failed" | "abandoned" => RED,
        "paused" | "cancelled" => YELLOW,
        _ => "",
    };
    let named = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
    (colour, format!("{status} {} \"{}\" {}", named("engine"), named("title"), named("error")))
}

fn span(span: &Value) -> (&'static str, String) {
    let named = |name: &str| span[name].as_str();
    let mut text = format!("{} {}", named("kind").unwrap_or_default(), named("name").unwrap_or_default());
    for more in ["model", "tool"] {
        if let Some(more) = named(more).filter(|more| !text.contains(*more)) {
            text += " ";
            text += more;
        }
    }
    if let (Some(start), Some(end)) = (named("start_time"), named("end_time"))
        && let (Ok(start), Ok(end)) = (start.parse(), end.parse())
    {
        text += &format!(" {}", duration(start, end));
    }
    let (read, written) = (&span["usage"]["input_tokens"], &span["usage"]["output_tokens"]);
    if read.is_u64() || written.is_u64() {
        let count = |count: &Value| count.as_u64().map_or_else(|| "?".to_owned(), |count| count.to_string());
        text += &format!(" {}+{} tokens", count(read), count(written));
    }
    if let Some(error) = named("error") {
        text += ": ";
        text += error;
    }
    let failed = named("status") == Some("error") || named("error").is_some();
    (if failed { RED } else { "" }, text)
}

fn duration(start: jiff::Timestamp, end: jiff::Timestamp) -> String {
    let milliseconds = end.duration_since(start).as_millis().max(0);
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds / 1000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use agent_inspector::model::{EventId, SessionId};
    use serde_json::json;

    use super::*;

    fn line(kind: &str, mut json: Value) -> String {
        json["timestamp"] = "2026-11-21T00:52:44.123456789Z".into();
        let session = SessionId::parse("0199aaaa-session1").ok();
        let json = json.to_string();
        let frame = EventFrame::from_json(EventId(1), session, kind.to_owned(), json.as_bytes());
        Console::new(false).line(&frame)
    }

    #[test]
    fn an_event_is_one_line_with_time_session_type_and_what() {
        let span = json!({"span": {
            "kind": "llm", "name": "chat", "model": "m-1", "status": "ok",
            "start_time": "2026-11-21T00:52:42.000000000Z", "end_time": "2026-11-21T00:52:44.100000000Z",
            "usage": {"input_tokens": 12},
        }});
        assert_eq!(
            line("SpanFinished", span),
            "00:52:44.123 session1 SpanFinished    llm chat m-1 2.1 s 12+? tokens"
        );
        assert_eq!(line("NewType", json!({"a": 1})).split_whitespace().nth(2), Some("NewType"));
    }

    #[test]
    fn hostile_text_stays_text() {
        let log = line("Log", json!({"level": "info", "message": "\u{1b}]0;owned\u{7}\nSessionFinished"}));
        assert_eq!(log, "00:52:44.123 session1 Log             info \\u{1b}]0;owned\\u{7}\\nSessionFinished");
        let custom = line("Custom", json!({"name": "x\u{202e}y", "data": "\u{9b}2J"}));
        assert!(custom.contains("x\\u{202e}y") && custom.contains("\\u{9b}2J"), "{custom}");
        assert!(line("Log", json!({"level": "info", "message": "x".repeat(9999)})).chars().count() < 250);
    }
}
