//! The program with a home of its own, and somebody who listens to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long anything may take before a test gives it up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A person's home, with nothing in it.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the directories above it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names in a directory, in order.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(name)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program with this home, and nothing else of the environment that tests run in.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent-inspector"));
        command.args(arguments).env_clear().env("HOME", self.0.path()).current_dir(self.0.path());
        command.env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs it, and gives what it printed; anything but success fails the test.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs it, and gives what it complained of; anything but an exit with 1 fails the test.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command with this on its standard input.
pub(crate) fn fed(command: &mut Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read to the end closes it.
    _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// A request that was recorded.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) json: Value,
}

/// A server that takes down what is sent to it, and answers `{}`.
pub(crate) struct Recorder {
    pub(crate) url: String,
    requests: Receiver<Request>,
}

impl Recorder {
    pub(crate) fn start() -> Self {
        Self::answering(|_| "200 OK\r\ncontent-length: 2")
    }

    /// One whose answer to a request, counted from 0, has this status and these headers. All requests are taken down.
    pub(crate) fn answering(answer: impl Fn(usize) -> &'static str + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/_inspector", listener.local_addr().unwrap());
        let (told, requests) = mpsc::channel();
        thread::spawn(move || {
            let mut answered = 0;
            for stream in listener.incoming() {
                let request = stream.ok().and_then(|stream| record(stream, answer(answered)));
                answered += usize::from(request.is_some());
                if let Some(request) = request
                    && told.send(request).is_err()
                {
                    return;
                }
            }
        });
        Self { url, requests }
    }

    /// The next request.
    pub(crate) fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).unwrap()
    }

    /// All values that were sent until one of them is the last, from arrays and single.
    pub(crate) fn values_until(&self, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut values = Vec::new();
        while !values.last().is_some_and(&last) {
            match self.next().json {
                Value::Array(more) => values.extend(more),
                one => values.push(one),
            }
        }
        values
    }

    /// Whether nothing was sent until now.
    pub(crate) fn is_silent(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

fn record(mut stream: TcpStream, answer: &str) -> Option<Request> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    stream.write_all(format!("HTTP/1.1 {answer}\r\n\r\n{{}}").as_bytes()).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Request { path, head, json: serde_json::from_slice(&body).unwrap_or_default() })
}

/// A `serve` on free ports.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) lines: Lines,
}

/// What a program prints, line by line.
pub(crate) struct Lines(BufReader<ChildStdout>);

impl Lines {
    pub(crate) fn of(child: &mut Child) -> Self {
        Self(BufReader::new(child.stdout.take().unwrap()))
    }

    /// The next line; empty at the end.
    pub(crate) fn next(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next line that holds these words.
    pub(crate) fn until(&mut self, words: &str) -> String {
        loop {
            let line = self.next();
            assert!(!line.is_empty(), "the program ended before it said {words}");
            if line.contains(words) {
                return line;
            }
        }
    }
}

impl Served {
    /// Starts it with its history in memory, and waits until it says where it is.
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0", "--in-memory"];
        if !arguments.contains(&"--otlp-listen") {
            all.extend(["--otlp-listen", "off"]);
        }
        all.extend(arguments);
        let mut child = home.command(&all).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = Lines::of(&mut child);
        let said = lines.until("inspector: http");
        let url = said.trim_start_matches("inspector: ").trim_end_matches("/ui/").to_owned();
        Self { child, url, lines }
    }

    /// Asks it to stop, by a signal's name, and gives whether it ended well.
    pub(crate) fn stop(&mut self, signal: &str) -> bool {
        self.signal(signal);
        self.child.wait().unwrap().success()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
    }

    /// The JSON that a path answers.
    pub(crate) fn get(&self, path: &str) -> Value {
        ureq::get(format!("{}{path}", self.url)).call().unwrap().body_mut().read_json().unwrap()
    }

    /// Posts JSON and gives the status.
    pub(crate) fn post(&self, path: &str, json: &Value) -> u16 {
        let answer = ureq::post(format!("{}{path}", self.url)).send_json(json);
        answer.unwrap().status().as_u16()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A test that failed does not leave it behind.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// An OTLP request with one ended span of a session.
pub(crate) fn span(session: &str, name: &str) -> Value {
    let text = |key: &str, value: &str| serde_json::json!({"key": key, "value": {"stringValue": value}});
    serde_json::json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "249d0e49a29910886c9895950073aa9a", "spanId": "00000000000000b1", "name": name,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000",
        "attributes": [text("session.id", session), text("gen_ai.operation.name", "invoke_agent")],
    }]}]}]})
}

/// A program of a test's own on the PATH.
#[cfg(unix)]
pub(crate) fn script(directory: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(directory).unwrap();
    let path = directory.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
