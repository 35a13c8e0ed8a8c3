//! Event ids, from blocks reserved in the store.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::model::EventId;
use crate::store::{Store, StoreError};

/// How many ids are reserved at a time. Large, so that the live stream goes on for hours while the store cannot take a
/// reservation; a start uses up one block, and there is room for half a billion blocks below 2^53.
pub(super) const EVENT_ID_BLOCK: u64 = 1 << 24;

/// Gives out ids one by one. The next block is asked for when half of the current one is used, and the store writer
/// fetches it, so that the pump does not wait for the disk.
#[derive(Debug)]
pub(super) struct Ids {
    next: u64,
    end: u64,
    reserve: Arc<Reserve>,
}

/// The block after the current one: wanted by the pump, fetched by the store writer.
#[derive(Debug, Default)]
pub(super) struct Reserve(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Wanted,
    Here(EventId),
}

impl Ids {
    /// Reserves the first block.
    pub(super) fn reserve(store: &dyn Store) -> Result<Self, StoreError> {
        let first = store.reserve_event_ids(EVENT_ID_BLOCK)?;
        Ok(Self { next: first.0.max(1), end: first.0 + EVENT_ID_BLOCK, reserve: Arc::default() })
    }

    /// The id before the first one that will be given out.
    pub(super) fn floor(&self) -> EventId {
        EventId(self.next - 1)
    }

    pub(super) fn reserve_of(&self) -> Arc<Reserve> {
        Arc::clone(&self.reserve)
    }

    /// A fresh id, or `None` when no block could be reserved since half of the last one was used.
    pub(super) fn next(&mut self) -> Option<EventId> {
        if self.next == self.end && !self.turn_over() {
            return None;
        }
        let id = EventId(self.next);
        self.next += 1;
        if self.end - self.next == EVENT_ID_BLOCK / 2 {
            *self.reserve.0.lock() = State::Wanted;
        }
        Some(id)
    }

    /// How many ids are left before the store must have answered.
    pub(super) fn left(&self) -> u64 {
        let behind = if matches!(*self.reserve.0.lock(), State::Here(_)) { EVENT_ID_BLOCK } else { 0 };
        self.end - self.next + behind
    }

    fn turn_over(&mut self) -> bool {
        let mut state = self.reserve.0.lock();
        let State::Here(first) = *state else { return false };
        *state = State::Idle;
        (self.next, self.end) = (first.0, first.0 + EVENT_ID_BLOCK);
        true
    }
}

impl Reserve {
    /// Fetches the next block when it is wanted.
    pub(super) fn fetch(&self, store: &dyn Store) -> Result<(), StoreError> {
        if !matches!(*self.0.lock(), State::Wanted) {
            return Ok(());
        }
        let first = store.reserve_event_ids(EVENT_ID_BLOCK)?;
        *self.0.lock() = State::Here(first);
        Ok(())
    }
}
