//! The lane between the host's threads and the pump.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::Thread;

use parking_lot::Mutex;

use super::flat::{Flat, Slice};
use super::record::{Record, RecordKind, SpanStarted};

/// How many records may wait for the pump: at its slow tick of a tenth of a second, 650,000 a second.
pub(crate) const DEFAULT_LANE_RECORDS: usize = 65_536;

/// How many bytes of records may wait for the pump.
pub(crate) const DEFAULT_LANE_BYTES: usize = 64 << 20;

/// How many spans may be open at once. Each open span's end is taken for sure, so this bounds them.
pub(crate) const DEFAULT_OPEN_SPANS: usize = 100_000;

/// A bounded queue that never makes the host wait. What does not fit is counted.
///
/// One short lock keeps the order between threads: it is held for a push, or for the pump's swap of two vectors, never
/// for anything that could block.
#[derive(Debug)]
pub(crate) struct Lane {
    queue: Mutex<Queue>,
    pump: OnceLock<Thread>,
    dropped: [AtomicU64; RecordKind::ALL.len()],
    open: AtomicUsize,
    max_records: usize,
    max_bytes: usize,
    max_open: usize,
}

#[derive(Debug, Default)]
struct Queue {
    taken: Taken,
    bytes: usize,
}

/// Records with the flat attributes that they point into.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) records: Vec<Record>,
    pub(crate) flat: Flat,
}

impl Lane {
    pub(crate) fn new(max_records: usize, max_bytes: usize, max_open: usize) -> Self {
        Self {
            queue: Mutex::new(Queue::default()),
            pump: OnceLock::new(),
            dropped: Default::default(),
            open: AtomicUsize::new(0),
            max_records,
            max_bytes,
            max_open,
        }
    }

    /// Names the thread that empties the lane.
    pub(crate) fn set_pump(&self, pump: Thread) {
        // Set once, when the pump starts.
        let _ = self.pump.set(pump);
    }

    /// Hands `record` over, and says whether it was taken.
    pub(crate) fn push(&self, record: Record) -> bool {
        let (kind, size, vital) = (record.kind(), record.size(), record.is_vital());
        self.put(kind, size, vital, |taken| taken.records.push(record))
    }

    /// Hands a record over with flat attributes, and says whether it was taken.
    pub(crate) fn push_flat(
        &self,
        kind: RecordKind,
        flat: &Flat,
        record: impl FnOnce(Slice) -> Record,
    ) -> bool {
        self.put(kind, size_of::<Record>() + flat.size(), false, |taken| {
            let attributes = taken.flat.append(flat);
            taken.records.push(record(attributes));
        })
    }

    fn put(&self, kind: RecordKind, size: usize, vital: bool, put: impl FnOnce(&mut Taken)) -> bool {
        let mut queue = self.queue.lock();
        let waiting = queue.taken.records.len();
        let full = waiting >= self.max_records || queue.bytes + size > self.max_bytes;
        if full && !(vital && waiting < self.max_records + 2 * self.max_open) {
            drop(queue);
            self.drop_one(kind);
            return false;
        }
        queue.bytes += size;
        put(&mut queue.taken);
        drop(queue);
        if waiting == self.max_records / 2 {
            self.wake();
        }
        true
    }

    /// Hands a span's start over, and says whether it was taken; if so its end will be taken too.
    pub(crate) fn push_start(&self, start: SpanStarted, flat: &Flat) -> bool {
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.max_open {
            self.open.fetch_sub(1, Ordering::Relaxed);
            self.drop_one(RecordKind::SpanStarted);
            return false;
        }
        let taken = self.push_flat(RecordKind::SpanStarted, flat, |attributes| {
            Record::SpanStarted(SpanStarted { attributes, ..start })
        });
        if !taken {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }

    /// Hands over the end of a span whose start was taken.
    pub(crate) fn push_end(&self, record: Record) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.push(record);
    }

    /// Moves everything that waits into `into`, which must be empty; its memory is used for what comes next.
    pub(crate) fn take(&self, into: &mut Taken) {
        debug_assert!(into.records.is_empty());
        let mut queue = self.queue.lock();
        std::mem::swap(&mut queue.taken, into);
        queue.bytes = 0;
    }

    /// Wakes the pump. Costs microseconds, so the host's threads do it only when the lane is half full.
    pub(crate) fn wake(&self) {
        if let Some(pump) = self.pump.get() {
            pump.unpark();
        }
    }

    /// How many records did not fit.
    pub(crate) fn dropped(&self) -> Dropped {
        Dropped(self.dropped.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }

    #[cold]
    fn drop_one(&self, kind: RecordKind) {
        self.dropped[kind as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// How many records of each kind did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped([u64; RecordKind::ALL.len()]);

impl Dropped {
    /// Of all kinds.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The kinds of which some did not fit.
    pub(crate) fn by_kind(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.of_every_kind().filter(|(_, count)| *count > 0)
    }

    /// Every kind, also those of which all fitted.
    pub(crate) fn of_every_kind(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RecordKind::ALL.into_iter().zip(self.0).map(|(kind, count)| (kind.as_str(), count))
    }

    /// What was added since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut new = *self;
        new.0.iter_mut().zip(earlier.0).for_each(|(count, before)| *count = count.saturating_sub(before));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::record::CapturedEvent;
    use crate::model::{EventKind, SpanId, Timestamp, TraceId};

    fn event() -> Record {
        Record::Event(Box::new(CapturedEvent {
            session: None,
            at: Timestamp::EPOCH,
            kind: EventKind::Custom { name: "x".into(), data: serde_json::Value::Null },
        }))
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
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_nobody_waits() {
        let lane = Lane::new(2, usize::MAX, 10);
        assert!(lane.push(event()) && lane.push(event()) && !lane.push(event()));
        assert_eq!(lane.dropped().by_kind().collect::<Vec<_>>(), [("event", 1)]);
        let mut taken = Taken::default();
        lane.take(&mut taken);
        assert_eq!(taken.records.len(), 2);
        assert!(lane.push(event()));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let lane = Lane::new(100, event().size(), 10);
        assert!(lane.push(event()) && !lane.push(event()));
    }

    #[test]
    fn the_end_of_a_span_whose_start_was_taken_is_taken_also_by_a_full_lane() {
        let lane = Lane::new(1, usize::MAX, 10);
        assert!(lane.push_start(start(), &Flat::default()));
        assert!(!lane.push_start(start(), &Flat::default()));
        lane.push_end(end());
        let mut taken = Taken::default();
        lane.take(&mut taken);
        assert_eq!((taken.records.len(), lane.dropped().total()), (2, 1));
    }

    #[test]
    fn open_spans_are_bounded() {
        let lane = Lane::new(100, usize::MAX, 1);
        assert!(lane.push_start(start(), &Flat::default()) && !lane.push_start(start(), &Flat::default()));
        lane.push_end(end());
        assert!(lane.push_start(start(), &Flat::default()));
    }
}
