//! Turns for what keeps a core or much memory busy: a few at once, some that wait, and the rest sent away at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::STORE_TURN_TIMEOUT;

/// How many may do something at once, and how many may wait for it.
#[derive(Debug)]
pub(crate) struct Turns {
    at_once: Arc<Semaphore>,
    in_hand: Arc<Semaphore>,
    #[cfg(test)]
    all: usize,
}

/// A turn; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held")] [OwnedSemaphorePermit; 2]);

impl Turns {
    pub(crate) fn new(at_once: usize, waiting: usize) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self {
            at_once: places(at_once),
            in_hand: places(at_once + waiting),
            #[cfg(test)]
            all: at_once + waiting,
        }
    }

    /// How many have a turn or wait for one.
    #[cfg(test)]
    pub(crate) fn in_hand(&self) -> usize {
        self.all - self.in_hand.available_permits()
    }

    /// The next turn; none when too many wait for theirs, or it takes too long.
    pub(crate) async fn next(&self) -> Option<Turn> {
        let place = Arc::clone(&self.in_hand).try_acquire_owned().ok()?;
        let turn = Arc::clone(&self.at_once).acquire_owned();
        Some(Turn([place, tokio::time::timeout(STORE_TURN_TIMEOUT, turn).await.ok()?.ok()?]))
    }
}
