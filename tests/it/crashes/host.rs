//! A host under load in a process of its own.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use agent_inspector::Inspector;
use agent_inspector::model::{InstanceId, SpanKind};
use agent_inspector::store::{Retention, SqliteStore, Store};

/// Set for the copy of this test program that plays the host.
const HOST_DIR: &str = "AGENT_INSPECTOR_TEST_LOADED_HOST_DIR";

/// What the hosts keep: so little that old sessions are removed all the time.
pub(super) const RETENTION_BYTES: u64 = 12 << 20;

/// A session that the host recorded, and that was in the store when it said so.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) session: String,
    /// A span that is still open.
    pub(super) open: String,
    pub(super) status: String,
}

/// A running host.
#[derive(Debug)]
pub(super) struct Loaded {
    child: Child,
    pub(super) url: String,
    settled: JoinHandle<Vec<Settled>>,
    event_ids: JoinHandle<BTreeSet<u64>>,
}

/// What a host said before it died.
#[derive(Debug)]
pub(super) struct Killed {
    pub(super) settled: Vec<Settled>,
    pub(super) event_ids: BTreeSet<u64>,
}

impl Loaded {
    pub(super) fn start(dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::host::plays_a_loaded_host_when_asked", "--nocapture"])
            .env(HOST_DIR, dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the host came up");
            if let Some(address) = line.trim_end().strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        let stream = TcpStream::connect(&address).unwrap();
        let host = address.clone();
        Self {
            child,
            url: format!("http://{address}/_inspector"),
            settled: std::thread::spawn(move || {
                lines.lines().map_while(Result::ok).filter_map(|line| read(&line)).collect()
            }),
            event_ids: std::thread::spawn(move || listen(stream, &host)),
        }
    }

    /// SIGKILL: it gets no chance to save anything.
    pub(super) fn kill(mut self) -> Killed {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Killed { settled: self.settled.join().unwrap(), event_ids: self.event_ids.join().unwrap() }
    }
}

fn read(line: &str) -> Option<Settled> {
    // The last line may have been cut off.
    let mut words = line.strip_prefix("settled ")?.strip_suffix('.')?.split(' ').map(str::to_owned);
    Some(Settled { session: words.next()?, open: words.next()?, status: words.next()? })
}

/// The ids of all events until the host dies.
fn listen(mut stream: TcpStream, host: &str) -> BTreeSet<u64> {
    let request = format!("GET /_inspector/events HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut read = Vec::new();
    // A connection that is reset by the kill has given what it had.
    let _ = stream.read_to_end(&mut read);
    let text = String::from_utf8_lossy(&read);
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

/// Not a test of its own: the copy of this program that is started and killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_a_loaded_host_when_asked() {
    let Ok(dir) = std::env::var(HOST_DIR) else { return };
    let retention = Retention::new(Duration::MAX, RETENTION_BYTES);
    let store = SqliteStore::open(dir.as_ref(), InstanceId::generate()).unwrap();
    let store = Arc::new(store.with_retention(retention).with_pack_after(Duration::ZERO));
    let inspector = Inspector::builder().store(Arc::clone(&store) as Arc<dyn Store>).build().unwrap();
    let app: axum::Router = inspector.mount(axum::Router::new(), "/_inspector");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("\nlistening on {}", listener.local_addr().unwrap());
    tokio::task::spawn_blocking(move || {
        loop {
            // More often than the inspector does it, since no round is long.
            if !store.maintain(Duration::from_millis(20)).unwrap_or(true) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    tokio::spawn(record(inspector));
    let service = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).await.unwrap();
}

/// Records sessions with spans that stay open, and says which of them are in the store.
#[expect(clippy::print_stdout, reason = "who started this process reads it")]
async fn record(inspector: Inspector) {
    let (mut sessions, mut spans) = (Vec::new(), Vec::new());
    for number in 0_u64.. {
        let session = inspector.session(format!("host {number}")).start();
        session.span(SpanKind::Llm, "chat").attribute("gen_ai.request.model", "m");
        let running = session.span(SpanKind::Tool, "never ends");
        running.attribute("input.value", "what it was asked");
        let (id, span) = (session.id().clone(), running.id().unwrap());
        let status = if number % 2 == 0 {
            session.finish();
            "completed"
        } else {
            sessions.push(session);
            "abandoned"
        };
        spans.push(running);
        inspector.settle().await;
        println!("settled {id} {span} {status}.");
    }
}
