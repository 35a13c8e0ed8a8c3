//! Who waits for the next event, or for a turn to be given more, and who of them is woken when.
//!
//! A reader of one session is woken when something of it comes, and sleeps through whatever others do.
//!
//! Few are woken all at once. A crowd would stand in the runtime's queue before whatever else the host has to do, thousands of writes
//! long, so it stands in a line of our own: whoever has read and waits again lets the next one go, which is as fast as the runtime
//! is, and the pump lets a few more go at each of its ticks, in case those before are held up.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use super::sync::Mutex;
use crate::model::{EventFrame, SessionId};

/// How many readers of a crowd are woken at once for what is new: half a millisecond of writing, which is what the host's own
/// tasks then wait behind them. So many readers in all are no crowd.
pub(crate) const WOKEN_AT_ONCE: usize = 64;

/// How many readers that have more to read than one message are at it at once. A full message takes several times as long to
/// write as an event does.
pub(crate) const GIVEN_AT_ONCE: usize = 8;

/// What a reader waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    News,
    More,
}

/// The wakers of the readers that wait, one place for each reader.
#[derive(Debug)]
pub(super) struct Waiting {
    places: Mutex<Places>,
}

#[derive(Debug)]
struct Places {
    places: Vec<Place>,
    free: Vec<usize>,
    of_everything: Group,
    of_session: HashMap<SessionId, Group>,
    publications: u64,
    news: Line,
    more: Line,
}

/// The readers that want the same.
#[derive(Debug, Default)]
struct Group {
    places: Vec<usize>,
    /// For which publication they were put into the line.
    marked: u64,
}

/// Readers that are woken one after the other.
#[derive(Debug)]
struct Line {
    waiting: VecDeque<usize>,
    at_once: usize,
    /// How many were woken in this round and are not done.
    under_way: usize,
    round: u64,
}

#[derive(Debug, Default)]
struct Place {
    /// The session that it is of; none when it is of everything.
    of: Option<SessionId>,
    waker: Option<Waker>,
    /// In which line it stands.
    stands: Option<For>,
    /// Out of which line it was woken, and in which round, until it is done.
    woken: Option<(For, u64)>,
}

impl Waiting {
    /// At most so many are woken at once for what is new, and to be given more.
    pub(super) fn new(woken_at_once: usize, given_at_once: usize) -> Self {
        let line = |at_once| Line { waiting: VecDeque::new(), at_once, under_way: 0, round: 0 };
        let places = Places {
            places: Vec::new(),
            free: Vec::new(),
            of_everything: Group::default(),
            of_session: HashMap::new(),
            publications: 0,
            news: line(woken_at_once),
            more: line(given_at_once),
        };
        Self { places: Mutex::new(places) }
    }

    /// A place for one more reader, which is woken for everything or for one session.
    pub(super) fn enter(&self, of: Option<SessionId>) -> usize {
        let mut places = self.places.lock();
        let place = places.free.pop().unwrap_or(places.places.len());
        if place == places.places.len() {
            places.places.push(Place::default());
        }
        places.group(of.as_ref()).places.push(place);
        places.places[place].of = of;
        place
    }

    /// Gives a place back.
    pub(super) fn leave(&self, place: usize) {
        let mut places = self.places.lock();
        let next = places.done(place);
        let left = places.take_out(place);
        drop(places);
        // Foreign code may come back to us.
        next.into_iter().for_each(Waker::wake);
        drop(left);
    }

    /// Wakes this one when something comes. Whoever calls it looks once more afterwards: what came before is not told.
    pub(super) fn wait(&self, place: usize, waker: &Waker) {
        let mut places = self.places.lock();
        let next = places.done(place);
        let replaced = places.places[place].remember(waker);
        drop(places);
        next.into_iter().for_each(Waker::wake);
        drop(replaced);
    }

    /// Whether it is this one's turn to be given more; it is woken when it is. `asked`: whether it has asked for this turn before.
    pub(super) fn turn(&self, place: usize, waker: &Waker, asked: bool) -> bool {
        let mut places = self.places.lock();
        let mut next = Vec::new();
        if !asked {
            next = places.done(place);
            if places.places[place].stands == Some(For::News) {
                places.news.waiting.retain(|other| *other != place);
            }
            places.places[place].stands = Some(For::More);
            places.more.waiting.push_back(place);
        } else if places.places[place].stands != Some(For::More) {
            return true;
        }
        let replaced = places.places[place].remember(waker);
        next.extend(places.let_go(For::More));
        drop(places);
        next.into_iter().for_each(Waker::wake);
        drop(replaced);
        false
    }

    /// Wakes those that wait now and want any of these frames: at once when they are few, and one after the other when they are
    /// many.
    pub(super) fn wake(&self, frames: &[Arc<EventFrame>]) {
        let mut places = self.places.lock();
        places.mark(frames);
        let is_crowd = places.news.waiting.len() > places.news.at_once;
        let woken = if is_crowd {
            places.let_go(For::News)
        } else {
            std::iter::from_fn(|| places.next(For::News)).collect()
        };
        drop(places);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Wakes the next few of each line, whatever became of those before; whether more are left after that.
    pub(super) fn wake_slice(&self) -> bool {
        let mut places = self.places.lock();
        let mut woken = Vec::new();
        for line in [For::News, For::More] {
            if !places.line(line).waiting.is_empty() {
                places.line(line).round += 1;
                places.line(line).under_way = 0;
                woken.extend(places.let_go(line));
            }
        }
        let more = !(places.news.waiting.is_empty() && places.more.waiting.is_empty());
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

impl Place {
    /// Keeps the waker; gives back the one before.
    fn remember(&mut self, waker: &Waker) -> Option<Waker> {
        let is_known = self.waker.as_ref().is_some_and(|known| known.will_wake(waker));
        if is_known { None } else { self.waker.replace(waker.clone()) }
    }
}

impl Places {
    fn group(&mut self, of: Option<&SessionId>) -> &mut Group {
        match of {
            Some(session) => self.of_session.entry(session.clone()).or_default(),
            None => &mut self.of_everything,
        }
    }

    fn line(&mut self, line: For) -> &mut Line {
        match line {
            For::News => &mut self.news,
            For::More => &mut self.more,
        }
    }

    /// Takes a place out of its group and out of the line in which it stands.
    fn take_out(&mut self, at: usize) -> Place {
        let place = std::mem::take(&mut self.places[at]);
        let group = self.group(place.of.as_ref());
        group.places.retain(|other| *other != at);
        if group.places.is_empty()
            && let Some(session) = &place.of
        {
            self.of_session.remove(session);
        }
        if let Some(line) = place.stands {
            self.line(line).waiting.retain(|other| *other != at);
        }
        self.free.push(at);
        place
    }

    /// Puts those into the line that wait and want any of these frames.
    fn mark(&mut self, frames: &[Arc<EventFrame>]) {
        self.publications += 1;
        let Self { places, of_everything, of_session, news, publications, .. } = self;
        let mut mark = |group: &mut Group| {
            if group.marked == *publications {
                return;
            }
            group.marked = *publications;
            for &at in &group.places {
                let place = &mut places[at];
                if place.waker.is_some() && place.stands.is_none() {
                    place.stands = Some(For::News);
                    news.waiting.push_back(at);
                }
            }
        };
        mark(of_everything);
        if of_session.is_empty() {
            return;
        }
        if frames.iter().any(|frame| frame.is_gap()) {
            of_session.values_mut().for_each(mark);
            return;
        }
        for frame in frames {
            if let Some(group) = frame.session_id.as_ref().and_then(|session| of_session.get_mut(session)) {
                mark(group);
            }
        }
    }

    fn all(&mut self) -> Vec<Waker> {
        self.news.waiting.clear();
        self.more.waiting.clear();
        let waits = |place: &mut Place| {
            place.stands = None;
            place.waker.take()
        };
        self.places.iter_mut().filter_map(waits).collect()
    }

    /// The next one of a line that waits; it is under way then.
    fn next(&mut self, line: For) -> Option<Waker> {
        while let Some(at) = self.line(line).waiting.pop_front() {
            let round = self.line(line).round;
            let place = &mut self.places[at];
            place.stands = None;
            if let Some(waker) = place.waker.take() {
                place.woken = Some((line, round));
                self.line(line).under_way += 1;
                return Some(waker);
            }
        }
        None
    }

    /// As many of a line as may be under way beside those that are.
    fn let_go(&mut self, line: For) -> Vec<Waker> {
        let mut woken = Vec::new();
        while self.line(line).under_way < self.line(line).at_once
            && let Some(waker) = self.next(line)
        {
            woken.push(waker);
        }
        woken
    }

    /// Notes that what a reader was woken for is done; gives those that go in its place. Was it woken in a round before, others
    /// have gone already.
    fn done(&mut self, at: usize) -> Vec<Waker> {
        let Some((line, round)) = self.places[at].woken.take() else { return Vec::new() };
        if round != self.line(line).round {
            return Vec::new();
        }
        self.line(line).under_way -= 1;
        self.let_go(line)
    }
}
