//! One POST over plain HTTP/1.1, for hooks: no runtime, no pool, and an end within a bound whatever the other side does.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use axum::http::Uri;

/// How long one address is tried. A machine that answers at all does so within a network's round trip.
const CONNECT_WITHIN: Duration = Duration::from_millis(400);

/// How much of an answer's head is read to learn when to come again.
const MAX_HEAD_BYTES: usize = 8 << 10;

/// What is of interest of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// When the same may be sent again, where the status says that it may.
    pub(crate) retry_after: Option<Duration>,
}

/// Posts `json` and gives the answer. Waits for no more than its first line, unless more is of interest: a server that hears
/// the end of a connection may drop what it had not finished.
pub(crate) fn answer(url: &str, token: Option<&str>, json: &[u8], within: Duration) -> io::Result<Answer> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidInput);
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    if uri.scheme_str() == Some("https") {
        return encrypted(url, token, json, within);
    }
    let until = Instant::now() + within;
    let (host, authority) = (uri.host().ok_or_else(wrong)?, uri.authority().ok_or_else(wrong)?);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = connect((host, uri.port_u16().unwrap_or(80)), until)?;
    stream.set_nodelay(true)?;
    let mut request = format!(
        "POST {} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n",
        uri.path(),
        json.len()
    );
    // A token with a line break in it would be another header.
    if let Some(token) = token.filter(|token| token.chars().all(|c| !c.is_control())) {
        request += &format!("authorization: Bearer {token}\r\n");
    }
    request += "\r\n";
    stream.set_write_timeout(Some(left(until)?))?;
    stream.write_all(request.as_bytes())?;
    stream.set_write_timeout(Some(left(until)?))?;
    stream.write_all(json)?;
    let status = status(&mut stream, until)?;
    let retry_after = if is_for_later(status) { retry_after(&mut stream, until) } else { None };
    Ok(Answer { status, retry_after })
}

/// Whether the same may be sent again later.
fn is_for_later(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// The seconds in `Retry-After`. Whatever goes wrong, the status is known already.
fn retry_after(stream: &mut TcpStream, until: Instant) -> Option<Duration> {
    let mut head = Vec::new();
    let mut part = [0_u8; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < MAX_HEAD_BYTES {
        stream.set_read_timeout(Some(left(until).ok()?)).ok()?;
        match stream.read(&mut part).ok()? {
            0 => break,
            read => head.extend_from_slice(&part[..read]),
        }
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    seconds(head.lines().find_map(|line| line.strip_prefix("retry-after:"))?)
}

fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// What is left until then; a time-out when nothing is.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn connect(to: (&str, u16), until: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in to.to_socket_addrs()? {
        match try_one(&address, until) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn try_one(address: &SocketAddr, until: Instant) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(address, left(until)?.min(CONNECT_WITHIN))
}

/// The number in `HTTP/1.1 200 OK`.
fn status(stream: &mut TcpStream, until: Instant) -> io::Result<u16> {
    let mut line = [0_u8; 12];
    let mut read = 0;
    while read < line.len() {
        stream.set_read_timeout(Some(left(until)?))?;
        match stream.read(&mut line[read..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    std::str::from_utf8(&line)
        .ok()
        .filter(|line| line.starts_with("HTTP/1."))
        .and_then(|line| line[9..].parse().ok())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn encrypted(url: &str, token: Option<&str>, json: &[u8], within: Duration) -> io::Result<Answer> {
    let settings = ureq::Agent::config_builder().timeout_global(Some(within)).http_status_as_error(false);
    let mut request = settings.build().new_agent().post(url).content_type("application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = request.send(json).map_err(io::Error::other)?;
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("retry-after").and_then(|value| seconds(value.to_str().ok()?));
    Ok(Answer { status, retry_after: retry_after.filter(|_| is_for_later(status)) })
}
