//! Slow, dying and coming readers on real connections, over minutes: in the end every event was delivered or announced.
//!
//! A short run is among the tests. `INSPECTOR_SOAK_EVENTS=1000000 cargo test --release --test it soak -- --nocapture` makes it
//! some minutes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use agent_inspector::{Inspector, SessionHandle};
use serde_json::{Value, json};
use sse_parse::SseParser;

use crate::serve::{Served, Wire};

/// Overrides how many events are published.
const EVENTS: &str = "INSPECTOR_SOAK_EVENTS";

/// Few enough for every run of the tests, and for a replay to hold them all: then nothing may be missed.
const DEFAULT_EVENTS: u64 = 15_000;

/// How many threads of the host publish.
const PUBLISHERS: u64 = 3;

/// How long a connection may be silent; keep-alives come more often.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a reader behaves.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Reads what comes.
    Steady,
    /// Reads little at a time, with pauses.
    Slow,
    /// Is cut off after so many bytes, in the middle of whatever comes, and comes back.
    Dies(usize),
    /// Wants one session's events only, and dies now and then.
    Filtered(usize),
}

const MANNERS: [Manner; 6] = [
    Manner::Steady,
    Manner::Slow,
    Manner::Dies(3_000),
    Manner::Dies(50_001),
    Manner::Dies(700_003),
    Manner::Filtered(20_011),
];

/// What a reader got over all its connections.
#[derive(Debug, Default)]
struct Account {
    got: BTreeMap<u64, (String, u64)>,
    gaps: Vec<(u64, u64)>,
    last: Option<u64>,
    connections: u64,
}

impl Account {
    fn take(&mut self, parser: &mut SseParser) {
        while let Some(event) = parser.next_event() {
            let data: Value = serde_json::from_str(&event.data).expect("each event is JSON");
            let id = data["id"].as_u64().unwrap();
            assert!(self.last.is_none_or(|last| last < id), "{id} came after {:?}", self.last);
            self.last = Some(id);
            if data["type"] == "Gap" {
                self.gaps.push((data["missed_from"].as_u64().unwrap(), id));
            } else {
                let key = (
                    data["session_id"].as_str().unwrap_or("").to_owned(),
                    data["data"]["at"].as_u64().unwrap_or(0),
                );
                self.got.insert(id, key);
            }
        }
        if let Ok(id) = parser.last_event_id().parse() {
            self.last = self.last.max(Some(id));
        }
    }
}

impl Account {
    /// At most so many events were announced as missed.
    fn missed(&self) -> u64 {
        self.gaps.iter().map(|(from, to)| to - from + 1).sum()
    }

    /// Each session's events came in the order in which the host published them, all of them unless some were missed.
    fn is_in_the_order_of_its_host(&self, manner: Manner, filtered: &str, each: u64) {
        let mut of_sessions: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (session, at) in self.got.values().filter(|(_, at)| *at > 0) {
            of_sessions.entry(session).or_default().push(*at);
        }
        let expected = if matches!(manner, Manner::Filtered(_)) { 1 } else { PUBLISHERS };
        assert_eq!(of_sessions.len() as u64, expected, "{manner:?}");
        assert!(expected > 1 || of_sessions.contains_key(filtered));
        for events in of_sessions.values() {
            assert!(events.is_sorted_by(|a, b| a < b), "{manner:?}");
            assert!(
                events.len() as u64 == each || self.missed() > 0,
                "{manner:?}: {} of {each}",
                events.len()
            );
        }
    }

    /// Every id after `first` was got or announced as missed: ids have no holes within a process.
    fn has_no_holes(&self, first: u64) {
        let (mut next, mut gaps) = (first + 1, self.gaps.iter().peekable());
        for id in self.got.keys() {
            while let Some((from, to)) = gaps.next_if(|(from, _)| *from <= next) {
                assert_eq!(*from, next);
                next = to + 1;
            }
            assert_eq!(*id, next);
            next += 1;
        }
    }
}

/// The body of a chunked answer.
fn unchunk(mut wire: &[u8], left: &mut usize, out: &mut Vec<u8>) -> usize {
    let before = wire.len();
    loop {
        if *left == 0 {
            let Some(end) = wire.windows(2).position(|two| two == b"\r\n") else { break };
            let size = std::str::from_utf8(&wire[..end]).unwrap();
            // Two more for the line end behind the chunk.
            *left = usize::from_str_radix(size, 16).unwrap() + 2;
            wire = &wire[end + 2..];
        }
        let count = wire.len().min(*left);
        let body = count.min(left.saturating_sub(2));
        out.extend_from_slice(&wire[..body]);
        *left -= count;
        wire = &wire[count..];
        if wire.is_empty() {
            break;
        }
    }
    before - wire.len()
}

/// Reads until `done`, in its manner.
fn read(address: SocketAddr, manner: Manner, session: &str, begin: u64, end: &OnceLock<u64>) -> Account {
    let mut account = Account { last: Some(begin), ..Account::default() };
    let path = match manner {
        Manner::Filtered(_) => format!("/events?session_id={session}"),
        _ => "/events".to_owned(),
    };
    let done = |account: &Account| end.get().is_some_and(|end| account.last >= Some(*end));
    while !done(&account) {
        account.connections += 1;
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let last = account.last.unwrap_or(begin);
        let request =
            format!("GET /_inspector{path} HTTP/1.1\r\nhost: {address}\r\nlast-event-id: {last}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let (mut wire, mut body, mut left, mut total, mut in_body) = (Vec::new(), Vec::new(), 0, 0, false);
        let mut parser = SseParser::new();
        let mut buffer = vec![0; if matches!(manner, Manner::Slow) { 512 } else { 16 << 10 }];
        let budget = match manner {
            Manner::Dies(bytes) | Manner::Filtered(bytes) => bytes,
            Manner::Steady | Manner::Slow => usize::MAX,
        };
        while total < budget && !done(&account) {
            let count = stream.read(&mut buffer).expect("the stream is alive");
            if count == 0 {
                break;
            }
            total += count;
            wire.extend_from_slice(&buffer[..count]);
            if !in_body && let Some(head) = wire.windows(4).position(|four| four == b"\r\n\r\n") {
                assert!(wire.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&wire));
                wire.drain(..head + 4);
                in_body = true;
            }
            if in_body {
                let used = unchunk(&wire, &mut left, &mut body);
                wire.drain(..used);
                parser.feed(&body);
                body.clear();
                account.take(&mut parser);
            }
            if matches!(manner, Manner::Slow) && total % 4096 < 512 {
                std::thread::yield_now();
            }
        }
    }
    account
}

/// Publishes from several threads, each its own session's events in order, and lets the pump take them now and then: the
/// lane's bound is not what is tested here.
async fn publish(inspector: &Inspector, sessions: &[SessionHandle], each: u64) {
    let publishers: Vec<_> = sessions
        .iter()
        .cloned()
        .map(|session| {
            let (inspector, handle) = (inspector.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                for at in 1..=each {
                    session.emit("tick", json!({ "at": at, "text": "data: \r\n\nid: 1\n\0" }));
                    if at % 500 == 0 {
                        handle.block_on(inspector.settle());
                    }
                }
            })
        })
        .collect();
    joined(publishers).await;
    inspector.settle().await;
}

async fn joined<T: Send + 'static>(threads: Vec<JoinHandle<T>>) -> Vec<T> {
    let joined = move || threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    tokio::task::spawn_blocking(joined).await.unwrap()
}

/// A stream that begins now, and the id after which it does.
async fn begin(served: &Served) -> (Wire, u64) {
    let wire = served.ask("/events", "").until("\nid: ").await.until("\n\n").await;
    let id = wire.read.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
    (wire, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_end_every_event_was_delivered_or_announced() {
    let events =
        std::env::var(EVENTS).map_or(DEFAULT_EVENTS, |text| text.parse().expect("a number of events"));
    let dir = tempfile::tempdir().unwrap();
    // A small ring, so that whoever is late is answered from the store.
    let inspector = Inspector::builder().data_dir(dir.path()).ring(1024, usize::MAX).build().unwrap();
    let served = Served::new(inspector.clone(), true).await;
    let sessions: Vec<_> =
        (0..PUBLISHERS).map(|at| inspector.session(format!("soak {at}")).start()).collect();
    inspector.settle().await;
    // The first one never reads again.
    let (stalled, first) = begin(&served).await;
    let (end, filtered) = (Arc::new(OnceLock::new()), sessions[0].id().to_string());
    let readers: Vec<_> = MANNERS
        .iter()
        .map(|manner| {
            let (end, filtered, address) = (Arc::clone(&end), filtered.clone(), served.address);
            std::thread::spawn(move || (*manner, read(address, *manner, &filtered, first, &end)))
        })
        .collect();
    publish(&inspector, &sessions, events / PUBLISHERS).await;
    let health: Value = serde_json::from_slice(&served.curl(&[], "/health").await.stdout).unwrap();
    let lost = (&health["counters"]["dropped_capture"], &health["counters"]["not_stored"]);
    assert_eq!(lost, (&json!(0), &json!(0)));
    end.set(begin(&served).await.1).unwrap();
    // Something more for those who wait at the end already.
    for _ in 0..20 {
        sessions[0].emit("farewell", json!({}));
    }

    let accounts = joined(readers).await;
    for (manner, account) in &accounts {
        let Account { got, connections, .. } = account;
        println!(
            "{manner:?}: {} events over {connections} connections, {} missed",
            got.len(),
            account.missed()
        );
        account.is_in_the_order_of_its_host(*manner, &filtered, events / PUBLISHERS);
        if !matches!(manner, Manner::Filtered(_)) {
            account.has_no_holes(first);
        }
    }
    let all_there = events <= DEFAULT_EVENTS;
    let missed: u64 = accounts.iter().map(|(_, account)| account.missed()).sum();
    assert!(!all_there || missed == 0, "all were in the store");
    drop(stalled);
}
