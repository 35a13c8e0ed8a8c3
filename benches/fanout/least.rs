//! The third peer: the least a server on tokio can do. No framework, no JSON, no envelope: it writes each event once, as
//! it was posted, hands it to all by tokio's broadcast channel, and joins what waits into writes of up to 32 KiB.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use agent_inspector_benches::process::announce;
use agent_inspector_benches::runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::wire::{head_end, header};

/// The command by which this executable becomes this server.
pub(crate) const COMMAND: &str = "serve-null";

pub(crate) const SUBSCRIBE: &str = "/subscribe";
pub(crate) const PUBLISH: &str = "/publish";

/// How many events may be replayed: more than any row publishes.
pub(crate) const RING_EVENTS: usize = 100_000;

/// How much is joined into one write, in bytes.
const WRITE_BYTES: usize = 32 << 10;

const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\
    transfer-encoding: chunked\r\n\r\n";
const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// An event as it is sent, and its id.
#[derive(Clone, Debug)]
struct Message {
    id: u64,
    bytes: Arc<[u8]>,
}

#[derive(Debug)]
struct Bus {
    live: broadcast::Sender<Message>,
    replay: Mutex<VecDeque<Message>>,
}

impl Bus {
    fn publish(&self, data: &[u8]) {
        let mut replay = self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        let id = replay.back().map_or(0, |last| last.id) + 1;
        let event = [format!("id: {id}\ndata: ").as_bytes(), data, b"\n\n"].concat();
        let chunk = [format!("{:x}\r\n", event.len()).as_bytes(), &event, b"\r\n"].concat();
        let message = Message { id, bytes: chunk.into() };
        if replay.len() == RING_EVENTS {
            replay.pop_front();
        }
        replay.push_back(message.clone());
        // Fails when nobody listens.
        let _ = self.live.send(message);
    }

    /// What comes from now on, and before it the bytes of what came after `last`.
    fn subscribe(&self, last: Option<u64>) -> (broadcast::Receiver<Message>, Vec<u8>) {
        let replay = self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missed = Vec::new();
        if let Some(last) = last {
            for message in replay.iter().skip(replay.partition_point(|message| message.id <= last)) {
                missed.extend_from_slice(&message.bytes);
            }
        }
        (self.live.subscribe(), missed)
    }
}

/// Serves until it is told to end.
pub(crate) fn serve() -> io::Result<()> {
    let bus = Arc::new(Bus { live: broadcast::channel(RING_EVENTS).0, replay: Mutex::default() });
    runtime().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        announce(listener.local_addr()?.port())?;
        loop {
            let (stream, _) = listener.accept().await?;
            let bus = Arc::clone(&bus);
            // Ends in an error when the client has gone.
            tokio::spawn(async move { connection(stream, &bus).await });
        }
    })
}

async fn connection(mut stream: TcpStream, bus: &Bus) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4096);
    loop {
        let Some(end) = head_end(&received) else {
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&received[..end]).into_owned();
        if !head.starts_with("POST") {
            let last = header(&head, "last-event-id").and_then(|text| text.parse().ok());
            return stream_events(stream, bus, last).await;
        }
        let length: usize = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        while received.len() < end + length {
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        }
        bus.publish(&received[end..end + length]);
        received.drain(..end + length);
        stream.write_all(ACCEPTED).await?;
    }
}

async fn stream_events(mut stream: TcpStream, bus: &Bus, last: Option<u64>) -> io::Result<()> {
    let (mut live, missed) = bus.subscribe(last);
    let mut out = [STREAM_HEAD, &missed].concat();
    loop {
        stream.write_all(&out).await?;
        out.clear();
        match live.recv().await {
            Ok(message) => out.extend_from_slice(&message.bytes),
            // The client comes back and says what it had last.
            Err(RecvError::Lagged(_) | RecvError::Closed) => return Ok(()),
        }
        while out.len() < WRITE_BYTES
            && let Ok(message) = live.try_recv()
        {
            out.extend_from_slice(&message.bytes);
        }
    }
}
