//! Slow, dying and coming readers on real connections, over minutes: in the end every event was delivered or announced.
//!
//! A short run is among the tests. `INSPECTOR_SOAK_EVENTS=1000000 cargo test --release --test it soak -- --nocapture` makes it
//! some minutes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use agent_inspector::Inspector;
use serde_json::{Value, json};
use sse_parse::SseParser;

use crate::serve::Served;

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
    let wire = served.ask("/events", "").until("\nid: ").await.until("\n\n").await;
    let begin: u64 = wire.read.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
    // This one never reads again.
    let stalled = wire;

    let end = Arc::new(OnceLock::new());
    let manners = [
        Manner::Steady,
        Manner::Slow,
        Manner::Dies(3_000),
        Manner::Dies(50_001),
        Manner::Dies(700_003),
        Manner::Filtered(20_011),
    ];
    let filtered = sessions[0].id().to_string();
    let readers: Vec<_> = manners
        .iter()
        .map(|manner| {
            let (manner, end, filtered, address) =
                (*manner, Arc::clone(&end), filtered.clone(), served.address);
            std::thread::spawn(move || (manner, read(address, manner, &filtered, begin, &end)))
        })
        .collect();

    let published = Arc::new(AtomicU64::new(0));
    let publishers: Vec<_> = sessions
        .iter()
        .cloned()
        .map(|session| {
            let (published, inspector) = (Arc::clone(&published), inspector.clone());
            let handle = tokio::runtime::Handle::current();
            std::thread::spawn(move || {
                for at in 1..=events / PUBLISHERS {
                    session.emit("tick", json!({ "at": at, "text": "data: \r\n\nid: 1\n\0" }));
                    published.fetch_add(1, Ordering::Relaxed);
                    // The lane is not what is tested here; let the pump take it.
                    if at % 500 == 0 {
                        handle.block_on(inspector.settle());
                    }
                }
            })
        })
        .collect();
    tokio::task::spawn_blocking(move || publishers.into_iter().for_each(|thread| thread.join().unwrap()))
        .await
        .unwrap();
    for session in &sessions {
        session.emit("last", json!({}));
    }
    inspector.settle().await;
    let health: Value = serde_json::from_slice(&served.curl(&[], "/health").await.stdout).unwrap();
    assert_eq!(
        (&health["counters"]["dropped_capture"], &health["counters"]["not_stored"]),
        (&json!(0), &json!(0))
    );
    // The newest id is where a stream that begins now begins.
    let now = served.ask("/events", "").until("\nid: ").await.until("\n\n").await;
    let last: u64 = now.read.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
    end.set(last).unwrap();
    // Something more for those who wait at the end already.
    for _ in 0..20 {
        sessions[0].emit("farewell", json!({}));
    }

    let accounts = tokio::task::spawn_blocking(move || {
        readers.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let accounts = accounts.await.unwrap();
    let per_session = events / PUBLISHERS;
    for (manner, account) in &accounts {
        let lost: u64 = account.gaps.iter().map(|(from, to)| to - from + 1).sum();
        println!(
            "{manner:?}: {} events over {} connections, {lost} announced as missed",
            account.got.len(),
            account.connections
        );
        for session in sessions.iter().map(|session| session.id().as_str()) {
            if matches!(manner, Manner::Filtered(_)) && session != filtered {
                continue;
            }
            let of_session: Vec<u64> =
                account.got.values().filter(|(of, at)| of == session && *at > 0).map(|(_, at)| *at).collect();
            assert!(
                of_session.is_sorted_by(|a, b| a < b),
                "{manner:?}: the order in which the host published"
            );
            let whole = of_session.len() as u64 == per_session;
            assert!(whole || lost > 0, "{manner:?}: {} of {per_session}", of_session.len());
        }
        if !matches!(manner, Manner::Filtered(_)) {
            // Ids have no holes within a process, so they can be counted.
            let (mut next, mut gaps) = (begin + 1, account.gaps.iter().peekable());
            for id in account.got.keys() {
                while let Some((from, to)) = gaps.next_if(|(from, _)| *from <= next) {
                    assert_eq!(*from, next);
                    next = to + 1;
                }
                assert_eq!(*id, next, "{manner:?}");
                next += 1;
            }
        }
    }
    let all_there = events <= DEFAULT_EVENTS;
    assert!(
        !all_there || accounts.iter().all(|(_, account)| account.gaps.is_empty()),
        "all were in the store"
    );
    drop(stalled);
}
