//! `--jsonl`: the events as lines in a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use agent_inspector::model::{EventFrame, EventId};
use serde_json::json;

use crate::Failure;

/// A file that grows by a line for each event. When it cannot be written, serving goes on: that is said once, and the file
/// says with a `Gap` what it lacks as soon as it takes lines again.
#[derive(Debug)]
pub(super) struct Jsonl<W = File> {
    file: W,
    path: PathBuf,
    /// A part of a line was written and could not be ended.
    torn: bool,
    lost: Option<Lost>,
    said: bool,
}

#[derive(Debug)]
struct Lost {
    from: EventId,
    to: EventId,
    events: u64,
}

impl Jsonl {
    /// Opens it to append; made for this person's eyes only, because events quote prompts.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self::into(file, path))
    }
}

impl<W: Write> Jsonl<W> {
    fn into(file: W, path: &Path) -> Self {
        Self { file, path: path.to_owned(), torn: false, lost: None, said: false }
    }

    /// Appends an event.
    pub(super) fn append(&mut self, event: &EventFrame) {
        let gap = self.lost.as_ref().map(|lost| {
            json!({
                "id": lost.to, "timestamp": time(event), "type": "Gap",
                "missed_from": lost.from, "missed_to": lost.to, "at_most": lost.events,
            })
            .to_string()
        });
        let written = match &gap {
            Some(gap) => self.line(gap.as_bytes()).map(|()| self.lost = None),
            None => Ok(()),
        };
        if let Err(error) = written.and_then(|()| self.line(event.json())) {
            self.lose(event, &error);
        }
    }

    fn lose(&mut self, event: &EventFrame, error: &io::Error) {
        let lost = self.lost.get_or_insert(Lost { from: event.id(), to: event.id(), events: 0 });
        lost.to = event.id();
        lost.events += 1;
        if !std::mem::replace(&mut self.said, true) {
            eprintln!(
                "agent-inspector: {}: {error}; events are left out of it until it can be written again",
                self.path.display()
            );
        }
    }

    /// Writes a whole line, or an error.
    fn line(&mut self, json: &[u8]) -> io::Result<()> {
        let mut line = Vec::with_capacity(json.len() + 2);
        if self.torn {
            line.push(b'\n');
        }
        line.extend_from_slice(json);
        line.push(b'\n');
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => {
                    rest = &rest[more..];
                    self.torn = !rest.is_empty();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// When it happened, as the event says.
fn time(event: &EventFrame) -> serde_json::Value {
    let mut json: serde_json::Value = serde_json::from_slice(event.json()).unwrap_or_default();
    json["timestamp"].take()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with so much room.
    struct Disk {
        written: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room);
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= fits;
            self.written.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn event(id: u64) -> EventFrame {
        let json = format!(r#"{{"id":{id},"timestamp":"2026-11-21T00:00:00.000000000Z","type":"Custom"}}"#);
        EventFrame::from_json(EventId(id), None, "Custom".to_owned(), json.as_bytes())
    }

    #[test]
    fn a_full_disk_costs_lines_and_the_file_says_which() {
        let mut file = Jsonl::into(Disk { written: Vec::new(), room: 100 }, Path::new("events.jsonl"));
        (1..=4).for_each(|id| file.append(&event(id)));
        file.file.room = usize::MAX;
        file.append(&event(5));
        file.append(&event(6));
        let text = String::from_utf8(file.file.written).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
        assert_eq!(lines[0]["id"], 1);
        assert!(lines[1].is_null(), "the line that was torn stands alone: {text}");
        assert_eq!(lines[2]["type"], "Gap");
        assert_eq!((&lines[2]["missed_from"], &lines[2]["missed_to"]), (&json!(2), &json!(4)));
        assert_eq!(lines[2]["at_most"], 3);
        assert_eq!((&lines[3]["id"], &lines[4]["id"], lines.len()), (&json!(5), &json!(6), 5));
    }
}
