//! Which sessions changed since the sinks were last told.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::model::SessionId;

/// How many changed sessions are remembered by name. When there are more, the sinks look through the store instead.
pub(super) const MAX_CHANGED_SESSIONS: usize = 10_000;

/// What the store writer tells the thread of the sinks: cheap, coalesced, bounded.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    waiting: Mutex<Waiting>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    batch: Batch,
    /// How often something was told.
    number: u64,
    /// Somebody waits for the sinks.
    hurry: bool,
    /// Nothing more will be told.
    finished: bool,
}

/// Sessions to look at.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) changed: HashSet<SessionId>,
    pub(super) removed: HashSet<SessionId>,
    /// Too many changed to name them.
    pub(super) crowd: bool,
    /// The number of the last telling in it.
    pub(super) number: u64,
    /// Somebody waits for it.
    pub(super) hurry: bool,
    /// It is the last one.
    pub(super) last: bool,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty() && !self.crowd
    }

    /// Adds what was not done of an earlier batch.
    pub(super) fn add(&mut self, changed: impl IntoIterator<Item = SessionId>, removed: HashSet<SessionId>) {
        self.changed.extend(changed);
        self.removed.extend(removed);
        if self.changed.len() > MAX_CHANGED_SESSIONS {
            self.changed = HashSet::new();
            self.crowd = true;
        }
    }
}

impl Changed {
    /// These sessions have a commit behind them: they changed, or their traces moved into others.
    pub(crate) fn tell(&self, changed: HashSet<SessionId>, removed: &[SessionId]) {
        if changed.is_empty() && removed.is_empty() {
            return;
        }
        let mut waiting = self.waiting.lock();
        // One that comes back under the same id has changed.
        waiting.batch.removed.retain(|removed| !changed.contains(removed));
        waiting.batch.add(changed, removed.iter().cloned().collect());
        waiting.number += 1;
        drop(waiting);
        self.told.notify_all();
    }

    /// Nothing more will be told.
    pub(crate) fn finish(&self) {
        self.waiting.lock().finished = true;
        self.told.notify_all();
    }

    /// Asks for what was told until now to be done at once, and gives its number.
    pub(super) fn hurry(&self) -> u64 {
        let mut waiting = self.waiting.lock();
        waiting.hurry = true;
        let number = waiting.number;
        drop(waiting);
        self.told.notify_all();
        number
    }

    /// Puts back what could not be done.
    pub(super) fn put_back(&self, batch: Batch) {
        let mut waiting = self.waiting.lock();
        let changed: HashSet<_> =
            batch.changed.into_iter().filter(|id| !waiting.batch.removed.contains(id)).collect();
        let removed: HashSet<_> =
            batch.removed.into_iter().filter(|id| !waiting.batch.changed.contains(id)).collect();
        waiting.batch.add(changed, removed);
        waiting.batch.crowd |= batch.crowd;
    }

    /// What was told: as soon as something was and `pause` has passed, in which more is added to it, or somebody waits. An
    /// empty batch when nothing was told within `idle`.
    pub(super) fn take(&self, pause: Duration, idle: Duration) -> Batch {
        let mut waiting = self.waiting.lock();
        let until = Instant::now() + idle;
        while !waiting.is_pressing()
            && waiting.batch.is_empty()
            && !self.told.wait_until(&mut waiting, until).timed_out()
        {}
        let until = Instant::now() + pause;
        while !waiting.is_pressing()
            && !waiting.batch.is_empty()
            && !self.told.wait_until(&mut waiting, until).timed_out()
        {}
        let mut batch = std::mem::take(&mut waiting.batch);
        batch.number = waiting.number;
        batch.hurry = std::mem::take(&mut waiting.hurry);
        batch.last = waiting.finished;
        batch
    }
}

impl Waiting {
    fn is_pressing(&self) -> bool {
        self.hurry || self.finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn id(text: &str) -> SessionId {
        SessionId::parse(text).unwrap()
    }

    fn set(ids: &[&str]) -> HashSet<SessionId> {
        ids.iter().map(|text| id(text)).collect()
    }

    #[test]
    fn what_was_told_several_times_is_taken_once() {
        let changed = Changed::default();
        changed.tell(set(&["a", "b"]), &[]);
        changed.tell(set(&["b"]), &[id("c")]);
        let batch = changed.take(NOW, NOW);
        assert_eq!((batch.changed, batch.removed, batch.number), (set(&["a", "b"]), set(&["c"]), 2));
        assert!(changed.take(NOW, NOW).is_empty());
    }

    #[test]
    fn a_session_that_comes_back_is_not_removed_by_what_could_not_be_done() {
        let changed = Changed::default();
        changed.tell(HashSet::new(), &[id("a")]);
        let undone = changed.take(NOW, NOW);
        changed.tell(set(&["a"]), &[]);
        changed.put_back(undone);
        let batch = changed.take(NOW, NOW);
        assert_eq!((batch.changed, batch.removed), (set(&["a"]), set(&[])));
    }

    #[test]
    fn too_many_sessions_are_a_crowd_without_names() {
        let changed = Changed::default();
        for number in 0..=MAX_CHANGED_SESSIONS {
            changed.tell(set(&[&format!("s{number}")]), &[]);
        }
        let batch = changed.take(NOW, NOW);
        assert!(batch.crowd && batch.changed.len() <= 1);
    }
}
