//! Looks for what was acknowledged.

use std::collections::{BTreeMap, HashMap};
use std::io;

use agent_inspector_benches::spans::session;
use serde_json::Value;

use crate::ask::Connection;

/// The type of the events that are posted.
pub(crate) const TOLD: &str = "load_told";

/// What was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    /// Traces, with how many spans of each.
    traces: Vec<(u64, u32)>,
    /// Sessions, with how many events of each.
    events: BTreeMap<String, u64>,
}

impl Acknowledged {
    pub(crate) fn trace(&mut self, trace: u64, spans: usize) {
        self.traces.push((trace, spans as u32));
    }

    pub(crate) fn event(&mut self, session: String) {
        *self.events.entry(session).or_default() += 1;
    }
}

/// What was found of it.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) looked_for: u64,
    pub(crate) lost: u64,
    /// Some of what is missing, in words.
    pub(crate) wrong: Vec<String>,
}

impl Found {
    fn expect(&mut self, what: &str, expected: u64, found: u64) {
        self.looked_for += expected;
        let lost = expected.saturating_sub(found);
        self.lost += lost;
        if lost > 0 && self.wrong.len() < 10 {
            self.wrong.push(format!("{what} has {found} of {expected}"));
        }
    }
}

/// Walks through all sessions, and through the events of those that have some.
pub(crate) async fn look_for(port: u16, acknowledged: &Acknowledged) -> io::Result<Found> {
    let mut connection = Connection::new(port);
    let mut known: HashMap<String, u64> = HashMap::new();
    let mut cursor = String::new();
    loop {
        let page = json(&mut connection, &format!("/sessions?limit=500{cursor}")).await?;
        for session in page["sessions"].as_array().into_iter().flatten() {
            let id = session["id"].as_str().unwrap_or_default().to_owned();
            known.insert(id, session["counters"]["spans"].as_u64().unwrap_or_default());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut found = Found::default();
    for (trace, spans) in &acknowledged.traces {
        let id = session(*trace);
        found.expect(&id, u64::from(*spans), known.get(&id).copied().unwrap_or_default());
    }
    for (session, events) in &acknowledged.events {
        let there = told(&mut connection, session).await?;
        found.expect(session, *events, there);
    }
    Ok(found)
}

async fn told(connection: &mut Connection, session: &str) -> io::Result<u64> {
    let (mut there, mut after) = (0, 0);
    loop {
        let page = json(connection, &format!("/sessions/{session}/events?limit=5000&after={after}")).await?;
        let events = page["events"].as_array().into_iter().flatten();
        there += events.filter(|event| event["name"] == TOLD).count() as u64;
        match page["next_after"].as_u64() {
            Some(next) => after = next,
            None => return Ok(there),
        }
    }
}

async fn json(connection: &mut Connection, path: &str) -> io::Result<Value> {
    let answer = connection.get(path).await?;
    if answer.status != 200 {
        return Err(io::Error::other(format!("{path}: {}", answer.status)));
    }
    serde_json::from_slice(&answer.body).map_err(io::Error::other)
}
