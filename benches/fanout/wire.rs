//! The wire, as a subscriber sees it: what it asks, and the lines of the body.

use std::io;

use agent_inspector_benches::wire::{Framing, status};
pub(crate) use agent_inspector_benches::wire::{HEAD_END, head_end, header, now};
use memchr::memchr;

use crate::peer::Target;

/// A request for the live stream, after the event `last` if it is not empty.
pub(crate) fn subscribe_request(target: Target, last: &[u8]) -> String {
    let resume = if last.is_empty() {
        String::new()
    } else {
        format!("Last-Event-ID: {}\r\n", String::from_utf8_lossy(last))
    };
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{resume}\r\n",
        target.peer.subscribe_path(),
        target.address()
    )
}

/// The body of an answer that is streamed, as lines.
#[derive(Debug)]
pub(crate) struct Body {
    framing: Framing,
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
}

impl Body {
    /// The body after `head`, which must be an answer that succeeded.
    pub(crate) fn after(head: &[u8]) -> io::Result<Self> {
        let head = String::from_utf8_lossy(head);
        if status(&head) != 200 {
            let status = head.lines().next().unwrap_or_default().to_owned();
            return Err(io::Error::other(format!("the server answered {status}")));
        }
        Ok(Self { framing: Framing::after(&head), begun: Vec::new() })
    }

    /// Takes what came, and gives each line that is complete to `each`, without its end.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        let begun = &mut self.begun;
        self.framing.feed(bytes, |bytes| lines(begun, bytes, &mut each));
    }
}

fn lines(begun: &mut Vec<u8>, mut bytes: &[u8], each: &mut impl FnMut(&[u8])) {
    while let Some(end) = memchr(b'\n', bytes) {
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        if begun.is_empty() {
            each(line.strip_suffix(b"\r").unwrap_or(line));
        } else {
            begun.extend_from_slice(line);
            each(begun.strip_suffix(b"\r").unwrap_or(begun));
            begun.clear();
        }
        bytes = rest;
    }
    begun.extend_from_slice(bytes);
}
