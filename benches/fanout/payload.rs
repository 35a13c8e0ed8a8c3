//! What is posted, so that each peer sends the same number of bytes.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use memchr::memmem;

use crate::peer::{Peer, Target};
use crate::publisher::Publisher;
use crate::wire::{Body, HEAD_END, subscribe_request};

/// How much filling an event carries, in bytes: an event's line is then 300 bytes, as an agent's events are.
const FILLING: usize = 160;

/// An event as it is posted, but for its number and its time.
#[derive(Debug)]
pub(crate) struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Template {
    /// Writes the event with the number `sequence`, sent at `time`, in nanoseconds since 1970.
    pub(crate) fn write(&self, sequence: u64, time: u64, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.before);
        // Writing to memory does not fail.
        let _ = write!(into, "\"seq\":{sequence},\"t\":{time}");
        into.extend_from_slice(&self.after);
    }

    fn size(&self) -> usize {
        let mut body = Vec::new();
        self.write(0, crate::wire::now(), &mut body);
        body.len()
    }
}

/// The number and the time in an event's line.
pub(crate) fn sequence_and_time(line: &[u8]) -> Option<(u64, u64)> {
    let (sequence, time, _) = found(line)?;
    Some((sequence, time))
}

/// The number, the time, and where they begin and end.
fn found(line: &[u8]) -> Option<(u64, u64, std::ops::Range<usize>)> {
    const SEQUENCE: &[u8] = b"\"seq\":";
    // They stand at the end.
    let from = line.windows(SEQUENCE.len()).rposition(|window| window == SEQUENCE)?;
    let (sequence, rest) = number(&line[from + SEQUENCE.len()..])?;
    let (time, rest) = number(rest.strip_prefix(b",\"t\":")?)?;
    Some((sequence, time, from..line.len() - rest.len()))
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = text[..digits].iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    (digits > 0).then_some((value, &text[digits..]))
}

/// What is posted to whom.
#[derive(Debug)]
pub(crate) struct Shapes {
    inspector: Template,
    others: Template,
}

impl Shapes {
    pub(crate) fn of(&self, peer: Peer) -> &Template {
        match peer {
            Peer::Inspector => &self.inspector,
            Peer::Null | Peer::Nchan => &self.others,
        }
    }

    pub(crate) fn line_bytes(&self) -> usize {
        self.others.size()
    }

    pub(crate) fn envelope_bytes(&self) -> usize {
        self.others.size() - self.inspector.size()
    }
}

/// Publishes one event by the inspector, and takes the line that comes of it as what is posted to the others.
pub(crate) fn probe(inspector: Target) -> io::Result<Shapes> {
    let before = format!("{{\"pad\":\"{}\",", "x".repeat(FILLING)).into_bytes();
    let template = Template { before, after: b"}".to_vec() };

    let mut stream = TcpStream::connect(inspector.address())?;
    stream.write_all(subscribe_request(inspector, b"").as_bytes())?;
    let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
    let head = loop {
        let bytes = stream.read(&mut buffer)?;
        if bytes == 0 {
            return Err(io::Error::other("the inspector ended the stream"));
        }
        received.extend_from_slice(&buffer[..bytes]);
        if let Some(end) = memmem::find(&received, HEAD_END) {
            break received.drain(..end + HEAD_END.len()).collect::<Vec<u8>>();
        }
    };
    let mut body = Body::after(&head)?;
    Publisher::connect(inspector)?.post(&template, 0)?;
    loop {
        let mut line = None;
        body.feed(&received, |text| {
            if let Some(data) = text.strip_prefix(b"data: ") {
                line = found(data).map(|(_, _, at)| (data.to_vec(), at));
            }
        });
        if let Some((line, at)) = line {
            let others = Template { before: line[..at.start].to_vec(), after: line[at.end..].to_vec() };
            return Ok(Shapes { inspector: template, others });
        }
        let bytes = stream.read(&mut buffer)?;
        if bytes == 0 {
            return Err(io::Error::other("the inspector ended the stream"));
        }
        received = buffer[..bytes].to_vec();
    }
}
