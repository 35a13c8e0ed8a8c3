//! A round with the inspector, its router served over TCP and its live stream read by another process.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use agent_inspector::Inspector;
use agent_inspector_benches::runtime;
use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::round::{Host, Round};

/// The command by which this executable becomes the reader.
pub(crate) const COMMAND: &str = "read";

/// What the reader says when it reads.
const READING: &str = "reading";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(runtime);

/// Reads the live stream at `port` to its end.
pub(crate) fn read(port: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    write!(stream, "GET /_inspector/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
    let mut buffer = [0; 64 << 10];
    // The head, and with it the place in the stream.
    if stream.read(&mut buffer)? == 0 || !buffer.starts_with(b"HTTP/1.1 200 ") {
        return Err(io::Error::other("the stream cannot be read"));
    }
    writeln!(io::stdout(), "{READING}")?;
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

pub(crate) fn round(host: &Host<'_>) -> io::Result<Round> {
    let directory = tempfile::tempdir()?;
    let inspector = Inspector::builder().data_dir(directory.path()).build().map_err(io::Error::other)?;
    let listener = RUNTIME.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
    let port = listener.local_addr()?.port();
    let app: Router = Router::new().nest("/_inspector", inspector.router());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = RUNTIME.spawn(async move { axum::serve(listener, app).await });

    let mut reader = Command::new(env::current_exe()?)
        .args([COMMAND, &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    if let Some(output) = reader.stdout.take() {
        BufReader::new(output).read_line(&mut said)?;
    }
    if said.trim() != READING {
        return Err(io::Error::other("nobody reads the live stream"));
    }

    let round = host.round(&inspector, || RUNTIME.block_on(inspector.settle()));
    // Ends the stream, and with it the reader.
    RUNTIME.block_on(inspector.shutdown());
    server.abort();
    reader.wait()?;
    round
}
