//! One connection that asks and reads answers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use agent_inspector_benches::wire::{Framing, head_end, header, status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::host::MOUNT;

/// How long an answer may take. Longer than any of the inspector's own bounds, so that one that hangs is seen.
const PATIENCE: Duration = Duration::from_secs(120);

const READ_BYTES: usize = 64 << 10;

/// A body that is kept is at most this long.
const MOST_KEPT: usize = 32 << 20;

/// An answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// How many seconds until it should be asked again.
    pub(crate) retry_after: Option<u64>,
    closes: bool,
}

/// A connection that is made when it is needed.
#[derive(Debug)]
pub(crate) struct Connection {
    port: u16,
    stream: Option<TcpStream>,
}

impl Connection {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// Asks `path` below the mount.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<Answer> {
        let head = head(self.port, "GET", &format!("{MOUNT}{path}"), "");
        self.ask(head.as_bytes(), &[], true).await
    }

    /// Posts to `path` below the mount.
    pub(crate) async fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> io::Result<Answer> {
        let headers = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        let head = head(self.port, "POST", &format!("{MOUNT}{path}"), &headers);
        self.ask(head.as_bytes(), body, true).await
    }

    /// Sends a head and a body, and reads the answer, also when it comes before all was sent.
    pub(crate) async fn ask(&mut self, head: &[u8], body: &[u8], keeps: bool) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.port).await?,
        };
        let (mut reader, mut writer) = stream.split();
        let asked = timeout(PATIENCE, async {
            let mut reading = pin!(answer(&mut reader, keeps));
            let writing = async {
                writer.write_all(head).await?;
                writer.write_all(body).await
            };
            tokio::select! {
                biased;
                early = &mut reading => early.map(|answer| (answer, false)),
                // Whoever refuses a body may stop reading it, and has answered all the same.
                written = writing => reading.await.map(|answer| (answer, written.is_ok())),
            }
        });
        let (answer, whole) = asked.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        if whole && !answer.closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

/// A new connection.
pub(crate) async fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The head of a request; `headers` end in a line's end each.
pub(crate) fn head(port: u16, method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n")
}

async fn answer(stream: &mut (impl AsyncRead + Unpin), keeps: bool) -> io::Result<Answer> {
    let (mut received, mut buffer) = (Vec::new(), vec![0; READ_BYTES]);
    let end = loop {
        match stream.read(&mut buffer).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => received.extend_from_slice(&buffer[..bytes]),
        }
        if let Some(end) = head_end(&received) {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&received[..end]);
    let mut framing = Framing::after(&head);
    let mut answer = Answer {
        status: status(&head),
        retry_after: header(&head, "retry-after").and_then(|seconds| seconds.parse().ok()),
        closes: framing == Framing::None || header(&head, "connection").is_some_and(|word| word == "close"),
        body: Vec::new(),
    };
    let mut take = |bytes: &[u8], body: &mut Vec<u8>| {
        framing.feed(bytes, |part| {
            if keeps && body.len() + part.len() <= MOST_KEPT {
                body.extend_from_slice(part);
            }
        })
    };
    let mut whole = take(&received[end..], &mut answer.body);
    while !whole {
        match stream.read(&mut buffer).await? {
            0 if answer.closes => break,
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => whole = take(&buffer[..bytes], &mut answer.body),
        }
    }
    Ok(answer)
}
