//! The wire, as a client sees it: HTTP's head and chunks, and the lines inside.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use memchr::{memchr, memmem};

use crate::peer::Target;

pub(crate) const HEAD_END: &[u8] = b"\r\n\r\n";

/// The time in nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

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

/// The value of a header, with `name` in lower case.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// The body of an answer that is streamed, as lines.
#[derive(Debug)]
pub(crate) struct Body {
    framing: Framing,
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
}

#[derive(Debug)]
enum Framing {
    /// The body has none and ends with the connection.
    None,
    /// In the line that says how long the next chunk is.
    Size(usize),
    /// In a chunk, with so many bytes of it to come.
    Chunk(usize),
    /// In the line that ends a chunk.
    ChunkEnd,
}

impl Body {
    /// The body after `head`, which must be an answer that succeeded.
    pub(crate) fn after(head: &[u8]) -> io::Result<Self> {
        let head = String::from_utf8_lossy(head);
        if head.split(' ').nth(1) != Some("200") {
            let status = head.lines().next().unwrap_or_default().to_owned();
            return Err(io::Error::other(format!("the server answered {status}")));
        }
        let chunked = header(&head, "transfer-encoding").is_some_and(|coding| coding == "chunked");
        let framing = if chunked { Framing::Size(0) } else { Framing::None };
        Ok(Self { framing, begun: Vec::new() })
    }

    /// Takes what came, and gives each line that is complete to `each`, without its end.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
        while let Some(&first) = bytes.first() {
            match &mut self.framing {
                Framing::None => {
                    lines(&mut self.begun, bytes, &mut each);
                    return;
                }
                Framing::Size(size) => {
                    match first {
                        b'\n' => self.framing = Framing::Chunk(*size),
                        _ => {
                            if let Some(digit) = char::from(first).to_digit(16) {
                                *size = *size * 16 + digit as usize;
                            }
                        }
                    }
                    bytes = &bytes[1..];
                }
                Framing::Chunk(left) => {
                    let taken = (*left).min(bytes.len());
                    lines(&mut self.begun, &bytes[..taken], &mut each);
                    bytes = &bytes[taken..];
                    *left -= taken;
                    if *left == 0 {
                        self.framing = Framing::ChunkEnd;
                    }
                }
                Framing::ChunkEnd => {
                    if first == b'\n' {
                        self.framing = Framing::Size(0);
                    }
                    bytes = &bytes[1..];
                }
            }
        }
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

/// Where the body begins in what was received of an answer, once its head is complete.
pub(crate) fn head_end(received: &[u8]) -> Option<usize> {
    memmem::find(received, HEAD_END).map(|end| end + HEAD_END.len())
}
