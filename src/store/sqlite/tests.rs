//! What only a store on disk does.

mod concurrency;
mod damage;
mod durability;
mod erased;
mod instances;
mod model;
mod older;
mod search;
mod upkeep;

use std::path::Path;

use super::*;
use crate::model::SessionStatus;
use crate::store::contract::{chunk, chunks, custom, id, ids, session, span, trace};

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, InstanceId::generate()).unwrap()
}

/// A running session with one open and one ended span.
fn running(name: &str, number: u8) -> WriteBatch {
    let of = trace(number);
    WriteBatch {
        sessions: vec![session(name, i64::from(number))],
        traces: vec![(of, id(name))],
        chunks: vec![chunk(&[span(of, 1, None), span(of, 2, Some(5))])],
        ..Default::default()
    }
}

fn ended(name: &str, number: u8) -> WriteBatch {
    let mut batch = running(name, number);
    batch.sessions[0].status = SessionStatus::Completed;
    batch
}

fn status(store: &SqliteStore, name: &str) -> SessionStatus {
    store.session(&id(name)).unwrap().unwrap().status
}
