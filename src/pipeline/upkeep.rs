//! The thread that looks after the store: what can wait is done beside the writer, so that neither a commit nor a reader
//! waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::writer::StoreLane;
use crate::store::Store;

/// How long after a commit the store is looked after, so that several commits are seen to together.
const AFTER_COMMIT: Duration = Duration::from_millis(250);

/// How often it is looked after when nothing is committed: what is kept for a time gets too old by itself.
const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

/// How long it may take at a time: a commit seldom waits longer for it.
const AT_A_TIME: Duration = Duration::from_millis(10);

/// The thread rests so many times as long as it worked, and longer while much waits to be committed: it takes half of a
/// core at most, or a quarter.
const REST: u32 = 1;
const REST_WHEN_BUSY: u32 = 3;

/// Says that something was committed, and when to end.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<Rung>,
    rings: Condvar,
}

#[derive(Debug, Default)]
struct Rung {
    committed: bool,
    stop: bool,
}

impl Bell {
    pub(super) fn committed(&self) {
        let mut rung = self.rung.lock();
        let first = !std::mem::replace(&mut rung.committed, true);
        drop(rung);
        if first {
            self.rings.notify_one();
        }
    }

    pub(super) fn stop(&self) {
        self.rung.lock().stop = true;
        self.rings.notify_one();
    }

    /// Waits for a commit, for some time. Says whether to go on.
    fn wait(&self) -> bool {
        let mut rung = self.rung.lock();
        let until = Instant::now() + AT_LEAST_EVERY;
        while !rung.committed && !rung.stop && !self.rings.wait_until(&mut rung, until).timed_out() {}
        rung.committed = false;
        !rung.stop
    }

    /// Rests. Says whether to go on.
    fn rest(&self, time: Duration) -> bool {
        let mut rung = self.rung.lock();
        let until = Instant::now() + time;
        while !rung.stop && !self.rings.wait_until(&mut rung, until).timed_out() {}
        !rung.stop
    }
}

/// Runs until the bell says stop.
pub(super) fn run(lane: &StoreLane, store: &dyn Store) {
    while lane.bell.wait() && lane.bell.rest(AFTER_COMMIT) {
        loop {
            let began = Instant::now();
            // Upkeep that fails or panics is tried again; what is stored is not touched by that.
            let more = match catch_unwind(AssertUnwindSafe(|| store.maintain(AT_A_TIME))) {
                Ok(Ok(more)) => {
                    lane.looked_after(None);
                    more
                }
                Ok(Err(error)) => {
                    lane.looked_after(Some(&error));
                    false
                }
                Err(_) => {
                    lane.upkeep_panicked();
                    false
                }
            };
            let rest = if lane.is_filling() { REST_WHEN_BUSY } else { REST };
            if !more || !lane.bell.rest(began.elapsed() * rest) {
                break;
            }
        }
    }
}
