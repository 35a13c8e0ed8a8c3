//! A host of these examples as a test sees it: a process, and its inspector's HTTP interface.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// Longer than any start or answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running host. It is killed when this is dropped.
#[derive(Debug)]
pub struct Host {
    child: Child,
    lines: Receiver<String>,
    http: ureq::Agent,
    address: String,
}

/// A row of a session's tree.
#[derive(Debug)]
pub struct Row {
    pub depth: u64,
    pub name: String,
    pub kind: String,
    /// The whole span.
    pub span: Value,
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Host {
    /// Starts `program` in the directory of the agent's files, with its history in `data`, and waits for its address.
    pub fn start(program: &str, files: &Path, data: &Path) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(program)
            .current_dir(files)
            .env("XDG_DATA_HOME", data)
            .env("SCRIPTED_MODEL_DELAY_MS", "1")
            .env("PORT", "0")
            .env_remove("OPENAI_API_KEY")
            .env_remove("OPENAI_BASE_URL")
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = lines(child.stdout.take().ok_or("no standard output")?);
        let http = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        let mut host = Self { child, lines, http, address: String::new() };
        let line = host.line("inspector: ")?;
        host.address = line.trim_end_matches("/_inspector/ui/").to_owned();
        Ok(host)
    }

    /// Waits for a line of its output that begins so, and gives the rest of it.
    pub fn line(&self, beginning: &str) -> Result<String, Box<dyn Error>> {
        loop {
            let line = self.lines.recv_timeout(PATIENCE)?;
            if let Some(rest) = line.strip_prefix(beginning) {
                return Ok(rest.to_owned());
            }
        }
    }

    /// Asks the host's agent.
    pub fn ask(&self, task: &str) -> Result<String, Box<dyn Error>> {
        Ok(self.http.post(format!("{}/ask", self.address)).send(task)?.body_mut().read_to_string()?)
    }

    /// Asks its inspector.
    pub fn get(&self, path: &str) -> Result<Value, Box<dyn Error>> {
        let url = format!("{}/_inspector{path}", self.address);
        Ok(self.http.get(url).call()?.body_mut().read_json()?)
    }

    /// The newest session, once so many have ended since the host started.
    pub fn ended(&self, count: usize) -> Result<Value, Box<dyn Error>> {
        let url = format!("{}/_inspector/events?types=SessionFinished&last_event_id=0", self.address);
        let stream = self.http.get(url).call()?.into_body().into_reader();
        let mut sessions: Vec<Value> = Vec::new();
        for line in BufReader::new(stream).lines() {
            let Some(event) = line?.strip_prefix("data:").map(serde_json::from_str::<Value>).transpose()?
            else {
                continue;
            };
            if event["type"] != "SessionFinished" {
                continue;
            }
            sessions.retain(|session| session["id"] != event["session"]["id"]);
            sessions.push(event["session"].clone());
            if sessions.len() == count {
                sessions.sort_by_key(|session| session["started_at"].to_string());
                return sessions.pop().ok_or_else(|| "no session".into());
            }
        }
        Err("the stream ended before the session".into())
    }

    /// The rows of a session's tree.
    pub fn tree(&self, session: &Value) -> Result<Vec<Row>, Box<dyn Error>> {
        let id = session["id"].as_str().ok_or("a session without an id")?;
        let page = self.get(&format!("/sessions/{id}/spans"))?;
        let mut rows = Vec::new();
        for row in page["spans"].as_array().ok_or("no spans")? {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let span = self.get(&format!("/sessions/{id}/spans/{}", text("span_id")))?;
            let depth = row["depth"].as_u64().unwrap_or_default();
            rows.push(Row { depth, name: text("name"), kind: text("kind"), span });
        }
        Ok(rows)
    }
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (said, heard) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if said.send(line).is_err() {
                return;
            }
        }
    });
    heard
}
