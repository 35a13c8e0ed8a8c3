//! The place where one answer meets the one who waits for it.
//!
//! Several may answer, time may run out, the waiting task may be dropped, all at once: exactly one of these ends the wait,
//! and whoever was told that an answer was taken can rely on it that the waiting side gets it.

use std::task::{Poll, Waker};

use super::sync::Mutex;

/// One wait's state.
#[derive(Debug)]
pub(super) struct Slot<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
enum State<T> {
    /// Nobody answered yet; whom to wake.
    Open(Option<Waker>),
    /// Answered, and not fetched yet.
    Filled(T),
    /// Fetched, or given up.
    Over,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State::Open(None)) }
    }
}

impl<T> Slot<T> {
    /// Answers; gives the answer back when the wait was over already.
    pub(super) fn fill(&self, answer: T) -> Result<(), T> {
        let mut state = self.state.lock();
        let State::Open(waker) = &mut *state else { return Err(answer) };
        let waker = waker.take();
        *state = State::Filled(answer);
        drop(state);
        // Outside the lock: a waker may run what it wakes at once.
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// The answer, when it is there; otherwise `waker` is woken when it comes.
    pub(super) fn poll(&self, waker: &Waker) -> Poll<T> {
        let mut state = self.state.lock();
        match &mut *state {
            State::Open(known) => {
                if known.as_ref().is_none_or(|known| !known.will_wake(waker)) {
                    *known = Some(waker.clone());
                }
                Poll::Pending
            }
            State::Filled(_) => match std::mem::replace(&mut *state, State::Over) {
                State::Filled(answer) => Poll::Ready(answer),
                State::Open(_) | State::Over => Poll::Pending,
            },
            // Whoever fetched it does not ask again.
            State::Over => Poll::Pending,
        }
    }

    /// Gives the wait up. An answer that was taken before is given, for it counts.
    pub(super) fn give_up(&self) -> Option<T> {
        match std::mem::replace(&mut *self.state.lock(), State::Over) {
            State::Filled(answer) => Some(answer),
            State::Open(_) | State::Over => None,
        }
    }
}

#[cfg(all(test, inspector_loom))]
mod tests {
    use std::future::poll_fn;

    use loom::sync::Arc;
    use loom::{future, model, thread};

    use super::*;

    #[test]
    fn exactly_one_of_two_answers_wins_and_the_waiting_side_gets_that_one() {
        model(|| {
            let slot = Arc::new(Slot::default());
            let answer = |number| {
                let slot = Arc::clone(&slot);
                thread::spawn(move || slot.fill(number).is_ok())
            };
            let (one, two) = (answer(1), answer(2));
            let got = future::block_on(poll_fn(|cx| slot.poll(cx.waker())));
            let (one, two) = (one.join().unwrap(), two.join().unwrap());
            assert!(one != two, "one and only one");
            assert_eq!(got, if one { 1 } else { 2 });
        });
    }

    #[test]
    fn an_answer_that_was_taken_is_never_lost_to_a_time_out() {
        model(|| {
            let slot = Arc::new(Slot::default());
            let answering = {
                let slot = Arc::clone(&slot);
                thread::spawn(move || slot.fill(1).is_ok())
            };
            let late = slot.give_up();
            assert_eq!(answering.join().unwrap(), late.is_some());
            assert_eq!(slot.fill(2), Err(2), "it is over");
        });
    }

    #[test]
    fn a_wake_up_is_never_lost_whoever_polls_last() {
        model(|| {
            let slot = Arc::new(Slot::default());
            let answering = {
                let slot = Arc::clone(&slot);
                thread::spawn(move || assert!(slot.fill(7).is_ok()))
            };
            // A task that moved: it was polled with another waker before.
            let _ = future::block_on(poll_fn(|cx| match slot.poll(Waker::noop()) {
                Poll::Ready(found) => Poll::Ready(found),
                Poll::Pending => slot.poll(cx.waker()),
            }));
            answering.join().unwrap();
        });
    }
}
