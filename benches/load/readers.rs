//! The readers of the live stream: pages that watch one session, pages that watch everything, and such as hardly read or never do.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use agent_inspector_benches::process::raise_open_files;
use agent_inspector_benches::wire::{Framing, head_end, status};
use memchr::memchr;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use crate::OTHER_OPEN_FILES;
use crate::ask::head;
use crate::child::{argument, asked_to_end};
use crate::host::MOUNT;
use crate::tally::Tally;
use crate::writers::told_session;

/// The command by which this executable becomes them.
pub(crate) const COMMAND: &str = "readers";

/// Of a hundred readers so many watch everything, hardly read, and never read. The others watch one session each.
const OF_EVERYTHING: usize = 2;
const SLOW: usize = 1;
const STALLED: usize = 1;

/// How much one that hardly reads takes at once, and how often.
const SIP_BYTES: usize = 512;
const SIP_EVERY: Duration = Duration::from_millis(500);

/// How long one that never reads stays: longer than the inspector lets it.
const STALLED_FOR: Duration = Duration::from_secs(45);

/// How much of what they have not read their side of the connection takes, in bytes.
const SMALL_RECEIVE_BYTES: u32 = 16 << 10;

/// How many connect at once: fewer than wait in a server's backlog.
const CONNECT_AT_ONCE: usize = 100;

const READ_BYTES: usize = 64 << 10;

/// How long one waits that was refused, or whose stream ended: what the stream's first message asks for.
const RETRY: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    OfOne,
    OfEverything,
    Slow,
    Stalled,
}

impl Kind {
    fn of(number: usize) -> Self {
        match number % 100 {
            place if place < OF_EVERYTHING => Self::OfEverything,
            place if place < OF_EVERYTHING + SLOW => Self::Slow,
            place if place < OF_EVERYTHING + SLOW + STALLED => Self::Stalled,
            _ => Self::OfOne,
        }
    }
}

/// What all share: they run on one thread.
struct Crowd {
    port: u16,
    buffer: RefCell<Vec<u8>>,
    tally: RefCell<Tally>,
    connecting: Cell<usize>,
}

/// Reads until it is asked to end. `arguments`: the host's port, and how many readers.
pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
    let (port, readers): (u16, usize) = (argument(arguments, 0)?, argument(arguments, 1)?);
    let _ = raise_open_files(readers as u64 + OTHER_OPEN_FILES);
    let (mut end, buffer) = (asked_to_end(), RefCell::new(vec![0; READ_BYTES]));
    let crowd = Rc::new(Crowd { port, buffer, tally: RefCell::default(), connecting: Cell::new(0) });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let everybody = LocalSet::new();
    for number in 0..readers {
        let crowd = Rc::clone(&crowd);
        everybody.spawn_local(async move { crowd.read(number).await });
    }
    runtime.block_on(everybody.run_until(async {
        loop {
            let ends = tokio::time::timeout(Duration::from_secs(1), &mut end).await.is_ok();
            crowd.tally.borrow().say()?;
            if ends {
                return Ok(());
            }
        }
    }))
}

impl Crowd {
    async fn read(&self, number: usize) {
        let kind = Kind::of(number);
        let mut last_id = Vec::new();
        loop {
            while self.connecting.get() >= CONNECT_AT_ONCE {
                sleep(Duration::from_millis(5)).await;
            }
            self.connecting.set(self.connecting.get() + 1);
            let asked = self.connect(number, kind, &last_id).await;
            self.connecting.set(self.connecting.get() - 1);
            match asked {
                Ok((stream, framing, begun)) => {
                    self.tally.borrow_mut().readers += 1;
                    // However it ended, it comes back.
                    let _ = self.follow(&stream, framing, &begun, kind, &mut last_id).await;
                    let mut tally = self.tally.borrow_mut();
                    tally.readers -= 1;
                    tally.resumed += 1;
                }
                Err(error) => {
                    let said = error.to_string();
                    self.tally.borrow_mut().count("GET /events", &said);
                }
            }
            sleep(RETRY).await;
        }
    }

    async fn connect(
        &self,
        number: usize,
        kind: Kind,
        last_id: &[u8],
    ) -> io::Result<(TcpStream, Framing, Vec<u8>)> {
        let socket = TcpSocket::new_v4()?;
        if matches!(kind, Kind::Slow | Kind::Stalled) {
            socket.set_recv_buffer_size(SMALL_RECEIVE_BYTES)?;
        }
        let mut stream = socket.connect(([127, 0, 0, 1], self.port).into()).await?;
        let one =
            if kind == Kind::OfOne { format!("?session_id={}", told_session(number)) } else { String::new() };
        let resume = match last_id {
            [] => String::new(),
            id => format!("Last-Event-ID: {}\r\n", String::from_utf8_lossy(id)),
        };
        stream.write_all(head(self.port, "GET", &format!("{MOUNT}/events{one}"), &resume).as_bytes()).await?;
        let mut received = Vec::new();
        loop {
            stream.readable().await?;
            match take(&stream, &mut self.buffer.borrow_mut()) {
                Taken::Bytes(bytes) => received.extend_from_slice(bytes),
                Taken::Nothing => continue,
                Taken::End => return Err(io::Error::other("closed")),
            }
            let Some(end) = head_end(&received) else { continue };
            let head = String::from_utf8_lossy(&received[..end]);
            if status(&head) != 200 {
                return Err(io::Error::other(status(&head).to_string()));
            }
            return Ok((stream, Framing::after(&head), received[end..].to_vec()));
        }
    }

    /// Reads one stream to its end.
    async fn follow(
        &self,
        stream: &TcpStream,
        mut framing: Framing,
        begun: &[u8],
        kind: Kind,
        last_id: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut lines = Lines { begun: Vec::new(), last_id };
        lines.feed(&mut framing, begun, &mut self.tally.borrow_mut());
        if kind == Kind::Stalled {
            sleep(STALLED_FOR).await;
            return Ok(());
        }
        let began = Instant::now();
        loop {
            stream.readable().await?;
            {
                let mut buffer = self.buffer.borrow_mut();
                let most = if kind == Kind::Slow { SIP_BYTES } else { READ_BYTES };
                match take(stream, &mut buffer[..most]) {
                    Taken::Bytes(bytes) => {
                        if lines.feed(&mut framing, bytes, &mut self.tally.borrow_mut()) {
                            return Ok(());
                        }
                    }
                    Taken::Nothing => {}
                    Taken::End => return Ok(()),
                }
            }
            if kind == Kind::Slow {
                sleep(SIP_EVERY).await;
                if began.elapsed() > 2 * STALLED_FOR {
                    return Ok(());
                }
            }
        }
    }
}

enum Taken<'a> {
    Bytes(&'a [u8]),
    Nothing,
    End,
}

fn take<'a>(stream: &TcpStream, buffer: &'a mut [u8]) -> Taken<'a> {
    match stream.try_read(buffer) {
        Ok(0) => Taken::End,
        Ok(bytes) => Taken::Bytes(&buffer[..bytes]),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Taken::Nothing,
        Err(_) => Taken::End,
    }
}

/// The lines of a stream.
struct Lines<'a> {
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
    last_id: &'a mut Vec<u8>,
}

impl Lines<'_> {
    /// Takes what came; whether the stream is at its end.
    fn feed(&mut self, framing: &mut Framing, bytes: &[u8], tally: &mut Tally) -> bool {
        framing.feed(bytes, |mut part| {
            while let Some(end) = memchr(b'\n', part) {
                if self.begun.is_empty() {
                    line(&part[..end], self.last_id, tally);
                } else {
                    self.begun.extend_from_slice(&part[..end]);
                    line(&self.begun, self.last_id, tally);
                    self.begun.clear();
                }
                part = &part[end + 1..];
            }
            self.begun.extend_from_slice(part);
        })
    }
}

fn line(line: &[u8], last_id: &mut Vec<u8>, tally: &mut Tally) {
    if let Some(id) = line.strip_prefix(b"id: ") {
        last_id.clear();
        last_id.extend_from_slice(id);
    } else if let Some(data) = line.strip_prefix(b"data: ") {
        tally.deliveries += 1;
        tally.gaps += u64::from(memchr::memmem::find(data, b"\"type\":\"Gap\"").is_some());
    }
}
