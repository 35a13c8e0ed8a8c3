//! A host on a real port, for what only shows on a wire.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output};
use std::time::Duration;

use agent_inspector::Inspector;
use axum::Router;
use serde_json::Value;
use tokio::task::JoinHandle;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A host that serves an inspector at `/_inspector`.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) inspector: Inspector,
    pub(crate) address: SocketAddr,
    pub(crate) server: JoinHandle<()>,
}

impl Served {
    /// Serves `inspector` with what `axum` tells about the peer, or without.
    pub(crate) async fn new(inspector: Inspector, tells_peer: bool) -> Self {
        let app = Router::new().nest("/_inspector", inspector.router());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closing = inspector.clone();
        let closed = async move { closing.closed().await };
        let server = tokio::spawn(async move {
            if tells_peer {
                let service = app.into_make_service_with_connect_info::<SocketAddr>();
                axum::serve(listener, service).with_graceful_shutdown(closed).await.unwrap();
            } else {
                axum::serve(listener, app).with_graceful_shutdown(closed).await.unwrap();
            }
        });
        Self { inspector, address, server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/_inspector{path}", self.address)
    }

    /// Runs `curl -sS` and gives what it wrote.
    pub(crate) async fn curl(&self, arguments: &[&str], path: &str) -> Output {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20"]).args(arguments).arg(self.url(path));
        run(command).await
    }

    /// A connection on which a request was begun: the headers say how much of the body there will be, `body` is what is
    /// sent of it.
    pub(crate) fn post(&self, path: &str, headers: &str, body: &str) -> Wire {
        self.send("POST", path, headers, body)
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Wire {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request =
            format!("{method} /_inspector{path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n{body}", self.address);
        stream.write_all(request.as_bytes()).unwrap();
        Wire { stream, read: String::new() }
    }

    /// A connection that has asked for `path`.
    pub(crate) fn ask(&self, path: &str, headers: &str) -> Wire {
        self.send("GET", path, headers, "")
    }
}

/// Runs a program beside the runtime, which has to answer it meanwhile.
pub(crate) async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The events in what came over a connection; one that has not come whole is none, as for a browser.
pub(crate) fn events(read: &str) -> Vec<Value> {
    let whole = read.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    let data = whole.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// What came over a connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    pub(crate) read: String,
}

impl Wire {
    /// Reads until `text` has come; gives up when the connection ends or nothing comes.
    pub(crate) async fn until(mut self, text: &'static str) -> Self {
        tokio::task::spawn_blocking(move || {
            let mut buffer = [0; 4096];
            while !self.read.contains(text) {
                let count = self.stream.read(&mut buffer).unwrap();
                assert!(count > 0, "the connection ended before {text:?}: {}", self.read);
                self.read.push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
            self
        })
        .await
        .unwrap()
    }

    /// Reads to the end of the connection.
    pub(crate) async fn until_end(mut self) -> Self {
        tokio::task::spawn_blocking(move || {
            let mut rest = Vec::new();
            self.stream.read_to_end(&mut rest).unwrap();
            self.read.push_str(&String::from_utf8_lossy(&rest));
            self
        })
        .await
        .unwrap()
    }
}
