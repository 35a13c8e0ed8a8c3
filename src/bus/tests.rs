//! A crowd of readers is woken a slice at a time, and readers of one session for that one alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{Bus, GIVEN_AT_ONCE, Reader, WOKEN_AT_ONCE};
use crate::bus::Missed;
use crate::model::{EventFrame, EventId, SessionId};

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct One {
    reader: Reader,
    bell: Arc<Bell>,
}

impl One {
    fn rings(&self) -> usize {
        self.bell.0.load(Ordering::SeqCst)
    }

    /// Reads what there is and waits.
    fn read(&mut self) -> usize {
        let waker = Waker::from(Arc::clone(&self.bell));
        let (context, mut got) = (Context::from_waker(&waker), 0);
        while let Poll::Ready(Some(batch)) = self.reader.poll_batch(&context, 8, |_| true) {
            got += batch.frames.len();
        }
        got
    }
}

/// So many readers that wait.
fn waiting(bus: &Arc<Bus>, readers: usize) -> Vec<One> {
    let one = |_| {
        let mut one = One { reader: bus.reader(EventId(0), None), bell: Arc::default() };
        assert_eq!(one.read(), 0);
        one
    };
    (0..readers).map(one).collect()
}

fn session(name: &str) -> SessionId {
    SessionId::parse(name).expect("an id")
}

fn waiting_for(bus: &Arc<Bus>, name: &str) -> One {
    let mut one = One { reader: bus.reader(EventId(0), Some(session(name))), bell: Arc::default() };
    assert_eq!(one.read(), 0);
    one
}

fn woken(readers: &[One]) -> usize {
    readers.iter().filter(|one| one.rings() > 0).count()
}

fn publish(bus: &Bus, id: u64) {
    bus.publish(&[Arc::new(EventFrame::from_json(EventId(id), None, "Custom".into(), b"{}"))]);
}

fn told(ids: impl IntoIterator<Item = u64>, of: &str) -> Vec<Arc<EventFrame>> {
    let frame = |id| Arc::new(EventFrame::from_json(EventId(id), Some(session(of)), "Custom".into(), b"{}"));
    ids.into_iter().map(frame).collect()
}

fn bus() -> Arc<Bus> {
    Arc::new(Bus::new(EventId(0), 100, usize::MAX))
}

#[test]
fn a_reader_of_one_session_sleeps_through_what_is_told_of_others() {
    let bus = bus();
    let (mut one, mut everything) = (waiting_for(&bus, "mine"), waiting(&bus, 1).remove(0));
    bus.publish(&told(1..=3, "another"));
    publish(&bus, 4);
    assert_eq!((one.rings(), everything.rings()), (0, 1));
    bus.publish(&[told([5], "another"), told([6], "mine")].concat());
    assert_eq!((one.rings(), one.read(), everything.read()), (1, 1, 6));
    assert_eq!(one.reader.position(), EventId(6));
}

#[test]
fn what_is_for_everybody_wakes_everybody() {
    let bus = bus();
    let mut one = waiting_for(&bus, "mine");
    bus.publish(&told([1], "another"));
    bus.publish(&[Arc::new(EventFrame::from_json(EventId(2), None, "Gap".into(), b"{}"))]);
    assert_eq!((one.rings(), one.read()), (1, 1));
}

#[test]
fn a_reader_of_one_session_missed_nothing_when_the_ring_dropped_what_others_did() {
    let bus = bus();
    let mut one = waiting_for(&bus, "mine");
    bus.publish(&told(1..=500, "another"));
    one.reader.pass();
    assert_eq!(one.reader.position(), EventId(500), "where it comes back, should it be cut off");
    bus.publish(&[told([501], "mine"), told(502..=550, "another")].concat());
    assert_eq!(one.read(), 1);
    bus.publish(&[told([551], "mine"), told(552..=900, "another")].concat());
    let context = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(batch)) = one.reader.poll_batch(&context, 8, |_| true) else { panic!("nothing") };
    assert_eq!(batch.missed, Some(Missed { from: EventId(551), to: EventId(800) }), "its own was among it");
}

#[test]
fn of_a_session_that_was_forgotten_what_was_missed_is_not_known() {
    let bus = bus();
    let mut one = waiting_for(&bus, "mine");
    for id in 1..=1_000 {
        bus.publish(&told([id], &format!("session-{id}")));
    }
    let context = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(batch)) = one.reader.poll_batch(&context, 8, |_| true) else { panic!("nothing") };
    assert_eq!(batch.missed.map(|missed| missed.from), Some(EventId(1)));
}

#[test]
fn readers_that_leave_take_no_place_in_the_line() {
    let bus = bus();
    let mut readers = waiting(&bus, 3 * WOKEN_AT_ONCE);
    publish(&bus, 1);
    drop(readers.split_off(WOKEN_AT_ONCE));
    assert!(!bus.wake_more());
    assert_eq!(woken(&readers), WOKEN_AT_ONCE);
}

#[test]
fn few_are_woken_at_once() {
    let bus = bus();
    let readers = waiting(&bus, WOKEN_AT_ONCE);
    publish(&bus, 1);
    assert_eq!(woken(&readers), WOKEN_AT_ONCE);
    assert!(!bus.wake_more());
}

#[test]
fn a_crowd_is_woken_slice_by_slice_though_nobody_reads() {
    let bus = bus();
    let readers = waiting(&bus, 2 * WOKEN_AT_ONCE + 1);
    publish(&bus, 1);
    assert_eq!(woken(&readers), WOKEN_AT_ONCE);
    for (more, after) in [(true, 2 * WOKEN_AT_ONCE), (false, 2 * WOKEN_AT_ONCE + 1)] {
        assert_eq!((bus.wake_more(), woken(&readers)), (more, after));
    }
    assert!(readers.iter().all(|one| one.rings() == 1));
}

#[test]
fn whoever_has_read_wakes_the_next_so_that_the_same_number_is_on_its_way() {
    let bus = bus();
    let mut readers = waiting(&bus, 5 * WOKEN_AT_ONCE);
    publish(&bus, 1);
    for read in 1..=4 * WOKEN_AT_ONCE {
        let one = readers.iter_mut().find(|one| one.rings() == 1 && one.reader.position() == EventId(0));
        assert_eq!(one.expect("somebody is on its way").read(), 1);
        assert_eq!(woken(&readers), WOKEN_AT_ONCE + read);
    }
    assert!(!bus.wake_more(), "the last one was woken by the one before");
}

#[test]
fn those_of_a_slice_long_ago_wake_nobody_for_their_turn_was_taken() {
    let bus = bus();
    let mut readers = waiting(&bus, 5 * WOKEN_AT_ONCE);
    publish(&bus, 1);
    let first = readers.iter().position(|one| one.rings() == 1).unwrap();
    assert!(bus.wake_more() && bus.wake_more());
    readers[first].read();
    assert_eq!(woken(&readers), 3 * WOKEN_AT_ONCE);
}

#[test]
fn what_comes_while_a_crowd_is_woken_is_for_all_of_it() {
    let bus = bus();
    let mut readers = waiting(&bus, 3 * WOKEN_AT_ONCE);
    publish(&bus, 1);
    bus.wake_more();
    readers.iter_mut().filter(|one| one.rings() == 1).for_each(|one| {
        one.read();
    });
    publish(&bus, 2);
    while bus.wake_more() {}
    readers.iter_mut().filter(|one| one.rings() > 0).for_each(|one| {
        one.read();
    });
    while bus.wake_more() {}
    assert!(readers.iter().all(|one| one.rings() > 0 && one.reader.position() == EventId(2)));
}

#[test]
fn all_of_a_crowd_are_told_at_once_that_it_is_over() {
    let bus = bus();
    let readers = waiting(&bus, 3 * WOKEN_AT_ONCE);
    bus.close();
    assert_eq!(woken(&readers), readers.len());
}

#[test]
fn of_those_that_want_more_a_few_are_given_it_at_a_time() {
    let bus = bus();
    let mut readers = waiting(&bus, 3 * GIVEN_AT_ONCE);
    let turn = |one: &mut One| {
        let waker = Waker::from(Arc::clone(&one.bell));
        one.reader.poll_turn(&Context::from_waker(&waker)).is_ready()
    };
    assert!(readers.iter_mut().all(|one| !turn(one)));
    assert_eq!(woken(&readers), GIVEN_AT_ONCE);
    assert!(readers.iter_mut().all(|one| turn(one) == (one.rings() > 0)));
    // One that waits for news, one that asks once more, and one that leaves each let another one go.
    readers[0].read();
    assert!(!turn(&mut readers[1]));
    readers.remove(2);
    assert_eq!(readers.iter().map(One::rings).sum::<usize>(), GIVEN_AT_ONCE - 1 + 3);
    // Whatever became of them.
    assert!(bus.wake_more());
    assert!(!bus.wake_more());
    assert!(readers[GIVEN_AT_ONCE - 1..].iter_mut().all(turn));
}
