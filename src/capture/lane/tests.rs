//! What fits, what does not, and in which order it comes out.

use super::*;
use crate::capture::flat::Listed;
use crate::capture::record::Of;
use crate::model::{EventKind, SpanId, Timestamp, TraceId};

fn event(number: u64) -> CapturedEvent {
    let kind = EventKind::Custom { name: "x".into(), data: number.into() };
    CapturedEvent { of: Of::Nobody, at: Timestamp::EPOCH, kind }
}

fn start() -> SpanStarted {
    let (trace, span) = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([1; 8]).unwrap());
    SpanStarted {
        trace_id: trace,
        span_id: span,
        parent: None,
        at: Timestamp::EPOCH,
        callsite: None,
        details: None,
        attributes: Slice::default(),
    }
}

fn end() -> Record {
    Record::SpanEnded {
        trace_id: TraceId::from_bytes([1; 16]).unwrap(),
        span_id: SpanId::from_bytes([1; 8]).unwrap(),
        at: Timestamp::EPOCH,
        change: None,
        listed: Listed::default(),
    }
}

fn take(lane: &Lane) -> Vec<Handed> {
    let (mut taken, mut handed) = (Vec::new(), Vec::new());
    lane.take(&mut taken);
    in_order(&mut taken, |one, _| handed.push(one));
    handed
}

fn numbers(handed: Vec<Handed>) -> Vec<u64> {
    let number = |one| match one {
        Handed::Event(CapturedEvent { kind: EventKind::Custom { data, .. }, .. }) => data.as_u64(),
        _ => None,
    };
    handed.into_iter().filter_map(number).collect()
}

#[test]
fn what_does_not_fit_is_counted_and_nobody_waits() {
    let lane = Lane::new(2, usize::MAX, 10);
    assert!(lane.push_event(event(1)) && lane.push_event(event(2)) && !lane.push_event(event(3)));
    assert_eq!(lane.dropped().by_kind().collect::<Vec<_>>(), [("event", 1)]);
    assert_eq!(numbers(take(&lane)), [1, 2]);
    assert!(lane.push_event(event(4)));
}

#[test]
fn a_lane_that_is_half_full_presses_until_it_is_emptied() {
    let lane = Lane::new(8, usize::MAX, 10);
    (0..4).for_each(|number| assert!(lane.push_event(event(number))));
    assert!(!lane.is_pressing());
    lane.push_event(event(4));
    assert!(lane.is_pressing());
    take(&lane);
    assert!(!lane.is_pressing());
}

#[test]
fn bytes_are_bounded_on_all_tracks_together() {
    let lane = Lane::new(usize::MAX, 1 << 20, 10);
    let fill = || (0..20_000).filter(|number| lane.push_event(event(*number))).count();
    let taken = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..TRACKS).map(|_| scope.spawn(fill)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    let each = event(0).size();
    assert!(taken * each <= (1 << 20) + TRACKS * COUNTED_BYTES && taken * each > 1 << 19, "{taken}");
    assert_eq!(lane.dropped().total(), (TRACKS * 20_000 - taken) as u64);
    assert_eq!(take(&lane).len(), taken);
    assert!(lane.push_event(event(1)));
}

#[test]
fn the_end_of_a_span_whose_start_was_taken_is_taken_also_by_a_full_lane() {
    let lane = Lane::new(1, usize::MAX, 10);
    assert!(lane.push_start(start(), &Flat::default()));
    assert!(!lane.push_start(start(), &Flat::default()));
    lane.push_end(end());
    assert_eq!((take(&lane).len(), lane.dropped().total()), (2, 1));
}

#[test]
fn open_spans_are_bounded() {
    let lane = Lane::new(100, usize::MAX, 1);
    assert!(lane.push_start(start(), &Flat::default()) && !lane.push_start(start(), &Flat::default()));
    lane.push_end(end());
    assert!(lane.push_start(start(), &Flat::default()));
    assert!(!lane.push_foreign_start(Box::new(Other)), "a span of another library takes a place too");
    lane.push_end(end());
    assert!(lane.push_foreign_start(Box::new(Other)) && !lane.push_start(start(), &Flat::default()));
    lane.push_end(Record::Foreign { ended: true, span: Box::new(Other) });
    assert!(lane.push_start(start(), &Flat::default()));
}

#[derive(Debug)]
struct Other;

impl Foreign for Other {
    fn into_span(self: Box<Self>) -> crate::model::Span {
        unreachable!("the lane does not look into it")
    }
    fn size(&self) -> usize {
        1
    }
}

#[test]
fn what_one_thread_hands_over_after_another_comes_after_it_whatever_their_tracks() {
    let lane = Lane::new(usize::MAX, usize::MAX, 10);
    // Whoever holds the baton hands over the next number, so that all numbers are handed over one after the other.
    let baton = Mutex::new(0);
    let done = AtomicBool::new(false);
    let handed = std::thread::scope(|scope| {
        let run = || {
            for _ in 0..5_000 {
                let mut next = baton.lock();
                lane.push_event(event(*next));
                *next += 1;
            }
        };
        let threads: Vec<_> = (0..2 * TRACKS).map(|_| scope.spawn(run)).collect();
        let pump = scope.spawn(|| {
            let mut handed = Vec::new();
            while !done.load(Ordering::Acquire) {
                handed.extend(numbers(take(&lane)));
            }
            handed.extend(numbers(take(&lane)));
            handed
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        done.store(true, Ordering::Release);
        pump.join().unwrap()
    });
    assert!(handed.iter().copied().eq(0..(2 * TRACKS * 5_000) as u64), "in order, none lost");
}
