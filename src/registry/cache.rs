//! What a registry said, for a while.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::RegistryError;

/// How many lists of one registry are kept at most: one for each filter and page that is looked at.
pub const REGISTRY_CACHED_LISTS: usize = 32;

/// How many answers about single sessions of one registry are kept at most.
pub const REGISTRY_CACHED_GETS: usize = 512;

/// How many trees of spans of one registry are kept at most: those that a few people look at.
pub const REGISTRY_CACHED_TREES: usize = 4;

/// How long the last good answer of a registry that fails is shown, with a note that says so.
pub const REGISTRY_SHOWN_FOR: Duration = Duration::from_secs(300);

/// What a call gave.
pub(super) type Answer<V> = Result<Arc<V>, RegistryError>;

/// Where a call that is under way leaves its answer.
pub(super) type Flight<V> = watch::Receiver<Option<Answer<V>>>;

/// Answers by question. Few enough to be looked through; the one that was touched longest ago goes first.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    entries: VecDeque<Entry<K, V>>,
    most: usize,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    good: Option<(Instant, Arc<V>)>,
    /// The last answer of any kind, while it may be used again.
    last: Option<(Instant, Answer<V>)>,
    flight: Option<Flight<V>>,
}

impl<K: PartialEq + Clone, V> Cache<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: VecDeque::new(), most }
    }

    fn entry(&self, key: &K) -> Option<&Entry<K, V>> {
        self.entries.iter().find(|entry| entry.key == *key)
    }

    fn entry_mut(&mut self, key: &K) -> &mut Entry<K, V> {
        let entry = match self.entries.iter().position(|entry| entry.key == *key) {
            Some(at) => self.entries.remove(at),
            None => None,
        };
        let entry = entry.unwrap_or_else(|| Entry { key: key.clone(), good: None, last: None, flight: None });
        if self.entries.len() == self.most {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        let last = self.entries.len() - 1;
        &mut self.entries[last]
    }

    /// The last answer, good or not, when it is younger than `reuse`.
    pub(super) fn fresh(&self, key: &K, reuse: Duration) -> Option<Answer<V>> {
        let (at, answer) = self.entry(key)?.last.as_ref()?;
        (at.elapsed() < reuse).then(|| answer.clone())
    }

    /// The call that is under way for this question.
    pub(super) fn flight(&self, key: &K) -> Option<Flight<V>> {
        let flight = self.entry(key)?.flight.as_ref()?;
        // One whose other end is gone, with its runtime, gives no answer any more.
        flight.has_changed().is_ok().then(|| flight.clone())
    }

    pub(super) fn took_off(&mut self, key: &K, flight: Flight<V>) {
        self.entry_mut(key).flight = Some(flight);
    }

    /// Keeps the answer of a call. One that was outdated on its way is only kept to be shown.
    pub(super) fn landed(&mut self, key: &K, flight: &Flight<V>, answer: Answer<V>) {
        let now = Instant::now();
        let entry = self.entry_mut(key);
        if let Ok(found) = &answer {
            entry.good = Some((now, Arc::clone(found)));
        }
        if entry.flight.take_if(|current| current.same_channel(flight)).is_some() {
            entry.last = Some((now, answer));
        }
    }

    /// The last good answer and its age, unless it is too old to be shown.
    pub(super) fn shown(&self, key: &K) -> Option<(Duration, Arc<V>)> {
        young_enough(self.entry(key)?.good.as_ref()?)
    }

    /// The last good answers to all questions, those touched last first.
    pub(super) fn all_shown(&self) -> impl Iterator<Item = (Duration, Arc<V>)> {
        self.entries.iter().rev().filter_map(|entry| young_enough(entry.good.as_ref()?))
    }

    /// Nothing that was answered until now is used again, except where there is nothing better.
    pub(super) fn outdate(&mut self) {
        for entry in &mut self.entries {
            entry.last = None;
            // An answer that is on its way may have been given before.
            entry.flight = None;
        }
    }
}

fn young_enough<V>((at, found): &(Instant, Arc<V>)) -> Option<(Duration, Arc<V>)> {
    let age = at.elapsed();
    (age < REGISTRY_SHOWN_FOR).then(|| (age, Arc::clone(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn ask(cache: &mut Cache<u8, u8>, key: u8, answer: Result<u8, &str>) -> Flight<u8> {
        let flight = watch::Sender::new(None).subscribe();
        cache.took_off(&key, flight.clone());
        cache.landed(&key, &flight, answer.map(Arc::new).map_err(RegistryError::new));
        flight
    }

    fn shown(cache: &Cache<u8, u8>, key: u8) -> Option<u8> {
        cache.shown(&key).map(|(_, found)| *found)
    }

    #[test]
    fn a_failure_is_used_again_and_the_good_answer_before_it_is_still_there_to_be_shown() {
        let mut cache = Cache::new(2);
        ask(&mut cache, 1, Ok(7));
        ask(&mut cache, 1, Err("down"));
        assert_eq!(cache.fresh(&1, LONG), Some(Err(RegistryError::new("down"))));
        assert_eq!((cache.fresh(&1, Duration::ZERO), shown(&cache, 1)), (None, Some(7)));
    }

    #[test]
    fn what_was_said_before_an_action_is_shown_but_not_used_again_even_when_it_arrives_after_it() {
        let mut cache = Cache::new(2);
        let flight = ask(&mut cache, 1, Ok(7));
        cache.took_off(&1, flight.clone());
        cache.outdate();
        cache.landed(&1, &flight, Ok(Arc::new(8)));
        assert_eq!((cache.fresh(&1, LONG), shown(&cache, 1)), (None, Some(8)));
    }

    #[test]
    fn what_was_touched_longest_ago_goes_first() {
        let mut cache = Cache::new(2);
        for key in [1, 2, 1, 3] {
            ask(&mut cache, key, Ok(key));
        }
        assert_eq!([1, 2, 3].map(|key| shown(&cache, key).is_some()), [true, false, true]);
    }
}
