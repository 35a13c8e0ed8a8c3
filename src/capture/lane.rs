//! The lane between the host's threads and the pump.
//!
//! Each thread has one of a few tracks to itself, or shares it with others when there are more threads than tracks, so that
//! threads which record at the same moment do not wait for each other. Every record gets its place in the common order
//! while its track is locked, and the pump takes all tracks at once and goes through them in that order.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::Thread;

use parking_lot::{Mutex, MutexGuard};

use super::flat::{Flat, Slice};
use super::record::{CapturedEvent, Foreign, Record, RecordKind, SpanStarted};

/// How many records may wait for the pump on one track: at its slow tick of a tenth of a second, 650,000 a second.
pub(crate) const DEFAULT_LANE_RECORDS: usize = 65_536;

/// How many bytes of records may wait for the pump, on all tracks together.
pub(crate) const DEFAULT_LANE_BYTES: usize = 64 << 20;

/// How many spans may be open at once. Each open span's end is taken for sure, so this bounds them.
pub(crate) const DEFAULT_OPEN_SPANS: usize = 100_000;

/// How many tracks there are: enough that threads seldom meet, few enough to be taken all at once.
const TRACKS: usize = 8;

/// A track adds its bytes to the common count in steps of this many, because counting together is what threads would wait
/// for. So the bound is exact to so many bytes for each track.
const COUNTED_BYTES: usize = 16 << 10;

/// A bounded queue that never makes the host wait. What does not fit is counted.
///
/// A track's lock is held for a push, or for the pump's swap of a few vectors, never for anything that could block.
#[derive(Debug)]
pub(crate) struct Lane {
    tracks: [Track; TRACKS],
    /// The next place in the common order.
    order: Line<AtomicU64>,
    bytes: Line<AtomicUsize>,
    open: Line<AtomicUsize>,
    pump: OnceLock<Thread>,
    /// Whether the pump was woken because the lane fills up.
    pressing: AtomicBool,
    dropped: [AtomicU64; RecordKind::ALL.len()],
    max_records: usize,
    max_bytes: usize,
    max_open: usize,
}

/// On cache lines of its own, so that a thread that changes it does not slow down one that reads what lies beside it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line<T>(T);

type Track = Line<Mutex<Waiting>>;

#[derive(Debug, Default)]
struct Waiting {
    taken: Taken,
    /// Bytes that are not in the common count yet.
    uncounted: usize,
}

/// The records of one track, with what they point into.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    records: Vec<Ordered<Record>>,
    /// Apart from the records, because they are larger and have no allocation of their own: what one thread allocates and
    /// another frees is slow in every allocator, and each byte here travels from the host's core to the pump's.
    events: Vec<Ordered<CapturedEvent>>,
    flat: Flat,
}

/// Something with its place in the common order.
#[derive(Debug)]
struct Ordered<T> {
    order: u64,
    it: T,
}

/// What the pump gets.
#[derive(Debug)]
pub(crate) enum Handed {
    /// An event.
    Event(CapturedEvent),
    /// Anything else.
    Record(Record),
}

impl Lane {
    pub(crate) fn new(max_records: usize, max_bytes: usize, max_open: usize) -> Self {
        Self {
            tracks: Default::default(),
            order: Line::default(),
            bytes: Line::default(),
            open: Line::default(),
            pump: OnceLock::new(),
            pressing: AtomicBool::new(false),
            dropped: Default::default(),
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
        self.put(kind, size, vital, |taken, order| taken.records.push(Ordered { order, it: record }))
    }

    /// Hands an event over, and says whether it was taken.
    pub(crate) fn push_event(&self, event: CapturedEvent) -> bool {
        let (size, vital) = (event.size(), event.is_vital());
        self.put(RecordKind::Event, size, vital, |taken, order| {
            taken.events.push(Ordered { order, it: event });
        })
    }

    /// Hands a record over with flat attributes, and says whether it was taken.
    pub(crate) fn push_flat(
        &self,
        kind: RecordKind,
        flat: &Flat,
        record: impl FnOnce(Slice) -> Record,
    ) -> bool {
        self.put_flat(kind, flat, false, record)
    }

    fn put_flat(
        &self,
        kind: RecordKind,
        flat: &Flat,
        vital: bool,
        record: impl FnOnce(Slice) -> Record,
    ) -> bool {
        self.put(kind, size_of::<Record>() + flat.size(), vital, |taken, order| {
            let it = record(taken.flat.append(flat));
            taken.records.push(Ordered { order, it });
        })
    }

    fn put(&self, kind: RecordKind, size: usize, vital: bool, put: impl FnOnce(&mut Taken, u64)) -> bool {
        let mut track = self.tracks[track_of_this_thread()].0.lock();
        let waiting = track.taken.records.len() + track.taken.events.len();
        let bytes = self.bytes.0.load(Ordering::Relaxed) + track.uncounted + size;
        let full = waiting >= self.max_records || bytes > self.max_bytes;
        if full && !(vital && waiting < self.max_records + 2 * self.max_open) {
            drop(track);
            self.drop_one(kind);
            return false;
        }
        track.uncounted += size;
        let counted = track.uncounted >= COUNTED_BYTES;
        if counted {
            self.bytes.0.fetch_add(std::mem::take(&mut track.uncounted), Ordering::Relaxed);
        }
        put(&mut track.taken, self.order.0.fetch_add(1, Ordering::Relaxed));
        drop(track);
        // Once when half of either bound is reached, or nearly once.
        let half = self.max_bytes / 2;
        if waiting == self.max_records / 2 || (counted && (half..half + COUNTED_BYTES).contains(&bytes)) {
            self.wake();
        }
        true
    }

    /// Hands a span's start over, and says whether it was taken; if so its end will be taken too.
    pub(crate) fn push_start(&self, start: SpanStarted, flat: &Flat) -> bool {
        self.open_one(|| {
            self.push_flat(RecordKind::SpanStarted, flat, |attributes| {
                Record::SpanStarted(SpanStarted { attributes, ..start })
            })
        })
    }

    /// As [`push_start`](Self::push_start), for a span that waits for a person: taken also when the lane is full.
    pub(crate) fn push_wait(&self, start: SpanStarted) -> bool {
        self.open_one(|| self.push(Record::SpanStarted(start)))
    }

    /// As [`push_start`](Self::push_start), for a span in another library's own form.
    pub(crate) fn push_foreign_start(&self, span: Box<dyn Foreign>) -> bool {
        self.open_one(|| self.push(Record::Foreign { ended: false, span }))
    }

    /// Reserves the place of a span's end, and keeps it when `push` says that the start was taken.
    fn open_one(&self, push: impl FnOnce() -> bool) -> bool {
        if self.open.0.fetch_add(1, Ordering::Relaxed) >= self.max_open {
            self.open.0.fetch_sub(1, Ordering::Relaxed);
            self.drop_one(RecordKind::SpanStarted);
            return false;
        }
        let taken = push();
        if !taken {
            self.open.0.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }

    /// Hands over the end of a span whose start was taken.
    pub(crate) fn push_end(&self, record: Record) {
        self.open.0.fetch_sub(1, Ordering::Relaxed);
        self.push(record);
    }

    /// As [`push_end`](Self::push_end), with flat attributes.
    #[cfg(feature = "mcp")]
    pub(crate) fn push_end_flat(&self, flat: &Flat, record: impl FnOnce(Slice) -> Record) {
        self.open.0.fetch_sub(1, Ordering::Relaxed);
        self.put_flat(RecordKind::SpanEnded, flat, true, record);
    }

    /// How many records were handed over since the start.
    pub(crate) fn handed(&self) -> u64 {
        self.order.0.load(Ordering::Relaxed)
    }

    /// Moves everything that waits into `into`, which must be empty; its memory is used for what comes next. Gives how many
    /// records had been handed over by then.
    ///
    /// All tracks are locked together: otherwise a record could be left behind that was handed over before one that is
    /// taken.
    pub(crate) fn take(&self, into: &mut Vec<Taken>) -> u64 {
        into.resize_with(TRACKS, Taken::default);
        let mut tracks: [MutexGuard<'_, Waiting>; TRACKS] =
            self.tracks.each_ref().map(|track| track.0.lock());
        for (track, into) in tracks.iter_mut().zip(into) {
            debug_assert!(into.is_empty());
            std::mem::swap(&mut track.taken, into);
            track.uncounted = 0;
        }
        self.bytes.0.store(0, Ordering::Relaxed);
        self.pressing.store(false, Ordering::Relaxed);
        self.handed()
    }

    /// Whether it fills up, so that the pump had better take what is there.
    pub(crate) fn is_pressing(&self) -> bool {
        self.pressing.load(Ordering::Relaxed)
    }

    /// Wakes the pump. Costs microseconds, so the host's threads do it only when the lane is half full.
    fn wake(&self) {
        self.pressing.store(true, Ordering::Relaxed);
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

impl Taken {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.events.is_empty()
    }
}

/// Gives what was taken to `each`, in the order in which it was handed over, and empties it.
pub(crate) fn in_order(taken: &mut [Taken], mut each: impl FnMut(Handed, &Flat)) {
    let mut tracks: Vec<_> = taken
        .iter_mut()
        .filter(|taken| !taken.is_empty())
        .map(|taken| (taken.records.drain(..).peekable(), taken.events.drain(..).peekable(), &taken.flat))
        .collect();
    let first = |record: Option<u64>, event: Option<u64>| match (record, event) {
        (Some(record), Some(event)) => Some(record.min(event)),
        (one, other) => one.or(other),
    };
    loop {
        let heads = tracks.iter_mut().filter_map(|track| {
            let (record, event) = (track.0.peek().map(|one| one.order), track.1.peek().map(|one| one.order));
            first(record, event).map(|order| (order, event == Some(order), track))
        });
        let Some((_, is_event, (records, events, flat))) = heads.min_by_key(|head| head.0) else { break };
        let handed = if is_event {
            events.next().map(|event| Handed::Event(event.it))
        } else {
            records.next().map(|record| Handed::Record(record.it))
        };
        if let Some(handed) = handed {
            each(handed, flat);
        }
    }
    drop(tracks);
    taken.iter_mut().for_each(|taken| taken.flat.clear());
}

/// The track of the thread that asks: threads get them in turn.
fn track_of_this_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static TRACK: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let of_thread = TRACK.try_with(|track| {
        track.get().unwrap_or_else(|| {
            let new = NEXT.fetch_add(1, Ordering::Relaxed) % TRACKS;
            track.set(Some(new));
            new
        })
    });
    // A thread that is about to end has none any more.
    of_thread.unwrap_or(0)
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
mod tests;
