//! HTTP/1.1 as a client sees it: heads, and the framing of bodies.

use std::time::{SystemTime, UNIX_EPOCH};

use memchr::memmem;

/// What ends a head.
pub const HEAD_END: &[u8] = b"\r\n\r\n";

/// The time in nanoseconds since 1970.
#[must_use]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The value of a header, with `name` in lower case.
#[must_use]
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// Where the body begins in what was received of an answer, once its head is complete.
#[must_use]
pub fn head_end(received: &[u8]) -> Option<usize> {
    memmem::find(received, HEAD_END).map(|end| end + HEAD_END.len())
}

/// The status of an answer; 0 where its head has none.
#[must_use]
pub fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// How the end of a body is told, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// It ends with the connection.
    None,
    /// So many bytes of it are to come.
    Length(usize),
    /// In the line that says how long the next chunk is.
    Size(usize),
    /// In a chunk, with so many bytes of it to come.
    Chunk(usize),
    /// In the line that ends a chunk.
    ChunkEnd,
    /// In what follows the last chunk, whose line has so many characters so far.
    Trailer(usize),
}

impl Framing {
    /// That of the body after `head`.
    #[must_use]
    pub fn after(head: &str) -> Self {
        if header(head, "transfer-encoding").is_some_and(|coding| coding == "chunked") {
            return Self::Size(0);
        }
        match header(head, "content-length").and_then(|length| length.parse().ok()) {
            Some(length) => Self::Length(length),
            None => Self::None,
        }
    }

    /// Takes what came, and gives what of it is the body's to `each`; whether the body is at its end.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> bool {
        while let Some(&first) = bytes.first() {
            let mut taken = 1;
            match self {
                Self::None => {
                    each(bytes);
                    return false;
                }
                Self::Length(left) => {
                    taken = (*left).min(bytes.len());
                    each(&bytes[..taken]);
                    *left -= taken;
                    if *left == 0 {
                        return true;
                    }
                }
                Self::Size(size) => match (first, char::from(first).to_digit(16)) {
                    (b'\n', _) if *size == 0 => *self = Self::Trailer(0),
                    (b'\n', _) => *self = Self::Chunk(*size),
                    (_, Some(digit)) => *size = *size * 16 + digit as usize,
                    (_, None) => {}
                },
                Self::Chunk(left) => {
                    taken = (*left).min(bytes.len());
                    each(&bytes[..taken]);
                    *left -= taken;
                    if *left == 0 {
                        *self = Self::ChunkEnd;
                    }
                }
                Self::ChunkEnd if first == b'\n' => *self = Self::Size(0),
                Self::ChunkEnd => {}
                Self::Trailer(0) if first == b'\n' => return true,
                Self::Trailer(characters) if first == b'\n' => *characters = 0,
                Self::Trailer(characters) => *characters += usize::from(first != b'\r'),
            }
            bytes = &bytes[taken..];
        }
        matches!(self, Self::Length(0))
    }
}
