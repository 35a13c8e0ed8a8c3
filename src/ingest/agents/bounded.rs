//! A map that forgets.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// How much one remembers.
const MOST: usize = 4096;

/// A map of at most [`MOST`] things; the one that was put in first is forgotten for another.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    known: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { known: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.known.get(key)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.order.clear();
    }

    /// Puts something in that is not known yet.
    pub(super) fn put(&mut self, key: K, value: V) {
        if self.known.contains_key(&key) {
            return;
        }
        if self.order.len() >= MOST {
            self.order.pop_front().and_then(|oldest| self.known.remove(&oldest));
        }
        self.order.push_back(key.clone());
        self.known.insert(key, value);
    }

    pub(super) fn take(&mut self, key: &K) -> Option<V> {
        let value = self.known.remove(key)?;
        self.order.retain(|known| known != key);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_first_is_forgotten_and_what_is_known_stays() {
        let mut known = Bounded::default();
        for number in 0..=MOST {
            known.put(number, number);
            known.put(number, 0);
        }
        assert_eq!((known.get(&0), known.get(&1), known.get(&MOST)), (None, Some(&1), Some(&MOST)));
        assert_eq!((known.take(&1), known.take(&1), known.order.len()), (Some(1), None, MOST - 1));
    }
}
