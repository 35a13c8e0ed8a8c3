//! Which of a subscriber's spans are recorded.
//!
//! The registry could keep this with its spans. But to ask it costs a look-up in its slab, a lock and a look-up by type, for
//! each thing that happens to a span, and an allocation for each span; a table of ours is one short lock.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tracing_core::span::Id;

use super::context::Context;
use crate::model::{SpanId, TraceId};

/// Threads that record at the same moment seldom meet.
const SHARDS: usize = 32;

/// A shard on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    spans: Mutex<Table>,
    /// How many there are. Most of a host's spans are not recorded, and need no lock to learn it.
    count: AtomicUsize,
}

type Table = HashMap<u64, Context, BuildHasherDefault<Mixed>>;

impl Shard {
    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let mut spans = self.spans.lock();
        let result = change(&mut spans);
        // Whoever asks for a span has its id from whoever opened it, after this.
        self.count.store(spans.len(), Ordering::Relaxed);
        result
    }

    fn look<T>(&self, id: &Id, look: impl FnOnce(&Context) -> T) -> Option<T> {
        if self.is_empty() { None } else { self.spans.lock().get(&id.into_u64()).map(look) }
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }
}

/// The open spans that are recorded, by their id in the subscriber. As many as may be open.
#[derive(Debug, Default)]
pub(super) struct Spans([Shard; SHARDS]);

impl Spans {
    fn shard(&self, id: &Id) -> &Shard {
        let shard = usize::try_from(mixed(id.into_u64()) >> 59).unwrap_or(0);
        &self.0[shard % SHARDS]
    }

    /// A span of this id is recorded, until it closes; ids are used again.
    pub(super) fn insert(&self, id: &Id, context: Context) {
        let old = self.shard(id).change(|spans| spans.insert(id.into_u64(), context));
        // Dropped without the lock: it may be the last handle of its session.
        drop(old);
    }

    pub(super) fn get(&self, id: &Id) -> Option<Context> {
        self.shard(id).look(id, Context::clone)
    }

    pub(super) fn ids(&self, id: &Id) -> Option<(TraceId, SpanId)> {
        self.shard(id).look(id, |context| (context.trace_id, context.span_id))
    }

    pub(super) fn remove(&self, id: &Id) -> Option<Context> {
        let shard = self.shard(id);
        if shard.is_empty() { None } else { shard.change(|spans| spans.remove(&id.into_u64())) }
    }
}

/// The ids are given out by the registry, not by anybody who could choose them to collide.
const fn mixed(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Hashes an id.
#[derive(Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mixed(self.0 ^ number).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
