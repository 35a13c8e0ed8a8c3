//! A crowd of readers is woken a slice at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{Bus, Reader, WOKEN_AT_ONCE};
use crate::model::{EventFrame, EventId};

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
        let mut one = One { reader: bus.reader(EventId(0)), bell: Arc::default() };
        assert_eq!(one.read(), 0);
        one
    };
    (0..readers).map(one).collect()
}

fn woken(readers: &[One]) -> usize {
    readers.iter().filter(|one| one.rings() > 0).count()
}

fn publish(bus: &Bus, id: u64) {
    bus.publish(&[Arc::new(EventFrame::from_json(EventId(id), None, "Custom".into(), b"{}"))]);
}

fn bus() -> Arc<Bus> {
    Arc::new(Bus::new(EventId(0), 100, usize::MAX))
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
    assert_eq!(woken(&readers), 0);
    for (more, after) in [(true, WOKEN_AT_ONCE), (true, 2 * WOKEN_AT_ONCE), (false, 2 * WOKEN_AT_ONCE + 1)] {
        assert_eq!((bus.wake_more(), woken(&readers)), (more, after));
    }
    assert!(readers.iter().all(|one| one.rings() == 1));
}

#[test]
fn whoever_has_read_wakes_the_next_so_that_the_same_number_is_on_its_way() {
    let bus = bus();
    let mut readers = waiting(&bus, 5 * WOKEN_AT_ONCE);
    publish(&bus, 1);
    bus.wake_more();
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
    assert!(bus.wake_more());
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
