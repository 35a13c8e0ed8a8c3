//! The publisher: one event after the other over one connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::payload::Template;
use crate::peer::Target;
use crate::wire::{head_end, header, now};

/// A connection that stays open.
#[derive(Debug)]
pub(crate) struct Publisher {
    stream: TcpStream,
    head: String,
    body: Vec<u8>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Publisher {
    pub(crate) fn connect(target: Target) -> io::Result<Self> {
        let stream = TcpStream::connect(target.address())?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: ",
            target.peer.publish_path(),
            target.address()
        );
        Ok(Self { stream, head, body: Vec::new(), request: Vec::new(), answer: Vec::new() })
    }

    /// Posts one event and waits for the answer; whether the server took it.
    pub(crate) fn post(&mut self, template: &Template, sequence: u64) -> io::Result<bool> {
        self.body.clear();
        template.write(sequence, now(), &mut self.body);
        self.request.clear();
        write!(self.request, "{}{}\r\n\r\n", self.head, self.body.len())?;
        self.request.extend_from_slice(&self.body);
        self.stream.write_all(&self.request)?;
        self.read_answer()
    }

    fn read_answer(&mut self) -> io::Result<bool> {
        self.answer.clear();
        let mut buffer = [0; 4096];
        loop {
            let bytes = self.stream.read(&mut buffer)?;
            if bytes == 0 {
                return Err(io::Error::other("the server ended the publisher's connection"));
            }
            self.answer.extend_from_slice(&buffer[..bytes]);
            let Some(end) = head_end(&self.answer) else { continue };
            let head = String::from_utf8_lossy(&self.answer[..end]);
            let length: usize =
                header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            let taken = head.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
            if self.answer.len() >= end + length {
                return Ok(taken);
            }
        }
    }
}

/// What became of the publishing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Published {
    pub(crate) duration: Duration,
    /// How many events the server did not take.
    pub(crate) refused: u64,
}

/// Publishes `events` events at `rate` per second, or flat out. One that is late is sent at once.
pub(crate) fn publish(
    mut publisher: Publisher,
    template: &Template,
    events: u64,
    rate: Option<u64>,
) -> io::Result<Published> {
    let start = Instant::now();
    let mut refused = 0;
    for sequence in 0..events {
        if let Some(rate) = rate {
            let due = Duration::from_nanos(sequence * 1_000_000_000 / rate);
            thread::sleep(due.saturating_sub(start.elapsed()));
        }
        refused += u64::from(!publisher.post(template, sequence)?);
    }
    Ok(Published { duration: start.elapsed(), refused })
}
