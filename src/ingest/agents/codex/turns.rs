//! Turns: hooks and spans name them, log records only have their trace, and printed lines nothing.

use std::collections::VecDeque;
use std::time::Duration;

use super::calls;
use crate::model::{Timestamp, TraceId};

/// How far the beginnings of one turn may lie apart, as two ways report it.
const NEAR: Duration = Duration::from_secs(5);

/// How many turns of a session are remembered.
const MOST: usize = 64;

/// The turns of a session, of its own thread and of its sub-agents'.
#[derive(Debug, Default)]
pub(super) struct Turns(VecDeque<Turn>);

#[derive(Debug)]
struct Turn {
    call_id: String,
    thread: String,
    id: Option<String>,
    trace: Option<TraceId>,
    start: Timestamp,
    /// Lines were printed of it.
    printed: bool,
}

/// What a report says of which turn it is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) thread: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) trace: Option<TraceId>,
}

impl Turns {
    /// The call id of the turn that a report is of, which began about then; a new one, when none fits.
    pub(super) fn named(&mut self, named: Named<'_>, start: Timestamp) -> String {
        let Named { thread, id, trace } = named;
        let same = |turn: &Turn| turn.thread == thread;
        let by_id = || self.0.iter().position(|turn| id.is_some() && turn.id.as_deref() == id);
        let free = |turn: &Turn| id.is_none() || turn.id.is_none();
        let by_trace = || {
            self.0.iter().position(|turn| same(turn) && trace.is_some() && turn.trace == trace && free(turn))
        };
        let by_time = || {
            let fits = |turn: &Turn| {
                same(turn)
                    && free(turn)
                    && (trace.is_none() || turn.trace.is_none())
                    && apart(turn.start, start) <= NEAR
            };
            let near = self.0.iter().enumerate().filter(|(_, turn)| fits(turn));
            near.min_by_key(|(_, turn)| apart(turn.start, start)).map(|(at, _)| at)
        };
        match by_id().or_else(by_trace).or_else(by_time) {
            Some(at) => {
                let turn = &mut self.0[at];
                turn.id = turn.id.take().or_else(|| id.map(str::to_owned));
                turn.trace = turn.trace.or(trace);
                turn.start = turn.start.min(start);
                turn.call_id.clone()
            }
            None => self.begin(named, start),
        }
    }

    fn begin(&mut self, Named { thread, id, trace }: Named<'_>, start: Timestamp) -> String {
        let call_id =
            calls::turn(&id.map_or_else(|| format!("{thread}:{}", start.as_nanos()), str::to_owned));
        let (thread, id) = (thread.to_owned(), id.map(str::to_owned));
        self.0.push_back(Turn { call_id: call_id.clone(), thread, id, trace, start, printed: false });
        if self.0.len() > MOST {
            self.0.pop_front();
        }
        call_id
    }

    /// The turn that was under way in a thread at a moment: the newest that had begun.
    pub(super) fn at(&self, thread: &str, at: Timestamp) -> Option<String> {
        let of_thread = || self.0.iter().filter(|turn| turn.thread == thread);
        let begun = of_thread().filter(|turn| turn.start <= at).max_by_key(|turn| turn.start);
        begun.or_else(|| of_thread().min_by_key(|turn| turn.start)).map(|turn| turn.call_id.clone())
    }

    /// When a turn began, as far as is known.
    pub(super) fn start_of(&self, call_id: &str) -> Option<Timestamp> {
        self.0.iter().find(|turn| turn.call_id == call_id).map(|turn| turn.start)
    }

    /// The turn that the line `turn.started` is of: the newest that no line told of yet.
    pub(super) fn printed(&mut self, thread: &str, at: Timestamp) -> String {
        let known = self.0.iter_mut().rev().find(|turn| turn.thread == thread && !turn.printed);
        let call_id = match known {
            Some(turn) => turn.call_id.clone(),
            None => self.begin(Named { thread, id: None, trace: None }, at),
        };
        if let Some(turn) = self.0.iter_mut().find(|turn| turn.call_id == call_id) {
            turn.printed = true;
        }
        call_id
    }

    /// The turn that lines told of last.
    pub(super) fn last_printed(&self, thread: &str) -> Option<String> {
        self.0
            .iter()
            .rev()
            .find(|turn| turn.thread == thread && turn.printed)
            .map(|turn| turn.call_id.clone())
    }
}

fn apart(a: Timestamp, b: Timestamp) -> Duration {
    a.since(b).max(b.since(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_millis(1_000_000 + millis))
    }

    fn named<'a>(id: Option<&'a str>, trace: Option<u8>) -> Named<'a> {
        Named { thread: "t", id, trace: trace.and_then(|trace| TraceId::from_bytes([trace; 16])) }
    }

    #[test]
    fn a_turn_is_one_however_it_is_named() {
        let mut turns = Turns::default();
        let by_hook = turns.named(named(Some("1"), None), at(0));
        assert_eq!(turns.named(named(None, Some(7)), at(90)), by_hook, "a log record, soon after");
        assert_eq!(turns.named(named(None, Some(7)), at(90_000)), by_hook, "the same trace");
        assert_eq!(turns.named(named(Some("1"), Some(7)), at(80_000)), by_hook);
        assert_ne!(turns.named(named(Some("2"), None), at(100)), by_hook, "another id");
        assert_ne!(turns.named(named(None, Some(8)), at(200_000)), by_hook, "another trace, later");
    }

    #[test]
    fn a_turn_that_only_its_trace_named_is_the_one_that_has_the_id_later() {
        let mut turns = Turns::default();
        let by_log = turns.named(named(None, Some(7)), at(0));
        assert_eq!(turns.named(named(Some("1"), Some(7)), at(60_000)), by_log);
        assert_eq!(turns.at("t", at(61_000)), Some(by_log.clone()));
        assert_eq!(
            (turns.printed("t", at(62_000)), turns.last_printed("t")),
            (by_log.clone(), Some(by_log.clone()))
        );
        assert_ne!(turns.printed("t", at(63_000)), by_log, "the next line of that kind is of the next turn");
    }
}
