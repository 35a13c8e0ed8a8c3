//! Every order in which the pump and the readers may run, one after the other.
//!
//! ```sh
//! make loom
//! ```

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::thread;

use super::waiting::Waiting;
use super::{Batch, Bus, Reader};
use crate::model::{EventFrame, EventId, SessionId};

/// How often a thread may be interrupted where it need not be. Races show with two; every more takes ten times as long.
const PREEMPTIONS: usize = 2;

fn check(body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(PREEMPTIONS);
    model.check(body);
}

fn frame(id: u64) -> Arc<EventFrame> {
    Arc::new(EventFrame::from_json(EventId(id), None, "Custom".into(), b"{}"))
}

fn next(reader: &mut Reader) -> Option<Batch> {
    block_on(poll_fn(|context| reader.poll_batch(context, 8, |_| true)))
}

/// Reads until everything up to `last` is accounted for; gives what was got and what was missed.
fn read_until(reader: &mut Reader, last: u64) -> (Vec<u64>, u64) {
    let (mut got, mut missed) = (Vec::new(), 0);
    while reader.position().0 < last {
        let batch = next(reader).expect("the bus is open");
        if let Some(gap) = batch.missed {
            assert_eq!(gap.from, reader.position().next());
            missed += gap.to.0 + 1 - gap.from.0;
            reader.seek(gap.to);
        } else {
            got.extend(batch.frames.iter().map(|frame| frame.id.0));
        }
    }
    (got, missed)
}

#[test]
fn a_reader_that_waits_is_woken_by_every_publication() {
    check(|| {
        let bus = Arc::new(Bus::new(EventId(0), 8, usize::MAX));
        let pump = thread::spawn({
            let bus = Arc::clone(&bus);
            move || {
                bus.publish(&[frame(1)]);
                bus.publish(&[frame(2), frame(3)]);
            }
        });
        let mut reader = bus.reader(EventId(0), None);
        assert_eq!(read_until(&mut reader, 3), (vec![1, 2, 3], 0));
        pump.join().unwrap();
    });
}

#[test]
fn a_reader_of_one_session_is_woken_by_what_is_told_of_it() {
    check(|| {
        let session = SessionId::parse("one").unwrap();
        let of = |id, session: &SessionId| {
            Arc::new(EventFrame::from_json(EventId(id), Some(session.clone()), "Custom".into(), b"{}"))
        };
        let bus = Arc::new(Bus::new(EventId(0), 1, usize::MAX));
        let mut reader = bus.reader(EventId(0), Some(session.clone()));
        let pump = thread::spawn({
            let bus = Arc::clone(&bus);
            move || {
                bus.publish(&[frame(1)]);
                bus.publish(&[of(2, &session)]);
            }
        });
        assert_eq!(read_until(&mut reader, 2), (vec![2], 0));
        pump.join().unwrap();
    });
}

#[test]
fn two_readers_get_the_same_in_the_same_order() {
    check(|| {
        let bus = Arc::new(Bus::new(EventId(0), 8, usize::MAX));
        let other = thread::spawn({
            let mut reader = bus.reader(EventId(0), None);
            move || read_until(&mut reader, 2)
        });
        let mut reader = bus.reader(EventId(1), None);
        bus.publish(&[frame(1)]);
        bus.publish(&[frame(2)]);
        assert_eq!(read_until(&mut reader, 2), (vec![2], 0));
        assert_eq!(other.join().unwrap(), (vec![1, 2], 0));
    });
}

#[test]
fn what_a_lapped_reader_did_not_get_it_is_told_to_have_missed() {
    check(|| {
        let bus = Arc::new(Bus::new(EventId(0), 1, usize::MAX));
        let pump = thread::spawn({
            let bus = Arc::clone(&bus);
            move || (1..=3).for_each(|id| bus.publish(&[frame(id)]))
        });
        let mut reader = bus.reader(EventId(0), None);
        let (got, missed) = read_until(&mut reader, 3);
        assert_eq!(got.len() as u64 + missed, 3);
        assert!(got.is_sorted() && got.last() == Some(&3), "the newest is always had: {got:?}");
        pump.join().unwrap();
    });
}

#[test]
fn closing_ends_a_reader_that_waits_and_one_that_comes_later() {
    check(|| {
        let bus = Arc::new(Bus::new(EventId(0), 8, usize::MAX));
        let closing = thread::spawn({
            let bus = Arc::clone(&bus);
            move || bus.close()
        });
        let mut reader = bus.reader(EventId(0), None);
        assert!(next(&mut reader).is_none());
        closing.join().unwrap();
        assert!(next(&mut bus.reader(EventId(0), None)).is_none());
    });
}

#[test]
fn readers_that_come_and_go_do_not_take_each_others_wakers() {
    check(|| {
        let bus = Arc::new(Bus::new(EventId(0), 8, usize::MAX));
        let passing = thread::spawn({
            let bus = Arc::clone(&bus);
            move || {
                drop(bus.reader(EventId(0), None));
                let mut reader = bus.reader(EventId(0), None);
                read_until(&mut reader, 1).0
            }
        });
        let mut reader = bus.reader(EventId(0), None);
        bus.publish(&[frame(1)]);
        assert_eq!(read_until(&mut reader, 1).0, [1]);
        assert_eq!(passing.join().unwrap(), [1]);
        drop(reader);
        assert_eq!(bus.readers(), 0);
    });
}

/// Two readers of whom one is woken at a time; the other one reads the first event on a thread of its own.
fn crowd() -> (Arc<Bus>, Reader, thread::JoinHandle<(Vec<u64>, u64)>) {
    let bus = Arc::new(Bus::with(Waiting::new(1, 1), EventId(0), 8, usize::MAX));
    let mut other = bus.reader(EventId(0), None);
    let reader = bus.reader(EventId(0), None);
    (bus, reader, thread::spawn(move || read_until(&mut other, 1)))
}

#[test]
fn of_a_crowd_each_slice_wakes_the_next() {
    check(|| {
        let (bus, mut reader, other) = crowd();
        let pump = thread::spawn({
            let bus = Arc::clone(&bus);
            move || {
                bus.publish(&[frame(1)]);
                while bus.wake_more() {}
            }
        });
        assert_eq!(read_until(&mut reader, 1).0, [1]);
        assert_eq!(other.join().unwrap().0, [1]);
        pump.join().unwrap();
    });
}

#[test]
fn of_a_crowd_whoever_is_done_wakes_the_next() {
    check(|| {
        let (bus, mut reader, other) = crowd();
        bus.publish(&[frame(1)]);
        bus.wake_more();
        // The one that is done first leaves, or waits again; either wakes the one that is left.
        assert_eq!(read_until(&mut reader, 1).0, [1]);
        let _ = reader.poll_batch(&Context::from_waker(Waker::noop()), 8, |_| true);
        assert_eq!(other.join().unwrap().0, [1]);
    });
}

#[test]
fn each_of_a_crowd_is_given_more_though_one_at_a_time() {
    check(|| {
        let bus = Arc::new(Bus::with(Waiting::new(1, 1), EventId(0), 8, usize::MAX));
        let turn = |reader: &mut Reader| block_on(poll_fn(|context| reader.poll_turn(context)));
        let mut other = bus.reader(EventId(0), None);
        let mut reader = bus.reader(EventId(0), None);
        let others = thread::spawn(move || (turn(&mut other), turn(&mut other)));
        turn(&mut reader);
        turn(&mut reader);
        drop(reader);
        others.join().unwrap();
    });
}

#[test]
fn whoever_waits_for_a_turn_when_it_is_over_waits_no_longer() {
    check(|| {
        let bus = Arc::new(Bus::with(Waiting::new(1, 1), EventId(0), 8, usize::MAX));
        // Was woken, and does nothing about it.
        let mut held_up = bus.reader(EventId(0), None);
        let _ = held_up.poll_turn(&Context::from_waker(Waker::noop()));
        let mut reader = bus.reader(EventId(0), None);
        let closing = thread::spawn({
            let bus = Arc::clone(&bus);
            move || bus.close()
        });
        block_on(poll_fn(|context| reader.poll_turn(context)));
        closing.join().unwrap();
    });
}
