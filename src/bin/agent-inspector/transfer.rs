//! `export` and `import`: sessions from one inspector to another, as OTLP.
//!
//! The form is that of OpenTelemetry's file exporter: each line is a whole `ExportTraceServiceRequest` in JSON.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use crate::Failure;
use crate::args::{Export, Import};
use crate::ask::Ask;
use crate::target::Target;

/// How many sessions a page of the list has.
const PAGE: usize = 500;

/// The longest line that is sent: what `POST /v1/traces` takes.
const MAX_LINE_BYTES: usize = 64 << 20;

/// Writes sessions.
pub(crate) fn export(args: &Export) -> Result<ExitCode, Failure> {
    let target = Target::of(&args.inspector)?;
    let ask = Ask::new(&target);
    let sessions = if args.all { all(&ask)? } else { args.sessions.clone() };
    let mut out = Out::open(args.out.as_deref())?;
    for session in &sessions {
        let path = format!("/sessions/{}/otlp", encoded(session));
        let mut body = ask.get(&path).map_err(|why| ask.failure(session, &why))?;
        if let Err(error) = io::copy(&mut body, &mut out.writer) {
            return Err(format!("{session}: {error}"));
        }
    }
    out.finish()?;
    eprintln!("{} sessions written", sessions.len());
    Ok(ExitCode::SUCCESS)
}

/// The ids of all sessions, newest first.
fn all(ask: &Ask<'_>) -> Result<Vec<String>, Failure> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/sessions?limit={PAGE}{cursor}");
        let page = ask.json(&path).map_err(|why| ask.failure("the list of sessions", &why))?;
        let sessions = page["sessions"].as_array().into_iter().flatten();
        ids.extend(sessions.filter_map(|session| session["id"].as_str()).map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", encoded(next)),
            None => return Ok(ids),
        }
    }
}

/// A path segment or value: whatever is no plain letter or digit is written by its number.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
        encoded
    })
}

/// Where an export goes. A file that was not written to its end is not left behind.
struct Out {
    writer: Box<dyn Write>,
    made: Option<PathBuf>,
}

impl Out {
    fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self { writer: Box::new(io::stdout()), made: None });
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It holds what was asked and answered.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { writer: Box::new(BufWriter::new(file)), made: Some(path.to_owned()) })
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| format!("not written to the end: {error}"))?;
        self.made = None;
        Ok(())
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        if let Some(path) = &self.made {
            // Half an export would pass for a whole one.
            _ = fs::remove_file(path);
        }
    }
}

/// Reads files.
pub(crate) fn import(args: &Import) -> Result<ExitCode, Failure> {
    let target = Target::of(&args.inspector)?;
    let ask = Ask::new(&target);
    let (mut requests, mut rejected) = (0_u64, 0_u64);
    for path in &args.files {
        let name = path.display();
        let file: Box<dyn BufRead> = if path.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
            Box::new(BufReader::new(file))
        };
        each_document(file, |line, json| {
            let answer = ask.post("/v1/traces", json);
            let answer = answer.map_err(|why| ask.failure(&format!("{name}, line {line}"), &why))?;
            requests += 1;
            rejected += count(&answer["partialSuccess"]["rejectedSpans"]);
            Ok(())
        })
        .map_err(|failure| format!("{failure} (what stands before was taken)"))?;
    }
    eprintln!("{requests} requests taken, {rejected} spans rejected");
    Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A 64-bit number is text in OTLP's JSON.
fn count(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// Each line, or the whole file where it is one document over many lines.
fn each_document(
    mut file: impl BufRead,
    mut take: impl FnMut(usize, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        let read = read_line(&mut file, &mut line).map_err(|error| format!("line {number}: {error}"))?;
        if !read {
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_err() {
            // No line by itself: a document that somebody laid out.
            while read_line(&mut file, &mut line).map_err(|error| format!("line {number}: {error}"))? {}
            if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&line) {
                return Err(format!("line {number}: no JSON: {error}"));
            }
        }
        take(number, &line)?;
    }
}

/// Adds a line with its end; `false` at the end of the file.
fn read_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let before = line.len();
    loop {
        let buffer = file.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(buffer.len());
        line.extend_from_slice(&buffer[..taken]);
        file.consume(taken);
        if line.len() > MAX_LINE_BYTES {
            return Err(io::Error::other("it is longer than 64 MiB"));
        }
        if end.is_some() || taken == 0 {
            return Ok(line.len() > before);
        }
    }
}
