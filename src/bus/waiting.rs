//! Who waits for the next event.

use std::task::Waker;

use super::sync::Mutex;

/// The wakers of the readers that wait, one place for each reader.
#[derive(Debug)]
pub(super) struct Waiting(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Places::default()))
    }

    /// A place for one more reader.
    pub(super) fn enter(&self) -> usize {
        let mut places = self.0.lock();
        places.free.pop().unwrap_or_else(|| {
            places.wakers.push(None);
            places.wakers.len() - 1
        })
    }

    /// Gives a place back.
    pub(super) fn leave(&self, place: usize) {
        let mut places = self.0.lock();
        let waker = places.wakers[place].take();
        places.free.push(place);
        drop(places);
        // Dropping it may run foreign code.
        drop(waker);
    }

    /// Wakes this one when something comes. Whoever calls it looks once more afterwards: what came before is not told.
    pub(super) fn wait(&self, place: usize, waker: &Waker) {
        let mut places = self.0.lock();
        let known = &mut places.wakers[place];
        if known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return;
        }
        let replaced = known.replace(waker.clone());
        drop(places);
        drop(replaced);
    }

    /// Wakes all that wait.
    pub(super) fn wake_all(&self) {
        let mut places = self.0.lock();
        let woken: Vec<Waker> = places.wakers.iter_mut().filter_map(Option::take).collect();
        // Waking runs foreign code, which may come back to us.
        drop(places);
        woken.into_iter().for_each(Waker::wake);
    }
}
