//! Small facts that are worth remembering, and not many of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Facts by name, with when they were learnt. When it is full, the oldest goes.
#[derive(Debug)]
pub(super) struct Kept<V> {
    facts: Mutex<HashMap<String, (Instant, V)>>,
    most: usize,
}

impl<V: Clone> Kept<V> {
    pub(super) fn new(most: usize) -> Self {
        Self { facts: Mutex::default(), most }
    }

    /// The fact, and how old it is.
    pub(super) fn get(&self, name: &str) -> Option<(Duration, V)> {
        self.facts.lock().get(name).map(|(at, fact)| (at.elapsed(), fact.clone()))
    }

    /// The fact, unless it is older than `age`.
    pub(super) fn fresh(&self, name: &str, age: Duration) -> Option<V> {
        self.get(name).filter(|(old, _)| *old < age).map(|(_, fact)| fact)
    }

    pub(super) fn put(&self, name: &str, fact: V) {
        let mut facts = self.facts.lock();
        if facts.len() >= self.most && !facts.contains_key(name) {
            let oldest = facts.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
            oldest.map(|oldest| facts.remove(&oldest));
        }
        facts.insert(name.to_owned(), (Instant::now(), fact));
    }

    pub(super) fn forget(&self, name: &str) {
        self.facts.lock().remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_it_is_full() {
        let kept = Kept::new(2);
        for name in ["a", "b", "a", "c"] {
            kept.put(name, name.to_owned());
        }
        assert_eq!(["a", "b", "c"].map(|name| kept.get(name).is_some()), [true, false, true]);
        assert_eq!(kept.fresh("a", Duration::ZERO), None);
        kept.forget("a");
        assert!(kept.get("a").is_none());
    }
}
