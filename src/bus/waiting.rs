//! Who waits for the next event, and who of them is woken when.
//!
//! Few are woken all at once. A crowd would stand in the runtime's queue before whatever else the host has to do, thousands of writes
//! long, so it is woken a slice at a time: whoever has read and waits again wakes the next one, which goes as fast as the runtime
//! does, and the pump wakes another slice at each of its ticks, in case those of the slice before are held up.

use std::task::Waker;

use super::sync::Mutex;

/// How many readers of a crowd are woken at once: half a millisecond of writing, which is what the host's own tasks then wait
/// behind them. So many readers in all are no crowd.
pub(crate) const WOKEN_AT_ONCE: usize = 64;

/// The wakers of the readers that wait, one place for each reader.
#[derive(Debug)]
pub(super) struct Waiting {
    places: Mutex<Places>,
    at_once: usize,
}

#[derive(Debug, Default)]
struct Places {
    places: Vec<Place>,
    free: Vec<usize>,
    /// Where the round goes on, and how many places it has yet to look at.
    next: usize,
    left: usize,
    slice: u64,
}

#[derive(Debug, Default)]
struct Place {
    waker: Option<Waker>,
    /// The slice in which it was woken, until it has waked another one for it.
    woken: Option<u64>,
}

impl Waiting {
    /// Of more than `at_once` readers, so many are woken at once.
    pub(super) fn new(at_once: usize) -> Self {
        Self { places: Mutex::new(Places::default()), at_once }
    }

    /// A place for one more reader.
    pub(super) fn enter(&self) -> usize {
        let mut places = self.places.lock();
        places.free.pop().unwrap_or_else(|| {
            places.places.push(Place::default());
            places.places.len() - 1
        })
    }

    /// Gives a place back.
    pub(super) fn leave(&self, place: usize) {
        let mut places = self.places.lock();
        let left = std::mem::take(&mut places.places[place]);
        places.free.push(place);
        let next = places.after(left.woken);
        drop(places);
        // Foreign code may come back to us.
        next.into_iter().for_each(Waker::wake);
        drop(left);
    }

    /// Wakes this one when something comes. Whoever calls it looks once more afterwards: what came before is not told.
    pub(super) fn wait(&self, place: usize, waker: &Waker) {
        let mut places = self.places.lock();
        let known = &mut places.places[place];
        let woken = known.woken.take();
        let is_known = known.waker.as_ref().is_some_and(|known| known.will_wake(waker));
        let replaced = if is_known { None } else { known.waker.replace(waker.clone()) };
        let next = places.after(woken);
        drop(places);
        next.into_iter().for_each(Waker::wake);
        drop(replaced);
    }

    /// Has all woken that wait now: at once when they are few, and slice by slice as [`wake_slice`](Self::wake_slice) is called
    /// when they are many.
    pub(super) fn wake(&self) {
        let mut places = self.places.lock();
        if places.places.len() - places.free.len() > self.at_once {
            places.left = places.places.len();
            return;
        }
        let woken = places.all();
        drop(places);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Wakes the next few of a crowd; whether more are left after that.
    pub(super) fn wake_slice(&self) -> bool {
        let mut places = self.places.lock();
        if places.left == 0 {
            return false;
        }
        places.slice += 1;
        let mut woken = Vec::with_capacity(self.at_once);
        while woken.len() < self.at_once
            && let Some(waker) = places.next()
        {
            woken.push(waker);
        }
        let more = places.left > 0;
        drop(places);
        woken.into_iter().for_each(Waker::wake);
        more
    }

    /// Wakes all that wait.
    pub(super) fn wake_all(&self) {
        let woken = self.places.lock().all();
        woken.into_iter().for_each(Waker::wake);
    }
}

impl Places {
    fn all(&mut self) -> Vec<Waker> {
        self.left = 0;
        self.places.iter_mut().filter_map(|place| place.waker.take()).collect()
    }

    /// The next one of the round that waits.
    fn next(&mut self) -> Option<Waker> {
        while self.left > 0 {
            self.left -= 1;
            self.next = (self.next + 1) % self.places.len();
            let place = &mut self.places[self.next];
            if let Some(waker) = place.waker.take() {
                place.woken = Some(self.slice);
                return Some(waker);
            }
        }
        None
    }

    /// The one to be woken by a reader that was woken in this slice and is done. When that was long ago, another slice has taken
    /// its turn.
    fn after(&mut self, slice: Option<u64>) -> Option<Waker> {
        if slice? + 1 >= self.slice { self.next() } else { None }
    }
}
