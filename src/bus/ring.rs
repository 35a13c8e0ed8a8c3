//! A bounded sequence of frames.

use std::collections::VecDeque;
use std::sync::Arc;

use super::index::Index;
use crate::model::{EventFrame, EventId, SessionId};

/// How many events the ring keeps by default: a minute at 250 events a second, far above the 1,000 that a reader may
/// count on.
pub const DEFAULT_RING_EVENTS: usize = 16_384;

/// How many bytes of events the ring keeps by default; span events carry summaries, so that the count is usually
/// reached first.
pub const DEFAULT_RING_BYTES: usize = 16 << 20;

/// How many frames are looked at at once for those that are wanted: the pump waits that long.
const LOOKED_AT_ONCE: usize = 2_048;

/// What a read found.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// What the ring no longer has between the reader's place and the first frame.
    pub(crate) missed: Option<Missed>,
    /// The frames, oldest first.
    pub(crate) frames: Vec<Arc<EventFrame>>,
    /// The id of the last frame that was looked at, wanted or not; the reader's place when there was none.
    pub(super) through: EventId,
}

/// A span of ids that is no longer in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missed {
    /// The first id after the reader's place.
    pub(crate) from: EventId,
    /// The id of the last frame that was dropped before the oldest one still there.
    pub(crate) to: EventId,
}

#[derive(Debug)]
pub(super) struct Ring {
    frames: VecDeque<Arc<EventFrame>>,
    index: Index,
    /// The id of the frame before the oldest one in `frames`. Ids are taken from reserved blocks and may jump; a jump is
    /// no gap, so that what was missed is told from this id and not by counting.
    floor: EventId,
    head: EventId,
    bytes: usize,
    published: u64,
    removed: u64,
    max_events: usize,
    max_bytes: usize,
}

impl Ring {
    pub(super) fn new(floor: EventId, max_events: usize, max_bytes: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            index: Index::new(floor),
            floor,
            head: floor,
            bytes: 0,
            published: 0,
            removed: 0,
            max_events: max_events.max(1),
            max_bytes,
        }
    }

    /// Adds frames, and gives back those that had to go.
    pub(super) fn extend(&mut self, frames: &[Arc<EventFrame>]) -> Vec<Arc<EventFrame>> {
        let mut gone = Vec::new();
        for frame in frames {
            debug_assert!(self.frames.back().is_none_or(|last| last.id < frame.id), "ids go up");
            self.bytes += frame.size();
            self.published += 1;
            self.head = frame.id;
            self.index.add(frame);
            self.frames.push_back(Arc::clone(frame));
            while self.frames.len() > self.max_events
                || (self.bytes > self.max_bytes && self.frames.len() > 1)
            {
                if let Some(dropped) = self.frames.pop_front() {
                    self.bytes -= dropped.size();
                    self.floor = dropped.id;
                    self.index.drop_oldest(&dropped);
                    gone.push(dropped);
                }
            }
        }
        // Each of the others has a frame in the ring.
        self.index.forget(self.max_events.saturating_mul(2), self.floor);
        gone
    }

    pub(super) fn read(&self, after: EventId, most: usize) -> Batch {
        let missed = self.missed(after);
        let frames: Vec<_> = self.after(after).take(most).cloned().collect();
        let through = frames.last().map_or(after, |last| last.id);
        Batch { missed, frames, through }
    }

    /// Like [`read`](Self::read), but gives only frames that are wanted. It may stop before it has found any: those that are not
    /// wanted cost nothing but the look.
    pub(super) fn read_wanted(
        &self,
        after: EventId,
        most: usize,
        wanted: impl Fn(&EventFrame) -> bool,
    ) -> Batch {
        let (mut frames, mut through) = (Vec::new(), after);
        for frame in self.after(after).take(LOOKED_AT_ONCE) {
            through = frame.id;
            if wanted(frame) {
                frames.push(Arc::clone(frame));
                if frames.len() == most {
                    break;
                }
            }
        }
        Batch { missed: self.missed(after), frames, through }
    }

    /// Like [`read_wanted`](Self::read_wanted), of one session: the frames of others are not looked at, and what was dropped
    /// of them was not missed.
    pub(super) fn read_session(
        &self,
        session: &SessionId,
        after: EventId,
        most: usize,
        wanted: impl Fn(&EventFrame) -> bool,
    ) -> Batch {
        if self.index.has_dropped(session, after) {
            return Batch { missed: self.missed(after), frames: Vec::new(), through: after };
        }
        let (mut frames, mut through) = (Vec::new(), after);
        let mut ids = self.index.after(session, after);
        for id in ids.by_ref().take(LOOKED_AT_ONCE) {
            if frames.len() == most {
                return Batch { missed: None, frames, through };
            }
            through = id;
            frames.extend(self.frame(id).filter(|frame| wanted(frame)).cloned());
        }
        let looked_at_all = ids.next().is_none();
        Batch { missed: None, frames, through: if looked_at_all { after.max(self.head) } else { through } }
    }

    fn frame(&self, id: EventId) -> Option<&Arc<EventFrame>> {
        let at = self.frames.binary_search_by_key(&id, |frame| frame.id).ok()?;
        self.frames.get(at)
    }

    fn missed(&self, after: EventId) -> Option<Missed> {
        (after < self.floor).then_some(Missed { from: after.next(), to: self.floor })
    }

    fn after(&self, after: EventId) -> impl Iterator<Item = &Arc<EventFrame>> {
        let begin = if after >= self.head {
            self.frames.len()
        } else {
            self.frames.partition_point(|frame| frame.id <= after)
        };
        self.frames.range(begin..)
    }

    /// Takes out the frames of a session. Nobody missed them: there is nothing to be told of it any more.
    pub(super) fn remove_session(&mut self, session: &SessionId) -> Vec<Arc<EventFrame>> {
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.frames)
            .into_iter()
            .partition(|frame| frame.session_id.as_ref() == Some(session));
        self.frames = kept.into();
        self.index.remove(session);
        self.bytes -= gone.iter().map(|frame| frame.size()).sum::<usize>();
        self.removed += gone.len() as u64;
        gone
    }

    /// Whether it has dropped nothing for want of room.
    pub(super) fn is_whole(&self) -> bool {
        self.published == self.frames.len() as u64 + self.removed
    }

    pub(super) fn head(&self) -> EventId {
        self.head
    }

    pub(super) fn holds(&self, id: EventId) -> bool {
        self.frame(id).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn published(&self) -> u64 {
        self.published
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(id: u64) -> Arc<EventFrame> {
        Arc::new(EventFrame::from_json(EventId(id), None, "Custom".into(), b"{}"))
    }

    fn ids(batch: &Batch) -> Vec<u64> {
        batch.frames.iter().map(|frame| frame.id.0).collect()
    }

    #[test]
    fn a_jump_between_reserved_blocks_is_no_gap() {
        let mut ring = Ring::new(EventId(0), 10, usize::MAX);
        ring.extend(&[frame(1), frame(2), frame(1000)]);
        let batch = ring.read(EventId(2), 10);
        assert_eq!((batch.missed, ids(&batch)), (None, vec![1000]));
    }

    #[test]
    fn what_was_dropped_is_said() {
        let mut ring = Ring::new(EventId(0), 2, usize::MAX);
        ring.extend(&[frame(1), frame(2), frame(3), frame(4)]);
        let batch = ring.read(EventId(0), 10);
        assert_eq!(batch.missed, Some(Missed { from: EventId(1), to: EventId(2) }));
        assert_eq!(ids(&batch), [3, 4]);
        assert_eq!(ring.read(EventId(2), 10).missed, None);
    }

    #[test]
    fn what_is_not_wanted_is_passed_over_and_moves_the_place() {
        let mut ring = Ring::new(EventId(0), usize::MAX, usize::MAX);
        ring.extend(&(1..=5_000).map(frame).collect::<Vec<_>>());
        let wanted = |frame: &EventFrame| frame.id.0.is_multiple_of(3_000);
        let batch = ring.read_wanted(EventId(0), 10, wanted);
        assert_eq!((ids(&batch), batch.through), (vec![], EventId(2_048)), "it stops, and is asked again");
        let batch = ring.read_wanted(batch.through, 1, wanted);
        assert_eq!((ids(&batch), batch.through), (vec![3_000], EventId(3_000)));
        let batch = ring.read_wanted(batch.through, 10, wanted);
        assert_eq!((ids(&batch), batch.through), (vec![], EventId(5_000)));
        assert_eq!(ring.read_wanted(EventId(5_000), 10, wanted).through, EventId(5_000));
    }

    #[test]
    fn one_frame_larger_than_the_bound_still_passes() {
        let mut ring = Ring::new(EventId(0), 10, 1);
        ring.extend(&[frame(1)]);
        assert_eq!(ids(&ring.read(EventId(0), 10)), [1]);
    }

    fn is_wanted(frame: &EventFrame, session: &SessionId) -> bool {
        frame.event_type == "Gap" || frame.session_id.as_ref() == Some(session)
    }

    proptest! {
        #[test]
        fn a_reader_of_one_session_gets_all_of_it_or_is_told_that_it_missed_some(
            bound in 1_usize..20,
            steps in prop::collection::vec((prop::collection::vec(0_u8..6, 0..30), any::<bool>(), 1_usize..9), 1..60),
        ) {
            let mine = SessionId::parse("0").unwrap();
            let mut ring = Ring::new(EventId(0), bound, usize::MAX);
            let (mut all, mut at, mut got) = (Vec::new(), EventId(0), Vec::new());
            for (publish, read, most) in steps {
                for of in publish {
                    let (session, kind) = match of {
                        5 => (None, "Gap"),
                        // More sessions than are known at a time.
                        4 => (Some(SessionId::parse(&format!("s{}", all.len())).unwrap()), "Custom"),
                        _ => (Some(SessionId::parse(&of.to_string()).unwrap()), "Custom"),
                    };
                    let id = EventId(all.len() as u64 + 1);
                    let frame = Arc::new(EventFrame::from_json(id, session, kind.into(), b"{}"));
                    ring.extend(&[Arc::clone(&frame)]);
                    all.push(frame);
                }
                if read {
                    let batch = ring.read_session(&mine, at, most, |_| true);
                    if let Some(missed) = batch.missed {
                        // What it missed is had elsewhere.
                        prop_assert!(batch.frames.is_empty() && missed.from == at.next() && missed.to > at);
                        got.extend(all[at.0 as usize..missed.to.0 as usize].iter().filter(|frame| is_wanted(frame, &mine)).cloned());
                        at = missed.to;
                    } else {
                        prop_assert!(batch.frames.len() <= most);
                        got.extend(batch.frames);
                        at = batch.through;
                    }
                    let wanted = all[..at.0 as usize].iter().filter(|frame| is_wanted(frame, &mine));
                    prop_assert!(wanted.map(|frame| frame.id).eq(got.iter().map(|frame| frame.id)));
                }
            }
        }

        #[test]
        fn every_event_is_read_once_or_said_to_be_missed(
            bound in 1_usize..20,
            steps in prop::collection::vec((0_u64..12, any::<bool>(), 1_usize..9), 1..60),
        ) {
            let mut ring = Ring::new(EventId(0), bound, usize::MAX);
            let (mut next, mut at, mut accounted) = (1, EventId(0), 0);
            for (publish, read, most) in steps {
                let frames: Vec<_> = (next..next + publish).map(frame).collect();
                ring.extend(&frames);
                next += publish;
                if read {
                    let batch = ring.read(at, most);
                    if let Some(missed) = batch.missed {
                        prop_assert_eq!(missed.from, at.next());
                        accounted += missed.to.0 - at.0;
                        at = missed.to;
                    }
                    for frame in &batch.frames {
                        prop_assert_eq!(frame.id, at.next());
                        at = frame.id;
                        accounted += 1;
                    }
                    prop_assert_eq!(accounted, at.0);
                }
            }
        }
    }
}
