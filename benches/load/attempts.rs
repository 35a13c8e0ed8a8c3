//! What attackers try, one by one.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use crate::ask::{Connection, connect, head};
use crate::host::MOUNT;

/// How much a bomb is when it is unpacked: more than any body may be.
const BOMB_BYTES: usize = 100 << 20;

const DEEP: usize = 500_000;

/// The large session, and how many spans it has.
const LARGE: &str = "large";
const LARGE_SPANS: usize = 10_000;
const SPANS_AT_ONCE: usize = 500;

/// How long something is held open that nobody ends: longer than the inspector lets it.
const HELD: Duration = Duration::from_secs(45);

const JSON: &str = "Content-Type: application/json\r\n";
const PROTOBUF: &str = "Content-Type: application/x-protobuf\r\n";
const GZIP: &str = "Content-Encoding: gzip\r\n";

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    LongBody,
    ChunkedBody,
    BombJson,
    BombProtobuf,
    DeepSpans,
    DeepEvents,
    Garbage,
    GarbageHttp,
    GarbageHook,
    WideSpan,
    ManySpans,
    StoppingBody,
    TricklingBody,
    StoppingHead,
    LongHead,
    WrongToken,
    ForeignOrigin,
    ReboundName,
    PathAsId,
    Regex,
    HugeRegex,
    Tree,
    Export,
    UnreadTrace,
    Dropped,
}

/// What they send, made once.
pub(crate) struct Means {
    pub(crate) port: u16,
    bomb: Vec<u8>,
    bomb_of_fields: Vec<u8>,
    deep: Vec<u8>,
    garbage: Vec<u8>,
    wide: Vec<u8>,
    many: Vec<u8>,
    chunk: Vec<u8>,
    long: String,
}

impl Means {
    pub(crate) fn new(port: u16) -> io::Result<Self> {
        let mut random = fastrand::Rng::with_seed(8);
        // Fields of an empty message each, which protobuf takes for so many resources.
        let fields = [10_u8, 0].repeat(BOMB_BYTES / 2);
        let attributes = (0..5_000).fold(String::new(), |mut all, number| {
            // Writing to memory does not fail.
            let _ = write!(all, r#"{{"key":"k{number}","value":{{"stringValue":"v"}}}},"#);
            all
        });
        let large = "x".repeat(1 << 20);
        let wide = format!(r#"{attributes}{{"key":"large","value":{{"stringValue":"{large}"}}}}"#);
        Ok(Self {
            port,
            bomb: gzip(&vec![b' '; BOMB_BYTES])?,
            bomb_of_fields: gzip(&fields)?,
            deep: b"[".repeat(DEEP),
            garbage: (0..200_000).map(|_| random.u8(..)).collect(),
            wide: spans("wide", 0..1, &wide).into_bytes(),
            many: spans("many", 0..40_000, "").into_bytes(),
            chunk: [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat(),
            long: "x".repeat(80_000),
        })
    }
}

/// Sends the large session.
pub(crate) fn seed(port: u16) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = Connection::new(port);
        let text = format!(
            r#"{{"key":"output.value","value":{{"stringValue":"{}"}}}}"#,
            "so it was said ".repeat(60)
        );
        for first in (0..LARGE_SPANS).step_by(SPANS_AT_ONCE) {
            let body = spans(LARGE, first..first + SPANS_AT_ONCE, &text);
            loop {
                let answer = connection.post("/v1/traces", "application/json", body.as_bytes()).await?;
                match (answer.status, answer.retry_after) {
                    (200, _) => break,
                    (429 | 503, Some(seconds)) => sleep(Duration::from_secs(seconds)).await,
                    (status, _) => return Err(io::Error::other(format!("the large session: {status}"))),
                }
            }
        }
        Ok(())
    })
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A request with spans of one session and trace, as JSON.
fn spans(session: &str, numbers: std::ops::Range<usize>, attributes: &str) -> String {
    let trace = session.bytes().fold(7_u128, |sum, byte| sum * 31 + u128::from(byte));
    let comma = if attributes.is_empty() { "" } else { "," };
    let mut all = String::new();
    for number in numbers {
        let separator = if all.is_empty() { "" } else { "," };
        // Writing to memory does not fail.
        let _ = write!(
            all,
            r#"{separator}{{"traceId":"{trace:032x}","spanId":"{:016x}","name":"step","startTimeUnixNano":"1767225600000000000","endTimeUnixNano":"1767225601000000000","attributes":[{{"key":"session.id","value":{{"stringValue":"{session}"}}}}{comma}{attributes}]}}"#,
            number + 1
        );
    }
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{all}]}}]}}]}}"#)
}

impl Attempt {
    /// Tries it once. Gives what came of it, a status for the most part.
    pub(crate) async fn make(self, means: &Means, connection: &mut Connection) -> io::Result<String> {
        let traces = "/v1/traces";
        match self {
            Self::LongBody => post(means, connection, traces, JSON, Some(200 << 20), &means.garbage).await,
            Self::ChunkedBody => chunks(means).await,
            Self::BombJson => {
                post(means, connection, traces, &format!("{JSON}{GZIP}"), None, &means.bomb).await
            }
            Self::BombProtobuf => {
                let headers = format!("{PROTOBUF}{GZIP}");
                post(means, connection, traces, &headers, None, &means.bomb_of_fields).await
            }
            Self::DeepSpans => post(means, connection, traces, JSON, None, &means.deep).await,
            Self::DeepEvents => post(means, connection, "/events", JSON, None, &means.deep).await,
            Self::Garbage => post(means, connection, traces, PROTOBUF, None, &means.garbage).await,
            Self::GarbageHook => {
                post(means, connection, "/hooks/claude-code", JSON, None, &means.garbage[..2_000]).await
            }
            Self::WideSpan => post(means, connection, traces, JSON, None, &means.wide).await,
            Self::ManySpans => post(means, connection, traces, JSON, None, &means.many).await,
            Self::GarbageHttp => raw(means, &means.garbage[..2_000], Duration::from_secs(5)).await,
            Self::StoppingBody => {
                let headers = format!("{JSON}Content-Length: 1000\r\n");
                let begun = head(means.port, "POST", &format!("{MOUNT}{traces}"), &headers);
                raw(means, format!("{begun}{{").as_bytes(), HELD).await
            }
            Self::TricklingBody => trickle(means).await,
            Self::StoppingHead => {
                raw(means, format!("POST {MOUNT}{traces} HTTP/1.1\r\nHost: 127").as_bytes(), HELD).await
            }
            Self::LongHead => {
                get(means, connection, "/sessions", &format!("Cookie: {}\r\n", means.long)).await
            }
            Self::WrongToken => {
                let headers =
                    "X-Forwarded-For: 203.0.113.9\r\nX-Inspector-Token: 0123456789abcdef0123456789abcdef\r\n";
                get(means, connection, "/sessions", headers).await
            }
            Self::ForeignOrigin => {
                get(means, connection, "/sessions", "Origin: https://evil.example\r\n").await
            }
            Self::ReboundName => {
                let head =
                    format!("GET {MOUNT}/sessions HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n", means.port);
                asked(connection, &head, &[]).await
            }
            Self::PathAsId => get(means, connection, "/trace/..%2f..%2f..%2fetc%2fpasswd", "").await,
            // Nothing matches it: everything is looked through until the time is up.
            Self::Regex => {
                get(means, connection, "/search?q=%2F(x%2Bx%2B)%2By%5Bz-%C3%BC%5D%7B3%7D%2F", "").await
            }
            Self::HugeRegex => {
                get(means, connection, "/search?q=%2F((a%7B99%7D)%7B99%7D)%7B99%7D%2F", "").await
            }
            Self::Tree => get(means, connection, &format!("/sessions/{LARGE}/spans?limit=10000"), "").await,
            Self::Export => get(means, connection, &format!("/sessions/{LARGE}/otlp"), "").await,
            Self::UnreadTrace => {
                let asked = head(means.port, "GET", &format!("{MOUNT}/trace/{LARGE}"), "");
                let mut stream = connect(means.port).await?;
                stream.write_all(asked.as_bytes()).await?;
                sleep(HELD).await;
                Ok("held".to_owned())
            }
            Self::Dropped => {
                let mut stream = connect(means.port).await?;
                stream
                    .write_all(format!("GET {MOUNT}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes())
                    .await?;
                Ok("dropped".to_owned())
            }
        }
    }
}

async fn get(means: &Means, connection: &mut Connection, path: &str, headers: &str) -> io::Result<String> {
    asked(connection, &head(means.port, "GET", &format!("{MOUNT}{path}"), headers), &[]).await
}

/// Posts `body`, which may be said to be longer.
async fn post(
    means: &Means,
    connection: &mut Connection,
    path: &str,
    headers: &str,
    length: Option<usize>,
    body: &[u8],
) -> io::Result<String> {
    let headers = format!("{headers}Content-Length: {}\r\n", length.unwrap_or(body.len()));
    asked(connection, &head(means.port, "POST", &format!("{MOUNT}{path}"), &headers), body).await
}

async fn asked(connection: &mut Connection, head: &str, body: &[u8]) -> io::Result<String> {
    Ok(connection.ask(head.as_bytes(), body, false).await?.status.to_string())
}

/// Sends these bytes and nothing more; what is answered within the time, or that it was held.
async fn raw(means: &Means, bytes: &[u8], patience: Duration) -> io::Result<String> {
    let mut stream = connect(means.port).await?;
    stream.write_all(bytes).await?;
    answered(&mut stream, patience).await
}

async fn answered(stream: &mut tokio::net::TcpStream, patience: Duration) -> io::Result<String> {
    let mut answer = [0; 64];
    match timeout(patience, stream.read(&mut answer)).await {
        Err(_) => Ok("held".to_owned()),
        Ok(Ok(0)) => Ok("cut".to_owned()),
        Ok(Ok(bytes)) => {
            Ok(agent_inspector_benches::wire::status(&String::from_utf8_lossy(&answer[..bytes])).to_string())
        }
        Ok(Err(error)) => Err(error),
    }
}

/// A body whose length nobody says, of more than a body may have.
async fn chunks(means: &Means) -> io::Result<String> {
    let mut stream = connect(means.port).await?;
    let headers = format!("{JSON}Transfer-Encoding: chunked\r\n");
    stream.write_all(head(means.port, "POST", &format!("{MOUNT}/v1/traces"), &headers).as_bytes()).await?;
    for _ in 0..65 {
        if stream.write_all(&means.chunk).await.is_err() {
            break;
        }
    }
    answered(&mut stream, HELD).await
}

/// A byte now and then, never silent for long.
async fn trickle(means: &Means) -> io::Result<String> {
    let mut stream = connect(means.port).await?;
    let headers = format!("{JSON}Content-Length: 1000\r\n");
    stream.write_all(head(means.port, "POST", &format!("{MOUNT}/v1/traces"), &headers).as_bytes()).await?;
    let until = Instant::now() + 2 * HELD;
    while Instant::now() < until {
        stream.write_all(b" ").await?;
        let answer = answered(&mut stream, Duration::from_secs(1)).await?;
        if answer != "held" {
            return Ok(answer);
        }
    }
    Ok("held".to_owned())
}
