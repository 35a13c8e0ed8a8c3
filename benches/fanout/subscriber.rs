//! One subscriber: a connection that reads the stream, checks it, and comes back where it left off.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::payload::sequence_and_time;
use crate::peer::Target;
use crate::rows::{AWAY, Row, SLOW_PAUSE, SLOW_RECEIVE_BYTES};
use crate::wire::{Body, head_end, now, subscribe_request};

/// How much is read at once, in bytes.
const READ_BYTES: usize = 64 << 10;

/// After a connection failed, the next try.
const RETRY: Duration = Duration::from_millis(100);

/// What all subscribers share: they run on one thread.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) row: &'static Row,
    target: Target,
    buffer: RefCell<Vec<u8>>,
    pub(crate) latency: RefCell<Histogram<u64>>,
    pub(crate) connected: Cell<usize>,
    /// How many have every event.
    pub(crate) finished: Cell<usize>,
    /// Deliveries to those that are not slow, and when the last of them came.
    pub(crate) delivered: Cell<u64>,
    pub(crate) last: Cell<u64>,
    /// Deliveries to those that are.
    pub(crate) delivered_slowly: Cell<u64>,
    pub(crate) reconnects: Cell<u64>,
    pub(crate) failed_connections: Cell<u64>,
}

impl Crowd {
    pub(crate) fn new(row: &'static Row, target: Target) -> io::Result<Self> {
        Ok(Self {
            row,
            target,
            buffer: RefCell::new(vec![0; READ_BYTES]),
            // In nanoseconds, up to ten minutes.
            latency: RefCell::new(
                Histogram::new_with_bounds(1, 600_000_000_000, 3).map_err(io::Error::other)?,
            ),
            connected: Cell::default(),
            finished: Cell::default(),
            delivered: Cell::default(),
            last: Cell::default(),
            delivered_slowly: Cell::default(),
            reconnects: Cell::default(),
            failed_connections: Cell::default(),
        })
    }
}

/// What one subscriber got.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    seen: Vec<u64>,
    newest: Option<u64>,
    pub(crate) got: u64,
    pub(crate) duplicates: u64,
    pub(crate) out_of_order: u64,
    /// How often the server said that something is gone.
    pub(crate) gaps: u64,
}

impl Tally {
    fn new(events: u64) -> Self {
        Self { seen: vec![0; events.div_ceil(64) as usize], ..Self::default() }
    }

    fn take(&mut self, sequence: u64) {
        let (word, bit) = (&mut self.seen[sequence as usize / 64], 1 << (sequence % 64));
        if *word & bit != 0 {
            self.duplicates += 1;
            return;
        }
        *word |= bit;
        self.got += 1;
        self.out_of_order += u64::from(self.newest.is_some_and(|newest| newest > sequence));
        self.newest = self.newest.max(Some(sequence));
    }
}

/// What of a server's answer is being read.
#[derive(Debug)]
enum Answer {
    /// Its head, as far as it came.
    Head(Vec<u8>),
    Body(Body),
}

/// A subscriber.
#[derive(Debug)]
pub(crate) struct Subscriber {
    crowd: Rc<Crowd>,
    tally: Rc<RefCell<Tally>>,
    slow: bool,
    /// After so many events it is cut off.
    cut_at: Option<u64>,
    /// The id that the server sent last, and the one of the event that is being read.
    last_id: Vec<u8>,
    next_id: Vec<u8>,
    /// Whether the event that is being read is one of ours.
    known: bool,
}

impl Subscriber {
    pub(crate) fn new(number: usize, crowd: &Rc<Crowd>) -> (Self, Rc<RefCell<Tally>>) {
        let tally = Rc::new(RefCell::new(Tally::new(crowd.row.events)));
        let subscriber = Self {
            crowd: Rc::clone(crowd),
            tally: Rc::clone(&tally),
            slow: crowd.row.is_slow(number),
            cut_at: crowd.row.cut_at(number),
            last_id: Vec::new(),
            next_id: Vec::new(),
            known: false,
        };
        (subscriber, tally)
    }

    /// Reads until it is dropped.
    pub(crate) async fn run(mut self) {
        let mut connected = false;
        loop {
            let away = match self.connection(&mut connected).await {
                Ok(()) => AWAY,
                Err(_) => {
                    self.crowd.failed_connections.set(self.crowd.failed_connections.get() + 1);
                    RETRY
                }
            };
            tokio::time::sleep(away).await;
            self.crowd.reconnects.set(self.crowd.reconnects.get() + 1);
        }
    }

    /// Reads one connection until it is cut off or ends.
    async fn connection(&mut self, connected: &mut bool) -> io::Result<()> {
        let mut stream = self.connect().await?;
        stream.write_all(subscribe_request(self.crowd.target, &self.last_id).as_bytes()).await?;
        self.next_id.clear();
        let mut answer = Answer::Head(Vec::new());
        loop {
            stream.readable().await?;
            if self.receive(&stream, &mut answer, connected)? {
                return Ok(());
            }
            if self.slow {
                tokio::time::sleep(SLOW_PAUSE).await;
            }
        }
    }

    /// Takes what is there; whether the connection is at its end.
    fn receive(&mut self, stream: &TcpStream, answer: &mut Answer, connected: &mut bool) -> io::Result<bool> {
        let crowd = Rc::clone(&self.crowd);
        let mut buffer = crowd.buffer.borrow_mut();
        let bytes = match stream.try_read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(bytes) => &buffer[..bytes],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        let head = match answer {
            Answer::Body(body) => return Ok(self.read(body, bytes)),
            Answer::Head(head) => head,
        };
        head.extend_from_slice(bytes);
        let Some(end) = head_end(head) else { return Ok(false) };
        let mut body = Body::after(&head[..end])?;
        if !std::mem::replace(connected, true) {
            crowd.connected.set(crowd.connected.get() + 1);
        }
        let cut = self.read(&mut body, &head[end..]);
        *answer = Answer::Body(body);
        Ok(cut)
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if self.slow {
            socket.set_recv_buffer_size(SLOW_RECEIVE_BYTES)?;
        }
        socket.connect(self.crowd.target.address()).await
    }

    /// Takes what came; whether the subscriber is now cut off.
    fn read(&mut self, body: &mut Body, bytes: &[u8]) -> bool {
        let now = now();
        let (mut deliveries, mut cut) = (0, false);
        let before = self.tally.borrow().got;
        body.feed(bytes, |line| {
            if !cut && self.line(line, now) {
                deliveries += 1;
                if self.cut_at.is_some_and(|at| self.tally.borrow().got >= at) {
                    self.cut_at = None;
                    cut = true;
                }
            }
        });
        let crowd = &self.crowd;
        let got = self.tally.borrow().got;
        if before < crowd.row.events && got == crowd.row.events {
            crowd.finished.set(crowd.finished.get() + 1);
        }
        if self.slow {
            crowd.delivered_slowly.set(crowd.delivered_slowly.get() + deliveries);
        } else if deliveries > 0 {
            crowd.delivered.set(crowd.delivered.get() + deliveries);
            crowd.last.set(now);
        }
        cut
    }

    /// Takes one line; whether it ended one of our events.
    fn line(&mut self, line: &[u8], now: u64) -> bool {
        if let Some(data) = line.strip_prefix(b"data: ") {
            let mut tally = self.tally.borrow_mut();
            match sequence_and_time(data) {
                Some((sequence, time)) if sequence < self.crowd.row.events => {
                    tally.take(sequence);
                    if !self.slow {
                        self.crowd.latency.borrow_mut().saturating_record(now.saturating_sub(time));
                    }
                    self.known = true;
                }
                _ => tally.gaps += 1,
            }
        } else if let Some(id) = line.strip_prefix(b"id: ") {
            self.next_id.clear();
            self.next_id.extend_from_slice(id);
        } else if line.is_empty() {
            if !self.next_id.is_empty() {
                std::mem::swap(&mut self.last_id, &mut self.next_id);
                self.next_id.clear();
            }
            return std::mem::take(&mut self.known);
        }
        false
    }
}
