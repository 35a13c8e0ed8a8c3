//! Two hosts in one data directory: what a reader gets that was connected to one and comes back to the other.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::kill::Victim;
use crate::serve::events;

/// Reads a host's stream after `last` until `done` says so.
fn read_after(host: &Victim, last: u64, done: impl Fn(&str) -> bool) -> String {
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!(
        "GET /_inspector/events HTTP/1.1\r\nhost: {}\r\nlast-event-id: {last}\r\n\r\n",
        host.address()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let (mut read, mut buffer) = (String::new(), [0; 4096]);
    while !done(&read) {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the stream ended: {read}");
        read.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    read
}

fn ids(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["id"].as_u64().unwrap()).collect()
}

/// Sends a span that makes a session of this name, and gives the ids of everything that the host's own stream holds.
fn report(host: &Victim, name: &str, number: u32) -> Vec<u64> {
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": format!("{number:032x}"), "spanId": "00000000000000a1", "name": name,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000"
    }]}]}]});
    host.post("/v1/traces", &body);
    let said = format!("\"type\":\"SessionFinished\",\"session\":{{\"id\":\"trace-{number:032x}\"");
    let read = read_after(host, 0, |read| {
        read.split_once(said.as_str()).is_some_and(|(_, rest)| rest.contains("\n\n"))
    });
    ids(&events(&read))
}

#[test]
fn a_reader_of_one_process_is_told_by_another_that_its_place_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Victim::start(dir.path()), Victim::start(dir.path()));
    let of_one = report(&one, "of one", 0xa1);
    let of_two = report(&two, "of two", 0xa2);
    assert!(of_one.iter().all(|id| !of_two.contains(id)), "ids are not used twice");
    for (host, foreign) in [(&one, &of_two), (&two, &of_one)] {
        let read = read_after(host, foreign[0], |read| read.contains("\"type\":\"Gap\""));
        assert!(read.contains(": the last event id is not of this stream"), "{read}");
    }

    // One dies without a word. Whoever starts now goes on after its events, and still not after those of the other.
    drop(one);
    let heir = Victim::start(dir.path());
    let of_heir = report(&heir, "of the heir", 0xa3);
    let expected: Vec<u64> = of_one[2..].iter().chain(&of_heir).copied().collect();
    let newest = *of_heir.last().unwrap();
    let read = read_after(&heir, of_one[1], |read| {
        read.split_once(&format!("id: {newest}\n")).is_some_and(|(_, rest)| rest.contains("\n\n"))
    });
    let seen: Vec<u64> = ids(&events(&read)).into_iter().filter(|id| *id <= newest).collect();
    assert!(!read.contains("\"Gap\""), "{read}");
    let expected: Vec<u64> = expected.into_iter().filter(|id| *id > of_one[1]).collect();
    assert_eq!(dedup(&seen), dedup(&expected), "each event once and in order");
    assert_eq!(seen.len(), dedup(&seen).len());
    let read = read_after(&heir, of_two[0], |read| read.contains("\"type\":\"Gap\""));
    assert!(read.contains(": the last event id is not of this stream"), "{read}");
}

fn dedup(ids: &[u64]) -> Vec<u64> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}
